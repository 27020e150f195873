import Binade
import Foundation

/// A training run that people watch: progress, what is written at the end of epochs and of the run.
final class TrainingRun {
  private let trainer: Trainer
  private let session: TrainingSession
  private let network: Model
  private let evaluation: ImageDataset
  private let output: OutputFolder
  private let threads: Int
  private var serving: ServingCheck?
  private var folding: FoldingCheck?
  private var seconds = 0.0
  private var imageCount = 0

  init(
    _ trainer: Trainer,
    network: Model,
    evaluation: ImageDataset,
    output: OutputFolder,
    threads: Int
  ) throws {
    self.trainer = trainer
    self.network = network
    self.evaluation = evaluation
    self.output = output
    self.threads = threads
    session = TrainingSession(
      trainer,
      evaluator: Evaluator(images: evaluation, normalization: network.normalization, threads: threads),
      folder: CheckpointFolder(output.url)
    )
  }

  /// The network as it is now.
  func trained() throws -> Model {
    let exported = try trainer.exported(network.architecture)
    return Model(
      name: network.name,
      exported.architecture,
      exported.parameters,
      network.normalization,
      metadata: trainer.exportMetadata
    )
  }

  /// What each epoch found.
  var history: TrainingHistory { session.history }

  /// Refuses to overwrite a run.
  func requireNoCheckpoint() throws {
    guard !session.folder.hasCheckpoint else {
      throw TrainingRunError.runExists(path: output.url.relativePath)
    }
  }

  /// Goes on with the checkpoint of the folder.
  func resume() throws {
    guard session.folder.hasCheckpoint else {
      throw TrainingRunError.nothingToResume(path: output.url.relativePath)
    }
    try session.resume()
  }

  /// Trains to the end, or for `limit` steps; true at the end.
  ///
  /// `command`: what goes on with the run, for the message when it is interrupted.
  func train(checkpointEvery: Int, limit: Int?, command: String) throws -> Bool {
    try output.write(trainer.recipe.text + "\n", as: "recipe.yaml")
    let stop = StopRequest()
    Interrupts.hand(to: stop)
    defer { Interrupts.takeBack() }
    let line = ProgressLine()
    defer { line.finish() }
    let firstStep = trainer.stepCount
    var start = ContinuousClock.now
    let isDone = try session.train(checkpointEvery: checkpointEvery) { report in
      imageCount += report.imageCount
      seconds += (ContinuousClock.now - start) / .seconds(1)
      start = .now
      line.show(progress(report))
      return stop.isRequested || limit.map { trainer.stepCount - firstStep >= $0 } == true
    } epochDone: { epoch, isBest in
      try output.write(history.csv, as: "history.csv")
      if isBest { try export("best.safetensors") }
      let text = TrainingText.line(epoch, of: trainer.recipe.epochs)
      guard let search = trainer.search else { return line.report(text) }
      try output.write(session.searchHistory.csv, as: "bits.csv")
      line.report("\(text)  \(SearchText.line(search))")
    }
    guard !isDone else {
      try finish()
      return true
    }
    line.finish()
    CommandContext.current.console.writeError(
      "stopped after step \(trainer.stepCount) of \(trainer.totalStepCount), saved; go on with\n  \(command)"
    )
    if let signal = stop.signal { Interrupts.end(by: signal) }
    return false
  }

  private func export(_ name: String) throws {
    let exported = try trainer.exported(network.architecture)
    try Model.write(
      exported.architecture,
      exported.parameters,
      network.normalization,
      metadata: trainer.exportMetadata.merging(["trainedBy": "binade \(BinadeVersion.current)"]) { own, _ in
        own
      },
      to: output.url.appending(path: name)
    )
  }

  /// Writes what a finished run leaves.
  private func finish() throws {
    try export("model.safetensors")
    // Quantized networks keep batch norm behind the sums; float32 is deployed with it in the weights.
    if trainer.recipe.isQuantized {
      serving = try session.servingCheck()
    } else {
      folding = try session.foldingCheck()
    }
    try output.write(history.csv, as: "history.csv")
    var plots = [TrainingPlot(history).files]
    if let search = trainer.search {
      try output.write(session.searchHistory.csv, as: "bits.csv")
      try output.write(FormatAssignment(search.layers).yaml, as: "assignment.yaml")
      plots.append(SearchPlot(session.searchHistory, budget: search.budget).files)
    }
    do { for plot in plots { try plot.write(to: output.url) } } catch let error as PlotError {
      CommandContext.current.console.writeError("note: \(error)")
    }
    try output.write(try JSONDocument.training.text(try result()) + "\n", as: "results.json")
  }

  private func progress(_ report: StepReport) -> String {
    let done = trainer.stepCount
    let rate = Double(imageCount) / max(seconds, 1e-9)
    let left = Double((trainer.totalStepCount - done) * trainer.recipe.batch) / rate
    let current = history.current ?? (report.loss, Double(report.correctCount) / Double(report.imageCount))
    return String(
      format: "epoch %d/%d  step %d/%d  loss %.4f  top-1 %.1f %%  rate %.4g  %.0f images/s  %@ left",
      (done - 1) / trainer.stepsPerEpoch + 1,
      trainer.recipe.epochs,
      done,
      trainer.totalStepCount,
      current.loss,
      100 * current.accuracy,
      report.learningRate,
      rate,
      TrainingText.duration(left)
    )
  }

  /// The whole run, for JSON.
  func result() throws -> TrainingResult {
    let accuracy = history.epochs.last?.accuracy
    let interval =
      trainer.isDone
      ? WilsonInterval(successes: try session.predictions().top1Count, of: evaluation.count) : nil
    return TrainingResult(
      architecture: network.architecture.name,
      trainingData: "\(trainer.imageCount) images of \(trainer.imageName)",
      evaluationData: "\(evaluation.count) images of \(evaluation.name)",
      recipe: trainer.recipe.text,
      epochs: history.epochs,
      stepCount: trainer.stepCount,
      isDone: trainer.isDone,
      accuracy: accuracy,
      accuracyInterval: interval,
      bestEpoch: session.best?.epoch,
      serving: serving,
      folding: folding,
      search: try trainer.search.flatMap {
        SearchResult(
          $0,
          session.searchHistory,
          graph: network.architecture.graph,
          exported: try trainer.exported(network.architecture).architecture.graph
        )
      },
      imagesPerSecond: seconds > 0 ? Double(imageCount) / seconds : nil,
      provenance: TrainingResult.Provenance(
        binadeVersion: BinadeVersion.current,
        cpuFeatures: CPUFeatures.detected.names,
        threads: threads,
        kernel: trainer.kernelName
      )
    )
  }

  /// The final table, for people.
  func summary() throws -> String {
    let result = try result()
    guard trainer.isDone else { return TrainingText.table(history).text }
    return TrainingText.table(history).text + "\n" + TrainingText.closing(result, output)
  }
}

/// Why a run cannot begin.
enum TrainingRunError: Error, CustomStringConvertible {
  case runExists(path: String)
  case nothingToResume(path: String)

  var description: String {
    switch self {
    case .runExists(let path):
      "\(path): holds a run already; go on with --resume, or name another folder"
    case .nothingToResume(let path):
      "\(path): holds no checkpoint to go on with; leave --resume out to begin"
    }
  }
}
