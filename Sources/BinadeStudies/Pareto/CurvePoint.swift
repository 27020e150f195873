import BinadeNetworks

/// A point of a curve of accuracy over cost: one network in one configuration, in one run or in several of other seeds.
public struct CurvePoint: Sendable {
  /// The configuration, which all points of a curve share.
  public let curve: String
  /// The network.
  public let model: String
  /// The images that it was measured on.
  public let images: String
  /// What it costs; models that do not count it are missing.
  public let costs: [CostModel: Double]
  /// What each run got right.
  public let runs: [ItemScores]

  /// A point.
  public init(
    curve: String,
    model: String,
    images: String = "",
    costs: [CostModel: Double],
    runs: [ItemScores]
  ) {
    (self.curve, self.model, self.images, self.costs, self.runs) = (curve, model, images, costs, runs)
  }

  /// The mean accuracy of the runs, 0 to 1.
  public var accuracy: Double { runs.reduce(0) { $0 + $1.mean } / Double(runs.count) }

  /// One point for each network in each configuration, the runs of both together.
  ///
  /// By network, then by cost, the most accurate first, then by name.
  static func grouped(_ points: [CurvePoint]) -> [CurvePoint] {
    let groups = Dictionary(grouping: points) { [$0.curve, $0.model, $0.images] }
    let merged = groups.values.compactMap { group in
      group.first.map {
        CurvePoint(
          curve: $0.curve,
          model: $0.model,
          images: $0.images,
          costs: Self.means(group.map(\.costs)),
          runs: group.flatMap(\.runs)
        )
      }
    }
    return merged.sorted { $0.order < $1.order }
  }

  /// What the runs cost in the mean: formats that are searched differ from seed to seed.
  private static func means(_ costs: [[CostModel: Double]]) -> [CostModel: Double] {
    costs[0].reduce(into: [:]) { means, cost in
      let all = costs.compactMap { $0[cost.key] }
      guard all.count == costs.count else { return }
      means[cost.key] = Set(all).count == 1 ? cost.value : all.reduce(0, +) / Double(all.count)
    }
  }

  private var order: (String, Double, Double, String, String) {
    (model, CostModel.allCases.lazy.compactMap { costs[$0] }.first ?? .infinity, -accuracy, curve, images)
  }
}
