import BinadeEvaluation
import BinadeNetworks

/// Whether one curve of accuracy over cost is beaten by another, point by point, with what chance allows to say.
///
/// A point of the reference curve has the rivals that cost no more. The differences of all pairs have intervals that hold together
/// at 95 %, those of the points and of their rivals (Bonferroni), so the best rival may be looked for.
public struct Dominance: Sendable, Codable, Hashable {
  /// What can be said about a point.
  public enum Verdict: String, Sendable, Codable, Hashable, CaseIterable {
    /// A rival of at most its cost is more accurate: the interval lies above 0.
    case dominated
    /// A rival of at most its cost is not more than 0.3 points less accurate.
    case matched
    /// The intervals do not tell.
    case undecided
    /// All rivals of at most its cost are less accurate, or there are none.
    case notDominated
  }

  /// A point of the reference curve.
  public struct Point: Sendable, Codable, Hashable {
    /// The network.
    public let model: String
    /// What it costs, in the cost model's units.
    public let cost: Double
    /// The mean over the runs, 0 to 1.
    public let accuracy: Double
    /// What can be said.
    public let verdict: Verdict
    /// The rival that says most: with the greatest lower end.
    public let rival: Rival?
  }

  /// A point of the other curve that costs no more.
  public struct Rival: Sendable, Codable, Hashable {
    /// The network.
    public let model: String
    /// What it costs.
    public let cost: Double
    /// The mean over the runs, on the items that both have, 0 to 1.
    public let accuracy: Double
    /// Accuracy above that of the reference point, with the ends of its interval.
    public let difference: Double, lower: Double, upper: Double
  }

  /// The curves.
  public let reference: String, rival: String
  /// The way of counting.
  public let costModel: CostModel
  /// Along the reference curve, the cheapest first.
  public let points: [Point]

  /// Points less accurate by no more than this count as matched.
  public static let margin = 0.003

  /// Compares curves of `points` by name.
  ///
  /// Throws ``DominanceError`` for a curve that is not there, and ``SignificanceError`` where runs have no items in common.
  public init(
    of reference: String,
    by rival: String,
    _ points: [CurvePoint],
    costModel: CostModel,
    bootstrap: HierarchicalBootstrap = HierarchicalBootstrap(resampleCount: 200),
    threads: Int = 1
  ) throws {
    let known = Set(points.map(\.curve)).sorted()
    func curve(_ name: String) throws(DominanceError) -> [(cost: Double, point: CurvePoint)] {
      let found = points.filter { $0.curve == name }
      guard !found.isEmpty else { throw .noCurve(name: name, known: known) }
      let counted = found.compactMap { point in point.costs[costModel].map { (cost: $0, point: point) } }
      guard !counted.isEmpty else { throw .noCosts(name: name, costModel: costModel.rawValue) }
      return counted.sorted { ($0.cost, $0.point.model) < ($1.cost, $1.point.model) }
    }
    let (own, others) = (try curve(reference), try curve(rival))
    let pairCount = own.reduce(0) { count, one in count + others.count { $0.cost <= one.cost } }
    let level = 1 - 0.05 / Double(max(1, pairCount))
    self.reference = reference
    self.rival = rival
    self.costModel = costModel
    self.points = try own.map { one in
      let rivals = try others.filter { $0.cost <= one.cost }.map { other in
        let test = try SignificanceTest(
          other.point.runs,
          one.point.runs,
          names: (other.point.model, one.point.model),
          bootstrap: bootstrap,
          threads: threads
        )
        let difference = test.difference
        let half =
          difference.standardError
          * StudentQuantile.value(1 - (1 - level) / 2, degreesOfFreedom: max(1, difference.degreesOfFreedom))
        return Rival(
          model: other.point.model,
          cost: other.cost,
          accuracy: test.firstMean,
          difference: difference.value,
          lower: difference.value - half,
          upper: difference.value + half
        )
      }
      return Point(
        model: one.point.model,
        cost: one.cost,
        accuracy: one.point.accuracy,
        verdict: Self.verdict(rivals),
        rival: rivals.max { ($0.lower, -$0.cost) < ($1.lower, -$1.cost) }
      )
    }
  }

  private static func verdict(_ rivals: [Rival]) -> Verdict {
    if rivals.contains(where: { $0.lower > 0 }) { return .dominated }
    if rivals.contains(where: { $0.lower > -margin }) { return .matched }
    return rivals.allSatisfy { $0.upper < 0 } ? .notDominated : .undecided
  }

  /// The verdict on the curve: the worst of its points.
  public var verdict: Verdict {
    Verdict.allCases.last { verdict in points.contains { $0.verdict == verdict } } ?? .undecided
  }

  /// The verdict in a sentence.
  public var sentence: String {
    let counts = Verdict.allCases.compactMap { verdict -> String? in
      let count = points.count { $0.verdict == verdict }
      return count == 0 ? nil : "\(count) \(verdict == .notDominated ? "not dominated" : verdict.rawValue)"
    }.joined(separator: ", ")
    let claim =
      switch verdict {
      case .dominated:
        "'\(rival)' dominates '\(reference)': every point has a cheaper or equal rival that is more accurate"
      case .matched:
        "'\(rival)' is as good as '\(reference)': every point has a cheaper or equal rival at most 0.3 points below it"
      case .undecided:
        "whether '\(rival)' dominates '\(reference)' is undecided: more seeds or images would tell"
      case .notDominated: "'\(rival)' does not dominate '\(reference)'"
      }
    return "\(claim) (\(costModel.rawValue); of \(points.count) points \(counts))."
  }
}

/// Why curves cannot be compared.
public enum DominanceError: Error, Sendable, Hashable, CustomStringConvertible {
  case noCurve(name: String, known: [String])
  case noCosts(name: String, costModel: String)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .noCurve(let name, let known):
      "there is no curve '\(name)'; there are " + known.map { "'\($0)'" }.joined(separator: ", ")
    case .noCosts(let name, let costModel):
      "the curve '\(name)' has no costs in '\(costModel)', which ends at 16 bits"
    }
  }
}
