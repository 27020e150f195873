import BinadeEvaluation
import BinadeFormats
import BinadeNetworks
import BinadeTraining
import Foundation

/// The training that a point of a study asks for: where it begins, on what, and how.
///
/// Its result is a network that any number of points are measured on; it is trained once, in a folder of its own beside the store.
public struct StudyTraining {
  /// What the network is called.
  let name: String
  /// What is trained.
  let start: Model
  /// What it is trained on.
  let images: ImageDataset
  /// How.
  let recipe: TrainingRecipe
  /// Whose outputs are imitated; nil for none.
  let teacher: Model?
  /// As the point says it.
  let text: String
  /// What the trained network is known by.
  public let key: RunKey

  /// The training of a run beside a study; its key is that of a study's point that says the same.
  public init(
    _ start: Model,
    _ images: ImageDataset,
    _ recipe: TrainingRecipe,
    teacher: Model? = nil,
    text: String
  ) {
    (name, self.start, self.images, self.recipe, self.text) = (start.name, start, images, recipe, text)
    self.teacher = teacher
    key = RunFacts.training(start, images, recipe, teacher: teacher)
  }

  /// The facts of the network that comes of it.
  var facts: [(name: String, value: String)] { [("model", name), ("trained", key.digits)] }

  /// The training of a point; nil for one that trains nothing.
  ///
  /// `start`: the network on the axis of models; nil where the point names an architecture. `teacher`: that on the axis of teachers.
  ///
  /// Throws ``StudyPointError``, `TrainingError`, `NetworkError` for what cannot be, and ``StudyFileFault`` for recipes that
  /// cannot be read.
  init?(_ point: StudyPoint, _ data: DatasetFolder, start: Model?, teacher: Model?) throws {
    guard let text = point.value(.training) else {
      guard [StudyAxis.architecture, .trainingImages, .teacher].allSatisfy({ point.value($0) == nil }) else {
        throw StudyPointError(axis: .training, found: "none", allowed: ["epochs=10", "RECIPE.yaml"])
      }
      return nil
    }
    guard let all = data.training else {
      throw StudyPointError(axis: .data, found: point[.data], allowed: ["data with training images"])
    }
    let images = try point.optionalNumber(.trainingImages).map { all.prefix($0) } ?? all
    var recipe = TrainingRecipe(for: images)
    for part in text.split(separator: ",") {
      let halves = part.split(separator: "=", maxSplits: 1).map(String.init)
      if halves.count == 2 {
        try recipe.set(halves[0], to: halves[1])
      } else {
        do { try recipe.set(contentsOf: URL(filePath: halves[0])) } catch {
          throw StudyFileFault(reason: "\(error)")
        }
      }
    }
    if let seed = point.value(.seed) { try recipe.set("seed", to: seed) }
    guard
      let start = try start
        ?? point.value(.architecture).map({ try Model(untrained: $0, for: images, seed: recipe.seed) })
    else { return nil }
    self.init(start, images, recipe, teacher: teacher, text: text)
  }

  /// What became of the training.
  enum Outcome {
    case trained(Model, TrainingHistory)
    /// It was told to stop, and is to be gone on with.
    case stopped
  }

  /// Trains, or goes on with what is in the folder; what is there already is not trained again.
  ///
  /// `shouldStop`: asked after each step. `epochDone`: called with each epoch.
  ///
  /// Throws `TrainingError` for training that cannot go on, as it will not the next time, and ``StudyFileFault`` for the folder.
  func trained(
    in folder: URL,
    _ catalog: FormatCatalog,
    evaluation: ImageDataset,
    threads: Int,
    shouldStop: () -> Bool,
    epochDone: (TrainingHistory.Epoch) -> Void
  ) throws -> Outcome {
    if let known = try known(in: folder) { return .trained(known.model, known.history) }
    let trainer = try Trainer(
      start.architecture.graph,
      start.parameters,
      images: images,
      normalization: start.normalization,
      recipe: recipe,
      teacher: teacher.map { ($0.architecture.graph, $0.parameters) },
      quantization: recipe.quantization(
        start.architecture.graph.weightedLayers.map(\.name),
        catalog
      ),
      threads: threads
    )
    let session = try Self.filing {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let session = TrainingSession(
        trainer,
        evaluator: Evaluator(images: evaluation, normalization: start.normalization, threads: threads),
        folder: CheckpointFolder(folder)
      )
      if session.folder.hasCheckpoint { try session.resume() }
      return session
    }
    let isDone: Bool
    do {
      isDone = try session.train(checkpointEvery: Self.stepsPerCheckpoint) { _ in
        shouldStop()
      } epochDone: { epoch, _ in
        epochDone(epoch)
      }
    } catch let error as NetworkError {
      throw StudyFileFault(reason: "\(error)")
    }
    guard isDone else { return .stopped }
    let exported = try trainer.exported(start.architecture)
    let model = Model(
      name: name,
      exported.architecture,
      exported.parameters,
      start.normalization,
      metadata: trainer.exportMetadata
    )
    try Self.filing { try write(model, session.history, in: folder) }
    session.folder.removeCheckpoints()
    return .trained(model, session.history)
  }

  private static let stepsPerCheckpoint = 1000

  /// What a run that has ended left in the folder.
  private func known(in folder: URL) throws -> (model: Model, history: TrainingHistory)? {
    let file = folder.appending(path: Self.modelFile)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try Self.filing {
      let text = try String(contentsOf: folder.appending(path: Self.historyFile), encoding: .utf8)
      guard let history = TrainingHistory(csv: text) else {
        throw StudyFileFault(reason: "\(folder.relativePath): no history of training; remove the folder")
      }
      let model = try Model(contentsOf: file)
      let named = Model(
        name: name,
        model.architecture,
        model.parameters,
        model.normalization,
        metadata: model.metadata
      )
      return (named, history)
    }
  }

  private func write(_ model: Model, _ history: TrainingHistory, in folder: URL) throws {
    try history.csv.write(
      to: folder.appending(path: Self.historyFile),
      atomically: true,
      encoding: .utf8
    )
    // Last: a network that is there has its history.
    try Model.write(
      model.architecture,
      model.parameters,
      model.normalization,
      metadata: model.metadata.merging(["trainedBy": "binade \(BinadeVersion.current)"]) { own, _ in own },
      to: folder.appending(path: Self.modelFile)
    )
  }

  private static let (modelFile, historyFile) = ("model.safetensors", "history.csv")

  /// What goes wrong with files is no result.
  private static func filing<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let fault as StudyFileFault { throw fault } catch {
      throw StudyFileFault(reason: "\(error)")
    }
  }
}

/// A file or folder that a study needs cannot be used: nothing is stored of the point, and the study ends.
public struct StudyFileFault: Error, Sendable, Hashable, CustomStringConvertible {
  let reason: String

  /// One sentence: what, where, what was found.
  public var description: String { reason }
}

extension Model {
  /// A network with random weights: an architecture's name, as `resnet20-cifar`, with a factor of its widths, as `resnet20-cifar:x0.5`.
  ///
  /// Throws ``StudyPointError`` for a factor that is none, and what `ArchitectureName` throws.
  public init(untrained text: String, for images: ImageDataset, seed: UInt64) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let factor = parts.count == 1 ? 1 : parts[1].hasPrefix("x") ? Double(parts[1].dropFirst()) : nil
    guard parts.count <= 2, let factor else {
      throw StudyPointError(
        axis: .architecture,
        found: text,
        allowed: ["resnet20-cifar", "resnet20-cifar:x0.5"]
      )
    }
    var options = ArchitectureOptions()
    (options.input, options.classCount) = (images.imageShape, images.classCount)
    options.widthMultiplier = factor
    let architecture = try ArchitectureName.resolve(parts[0], options)
    self.init(
      name: text,
      architecture,
      NetworkParameters(architecture.graph, seed: seed),
      images.usualNormalization
    )
  }
}
