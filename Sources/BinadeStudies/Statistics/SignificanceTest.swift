import BinadeEvaluation
import BinadeNetworks

/// Two runs, or two groups of runs of several seeds, compared on the items that they have in common.
public struct SignificanceTest: Sendable, Hashable, Codable {
  /// What was compared.
  public let first: String, second: String
  /// Runs of each.
  public let firstRunCount: Int, secondRunCount: Int
  /// Items that all runs have.
  public let itemCount: Int
  /// Mean scores over those items.
  public let firstMean: Double, secondMean: Double
  /// firstMean less secondMean, with its 95 % interval.
  public let difference: HierarchicalBootstrap.Difference
  /// McNemar's exact test, for one run against one whose items are right or wrong.
  public let mcNemar: McNemarTest?
  /// The probability of such a difference if there were none: McNemar's, or Student's t of the difference over its standard error.
  public let pValue: Double
  /// The same, corrected for the tests of a table (Holm).
  public var correctedPValue: Double

  /// Compares two groups.
  ///
  /// `isPaired`: as ``HierarchicalBootstrap/difference(_:_:isPaired:threads:)`` has it.
  ///
  /// Throws ``SignificanceError`` when there is nothing to compare.
  public init(
    _ first: [ItemScores],
    _ second: [ItemScores],
    names: (String, String),
    isPaired: Bool = false,
    bootstrap: HierarchicalBootstrap = HierarchicalBootstrap(),
    threads: Int = 1
  ) throws(SignificanceError) {
    guard let leading = first.first, !second.isEmpty else { throw .noRuns }
    var common = Set(leading.items)
    for run in first.dropFirst() + second { common.formIntersection(run.items) }
    let items = leading.items.filter { common.contains($0) }
    guard items.count > 1 else {
      throw .noCommonItems(
        first: names.0,
        firstItem: leading.items.first ?? "none",
        second: names.1,
        secondItem: second[0].items.first ?? "none"
      )
    }
    if isPaired, first.count != second.count { throw .noPairs(first: first.count, second: second.count) }
    let (a, b) = (first.compactMap { $0.scores(of: items) }, second.compactMap { $0.scores(of: items) })
    func mean(_ runs: [[Double]]) -> Double {
      runs.reduce(0) { $0 + $1.reduce(0, +) / Double(items.count) } / Double(runs.count)
    }
    (self.first, self.second) = names
    (firstRunCount, secondRunCount) = (a.count, b.count)
    itemCount = items.count
    (firstMean, secondMean) = (mean(a), mean(b))
    difference = bootstrap.difference(a, b, isPaired: isPaired, threads: threads)
    let isBinary = (a + b).allSatisfy { $0.allSatisfy { $0 == 0 || $0 == 1 } }
    if a.count == 1, b.count == 1, isBinary {
      let test = McNemarTest(Top1Outcomes(a[0].map { $0 == 1 }), Top1Outcomes(b[0].map { $0 == 1 }))
      (mcNemar, pValue) = (test, test.pValue)
    } else {
      mcNemar = nil
      pValue = Self.probability(difference)
    }
    correctedPValue = pValue
  }

  private static func probability(_ difference: HierarchicalBootstrap.Difference) -> Double {
    guard difference.standardError > 0 else { return difference.value == 0 ? 1 : 0 }
    let t = abs(difference.value) / difference.standardError
    return 2 * (1 - StudentQuantile.distribution(t, max(1, difference.degreesOfFreedom)))
  }

  /// The tests of a table, each corrected for all of them.
  public static func corrected(_ tests: [SignificanceTest]) -> [SignificanceTest] {
    zip(tests, HolmCorrection.corrected(tests.map(\.pValue))).map { test, probability in
      var test = test
      test.correctedPValue = probability
      return test
    }
  }
}

/// Why runs cannot be compared.
public enum SignificanceError: Error, Sendable, Hashable, CustomStringConvertible {
  case noRuns
  case noCommonItems(first: String, firstItem: String, second: String, secondItem: String)
  case noPairs(first: Int, second: Int)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .noRuns: "there is nothing to compare: give two runs, or two groups of runs"
    case .noCommonItems(let first, let firstItem, let second, let secondItem):
      "'\(first)' and '\(second)' have fewer than two items in common: the first ones are '\(firstItem)' and '\(secondItem)'; "
        + "runs are compared on the same items"
    case .noPairs(let first, let second):
      "\(first) and \(second) runs cannot be paired by seed; give as many of each, or leave --paired out"
    }
  }
}
