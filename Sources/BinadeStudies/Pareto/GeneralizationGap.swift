/// How much more of its training images a network gets right than of test images, both as they are.
///
/// - Source: methods.md 1.11.
public struct GeneralizationGap: Sendable, Codable, Hashable {
  /// The configuration.
  public let curve: String
  /// The network.
  public let model: String
  /// Training runs that have both.
  public let runCount: Int
  /// Mean accuracies, 0 to 1.
  public let training: Double, test: Double
  /// The standard error of the gap: of both samples of images, and of the seeds where there are several.
  public let standardError: Double

  /// Accuracy on training images less that on test images.
  public var value: Double { training - test }

  /// The gaps of all points that were measured on both, in the order of the points.
  public static func all(_ points: [CurvePoint]) -> [GeneralizationGap] {
    let seen = Dictionary(
      points.filter(\.isOfTrainingImages).map { ([$0.curve, $0.model], $0) },
      uniquingKeysWith: { first, _ in first }
    )
    return points.filter { !$0.isOfTrainingImages }.compactMap { test in
      seen[[test.curve, test.model]].map { GeneralizationGap($0, test) }
    }
  }

  private init(_ training: CurvePoint, _ test: CurvePoint) {
    (curve, model) = (test.curve, test.model)
    runCount = min(training.runs.count, test.runs.count)
    (self.training, self.test) = (training.accuracy, test.accuracy)
    standardError =
      (training.standardError * training.standardError + test.standardError * test.standardError)
      .squareRoot()
  }
}

extension CurvePoint {
  /// Whether it was measured on training images.
  public var isOfTrainingImages: Bool { images.split(separator: " ").contains("train") }
}
