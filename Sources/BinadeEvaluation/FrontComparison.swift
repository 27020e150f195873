import BinadeNetworks

/// A row beside the row of the Pareto front that beats it, and whether the difference is more than chance.
public struct FrontComparison: Sendable, Hashable {
  /// Differences are called significant below this probability.
  public static let significanceLevel = 0.05

  /// The place of the front's row: the most accurate one that costs no more.
  public let rival: Int
  /// The paired test of the front's row (first) against this one, on the same images.
  public let test: McNemarTest

  /// Whether the row is significantly less accurate than the front's.
  public var isSignificantlyBelow: Bool {
    test.onlyFirst > test.onlySecond && test.pValue < Self.significanceLevel
  }

  /// Compares every row with the front at its cost; nil for rows of the front.
  ///
  /// - Shape: all as long as there are rows.
  static func all(
    costs: [Double],
    outcomes: [Top1Outcomes],
    isOnFront: [Bool]
  ) -> [FrontComparison?] {
    costs.indices.map { row in
      guard !isOnFront[row] else { return nil }
      let rivals = costs.indices.filter { isOnFront[$0] && costs[$0] <= costs[row] }
      // Accuracy rises along the front.
      guard let rival = rivals.max(by: { costs[$0] < costs[$1] }) else { return nil }
      return FrontComparison(rival: rival, test: McNemarTest(outcomes[rival], outcomes[row]))
    }
  }
}
