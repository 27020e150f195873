/// What a network costs by one way of counting.
public enum CostModel: String, Sendable, Hashable, CaseIterable, Codable {
  case aqtQuadratic, aqtLinear, bitOperations, memoryBits
}

/// A point of a curve of accuracy over cost: one network in one configuration, in one run or in several of other seeds.
public struct CurvePoint: Sendable {
  /// The configuration, which all points of a curve share.
  public let curve: String
  /// The network.
  public let model: String
  /// What it costs; models that do not count it are missing.
  public let costs: [CostModel: Double]
  /// What each run got right.
  public let runs: [ItemScores]

  /// A point.
  public init(curve: String, model: String, costs: [CostModel: Double], runs: [ItemScores]) {
    (self.curve, self.model, self.costs, self.runs) = (curve, model, costs, runs)
  }

  /// The mean accuracy of the runs, 0 to 1.
  public var accuracy: Double { runs.reduce(0) { $0 + $1.mean } / Double(runs.count) }

  /// One point for each network in each configuration, the runs of both together, in the order of the first.
  static func grouped(_ points: [CurvePoint]) -> [CurvePoint] {
    var order: [[String]] = []
    var groups: [[String]: [CurvePoint]] = [:]
    for point in points {
      let name = [point.curve, point.model]
      if groups[name] == nil { order.append(name) }
      groups[name, default: []].append(point)
    }
    return order.compactMap { name in
      guard let group = groups[name], let first = group.first else { return nil }
      return CurvePoint(
        curve: first.curve,
        model: first.model,
        costs: first.costs,
        runs: group.flatMap(\.runs)
      )
    }
  }
}
