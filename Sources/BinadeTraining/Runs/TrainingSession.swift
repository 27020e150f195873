import BinadeNetworks

/// A training run with its folder: epochs, evaluation after each of them, checkpoints.
///
/// Stopped after any step, killed at any moment, it goes on from the last checkpoint to the same bits.
///
/// Not Sendable: one owner.
public final class TrainingSession {
  /// Trains.
  public let trainer: Trainer
  /// What each epoch found.
  public private(set) var history = TrainingHistory()
  /// Where a search of formats was after each epoch.
  public private(set) var searchHistory = SearchHistory()
  /// The most accurate epoch, the first of several; none whose formats were still searched.
  public private(set) var best: TrainingHistory.Epoch?
  /// Where checkpoints are.
  public let folder: CheckpointFolder
  private let evaluator: Evaluator
  private var lastPredictions: Predictions?

  /// A run at its beginning.
  ///
  /// `evaluator`: classifies the images that each epoch is measured on.
  public init(_ trainer: Trainer, evaluator: Evaluator, folder: CheckpointFolder) {
    (self.trainer, self.evaluator, self.folder) = (trainer, evaluator, folder)
    folder.removeLeftovers()
  }

  /// Goes on with the checkpoint of the folder.
  public func resume() throws {
    let checkpoint = try folder.read(for: trainer.graph)
    guard let history = checkpoint.notes["history"].flatMap({ TrainingHistory(state: $0) }) else {
      throw TrainingError.malformedCheckpoint(
        file: folder.current.relativePath,
        reason: "its history cannot be read"
      )
    }
    guard let searchHistory = SearchHistory(csv: checkpoint.notes["search"] ?? "") else {
      throw TrainingError.malformedCheckpoint(
        file: folder.current.relativePath,
        reason: "the history of its search cannot be read"
      )
    }
    try trainer.resume(checkpoint)
    (self.history, self.searchHistory) = (history, searchHistory)
    best = history.epochs.filter { $0.step > trainer.searchStepCount }
      .max { ($0.accuracy ?? 0, $1.epoch) < ($1.accuracy ?? 0, $0.epoch) }
  }

  /// Trains to the end, or until it is told to stop; true at the end.
  ///
  /// Checkpoints are written every so many steps, after each epoch, and when it stops.
  ///
  /// `checkpointEvery`: in steps. `stepDone`: called after each step, after `epochDone` where that ended an epoch; true stops.
  /// `epochDone`: called with each epoch, and whether none before was as accurate.
  ///
  /// Throws what ``Trainer/step()`` throws, and `NetworkError` where a checkpoint cannot be written.
  public func train(
    checkpointEvery: Int,
    stepDone: (StepReport) -> Bool,
    epochDone: (TrainingHistory.Epoch, _ isBest: Bool) throws -> Void = { _, _ in }
  ) throws -> Bool {
    while !trainer.isDone {
      let report = try trainer.step()
      history.add(report)
      let endsEpoch = trainer.stepCount % trainer.stepsPerEpoch == 0
      if endsEpoch { try endEpoch(epochDone) }
      if trainer.isSearching, trainer.stepCount == trainer.searchStepCount { try chooseFormats() }
      let stops = stepDone(report)
      if stops || endsEpoch || trainer.stepCount % checkpointEvery == 0 { try save() }
      if stops { return trainer.isDone }
    }
    return true
  }

  private func save() throws {
    var checkpoint = trainer.checkpoint()
    checkpoint.notes["history"] = history.state
    if trainer.search != nil { checkpoint.notes["search"] = searchHistory.csv }
    try folder.write(checkpoint)
  }

  private func endEpoch(_ epochDone: (TrainingHistory.Epoch, _ isBest: Bool) throws -> Void) throws {
    let predictions = try evaluate()
    lastPredictions = predictions
    let accuracy = Double(predictions.top1Count) / Double(evaluator.images.count)
    history.endEpoch(step: trainer.stepCount, accuracy: accuracy)
    if let search = trainer.search { searchHistory.add(search, step: trainer.stepCount, accuracy: accuracy) }
    guard let epoch = history.epochs.last else { return }
    let isBest = !trainer.isSearching && (epoch.accuracy ?? 0) > (best?.accuracy ?? -1)
    if isBest { best = epoch }
    try epochDone(epoch, isBest)
  }

  /// Ends the search, with the accuracy right before and right after.
  private func chooseFormats() throws {
    func note() throws {
      let accuracy = Double(try evaluate().top1Count) / Double(evaluator.images.count)
      if let search = trainer.search {
        searchHistory.add(search, step: trainer.stepCount, accuracy: accuracy)
      }
    }
    if searchHistory.entries.last?.step != trainer.stepCount { try note() }
    try trainer.chooseFormats()
    try note()
  }

  /// What the network gives: as it is deployed; mixtures of formats are not, they are run as they are trained.
  private func evaluate() throws -> Predictions {
    guard trainer.isSearching else { return evaluator.predictions(of: try trainer.deployed()) }
    let images = evaluator.images
    return Predictions(logits: trainer.logits(of: evaluator), labels: (0..<images.count).map(images.label))
  }

  /// The deployed network beside the training forward, on the evaluation images.
  public func servingCheck() throws -> ServingCheck { try ServingCheck(trainer, evaluator) }

  /// Batch norm folded into float32 weights beside batch norm behind the sums, on the first 16 evaluation images; nil without batch
  /// norm.
  public func foldingCheck() throws -> FoldingCheck? {
    try FoldingCheck(trainer.graph, trainer.evaluated, evaluator, limit: 16)
  }

  /// What the network gives after the last epoch that was done.
  ///
  /// A run that was resumed after its end is evaluated again.
  public func predictions() throws -> Predictions {
    if let lastPredictions { return lastPredictions }
    let predictions = try evaluate()
    lastPredictions = predictions
    return predictions
  }
}
