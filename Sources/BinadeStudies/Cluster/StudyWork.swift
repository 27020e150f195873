import BinadeNetworks
import BinadeTraining

/// About how much work the points of a study are, for sharing them out: multiply-accumulate operations of float32 inference.
///
/// Networks and data are opened once each, for their sizes.
public final class StudyWork {
  private let loader: StudyRunner.Loader
  private var folders: [String: DatasetFolder] = [:]
  private var sizes: [String: Int] = [:]

  /// The work of points whose files `loader` opens.
  public init(_ loader: StudyRunner.Loader) { self.loader = loader }

  /// A backward pass takes about two forward passes.
  private static let passesOfTraining = 3.0
  /// What rounding weights by the outputs takes, in images of inference: AdaRound and descent over 1,024 images.
  private static let imagesOfRounding = 50_000.0
  /// Sums that no instruction makes, step by step.
  private static let factorOfAccumulators = 20.0

  /// The work of measuring a network that is there.
  func evaluation(_ point: StudyPoint) throws -> Double {
    let data = try data(named: point[.data])
    let images =
      try point.optionalNumber(.limit).map { min($0, data.evaluation.count) } ?? data.evaluation.count
    var count = Double(images) + 2 * Double(try point.optionalNumber(.calibrationImages) ?? 256)
    if point.value(.recipe) != nil { count += Self.imagesOfRounding }
    if point.value(.accumulator) != nil { count *= Self.factorOfAccumulators }
    return count * Double(try multiplyAccumulateCount(point, data))
  }

  /// The work of training; nil where nothing is trained.
  func training(_ point: StudyPoint) throws -> Double? {
    let data = try data(named: point[.data])
    let teacher = try point.value(.teacher).map { try loader.model($0) }
    guard let training = try StudyTraining(point, data, start: try start(point), teacher: teacher) else {
      return nil
    }
    let images = Double(training.images.count) * Self.passesOfTraining + Double(data.evaluation.count)
    return Double(training.recipe.epochs) * images * Double(try multiplyAccumulateCount(point, data))
  }

  private func start(_ point: StudyPoint) throws -> Model? {
    point.value(.training) != nil && point.value(.architecture) == nil ? try loader.model(point[.model]) : nil
  }

  private func data(named name: String) throws -> DatasetFolder {
    if let folder = folders[name] { return folder }
    let folder = try loader.data(name)
    folders[name] = folder
    return folder
  }

  private func multiplyAccumulateCount(_ point: StudyPoint, _ data: DatasetFolder) throws -> Int {
    let name = "\(point[.architecture]) \(point[.model]) \(point[.data])"
    if let size = sizes[name] { return size }
    let architecture = point.value(.architecture)
    let model =
      try architecture.map { try Model(untrained: $0, for: data.evaluation, seed: 0) }
      ?? loader.model(point[.model])
    let size = Cost(model.architecture.graph, body: Cost.Widths(weights: 32, activations: 32))
      .multiplyAccumulateCount
    sizes[name] = size
    return size
  }
}
