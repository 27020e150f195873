import Binade
import Foundation

/// A training run with its folder: epochs, evaluation, checkpoints, and what is written at the end.
final class TrainingRun {
  /// What is trained.
  struct Network {
    let architecture: ResNet
    let parameters: NetworkParameters
    let normalization: Normalization
  }

  private let trainer: Trainer
  private let network: Network
  private let evaluation: ImageDataset
  private let output: OutputFolder
  private let threads: Int
  private let checkpoints: CheckpointFolder
  private(set) var history = TrainingHistory()
  private(set) var best: TrainingHistory.Epoch?
  private var seconds = 0.0
  private var imageCount = 0
  private var predictions: Predictions?

  init(
    _ trainer: Trainer,
    network: Network,
    evaluation: ImageDataset,
    output: OutputFolder,
    threads: Int
  ) throws {
    self.trainer = trainer
    self.network = network
    self.evaluation = evaluation
    self.output = output
    self.threads = threads
    checkpoints = CheckpointFolder(output.url)
    checkpoints.removeLeftovers()
  }

  /// Refuses to overwrite a run.
  func requireNoCheckpoint() throws {
    guard !checkpoints.hasCheckpoint else { throw TrainingRunError.runExists(path: output.url.relativePath) }
  }

  /// Goes on with the checkpoint of the folder.
  func resume() throws {
    guard checkpoints.hasCheckpoint else {
      throw TrainingRunError.nothingToResume(path: output.url.relativePath)
    }
    let checkpoint = try checkpoints.read(for: trainer.graph)
    guard let history = checkpoint.notes["history"].flatMap({ TrainingHistory(state: $0) }) else {
      throw TrainingError.malformedCheckpoint(
        file: checkpoints.current.relativePath,
        reason: "its history cannot be read"
      )
    }
    try trainer.resume(checkpoint)
    self.history = history
    best = history.epochs.max { ($0.accuracy ?? 0, $1.epoch) < ($1.accuracy ?? 0, $0.epoch) }
  }

  /// Trains to the end, or for `limit` steps.
  ///
  /// `command`: what goes on with the run, for the message when it is interrupted.
  func train(checkpointEvery: Int, limit: Int?, command: String) throws {
    try output.write(trainer.recipe.text + "\n", as: "recipe.yaml")
    let stop = StopRequest()
    Interrupts.hand(to: stop)
    defer { Interrupts.takeBack() }
    let line = ProgressLine()
    defer { line.finish() }
    let firstStep = trainer.stepCount
    while !trainer.isDone {
      let start = ContinuousClock.now
      let report = try trainer.step()
      history.add(report)
      imageCount += report.imageCount
      if trainer.stepCount % trainer.stepsPerEpoch == 0 { try endEpoch(line) }
      seconds += (ContinuousClock.now - start) / .seconds(1)
      line.show(progress(report))
      let isLast = stop.isRequested || limit.map { trainer.stepCount - firstStep >= $0 } == true
      if trainer.stepCount % checkpointEvery == 0 || trainer.stepCount % trainer.stepsPerEpoch == 0 || isLast
      {
        try save()
      }
      guard isLast, !trainer.isDone else { continue }
      line.finish()
      CommandContext.current.console.writeError(
        "stopped after step \(trainer.stepCount) of \(trainer.totalStepCount), saved; go on with\n  \(command)"
      )
      if let signal = stop.signal { Interrupts.end(by: signal) }
      return
    }
    try finish()
  }

  private func save() throws {
    var checkpoint = trainer.checkpoint()
    checkpoint.notes["history"] = history.state
    try checkpoints.write(checkpoint)
  }

  private func endEpoch(_ line: ProgressLine) throws {
    let predictions = self.evaluate()
    history.endEpoch(
      step: trainer.stepCount,
      accuracy: Double(predictions.top1Count) / Double(evaluation.count)
    )
    self.predictions = predictions
    guard let epoch = history.epochs.last else { return }
    try output.write(history.csv, as: "history.csv")
    if (epoch.accuracy ?? 0) > (best?.accuracy ?? -1) {
      best = epoch
      try export("best.safetensors")
    }
    line.report(TrainingText.line(epoch, of: trainer.recipe.epochs))
  }

  private func evaluate() -> Predictions {
    let folded = FoldedNetwork(trainer.graph, trainer.evaluated)
    return Evaluator(images: evaluation, normalization: network.normalization, threads: threads)
      .predictions(of: CompiledNetwork(folded))
  }

  private func export(_ name: String) throws {
    try Model.write(
      network.architecture,
      trainer.evaluated,
      network.normalization,
      metadata: ["trainedBy": "binade \(BinadeVersion.current)", "recipe": trainer.recipe.text],
      to: output.url.appending(path: name)
    )
  }

  /// Writes what a finished run leaves.
  private func finish() throws {
    if predictions == nil { predictions = evaluate() }
    try export("model.safetensors")
    try output.write(history.csv, as: "history.csv")
    do { try TrainingPlot(history).files.write(to: output.url) } catch let error as PlotError {
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
    let interval = predictions.map {
      WilsonInterval(successes: $0.top1Count, of: evaluation.count)
    }
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
      bestEpoch: best?.epoch,
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
  case damagedCheckpoint(reason: String, previous: String)

  var description: String {
    switch self {
    case .runExists(let path):
      "\(path): holds a run already; go on with --resume, or name another folder"
    case .nothingToResume(let path):
      "\(path): holds no checkpoint to go on with; leave --resume out to begin"
    case .damagedCheckpoint(let reason, let previous):
      "\(reason); the one before it is \(previous): copy it over the damaged one to go on from there"
    }
  }
}
