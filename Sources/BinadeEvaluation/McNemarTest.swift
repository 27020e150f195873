import BinadeNetworks

/// McNemar's exact test of whether two networks, run on the same images, get different shares right.
///
/// - Source: McNemar, Psychometrika 12(2), 1947; exact binomial form.
public struct McNemarTest: Sendable, Hashable, Codable {
  /// Images that only the first got right.
  public let onlyFirst: Int
  /// Images that only the second got right.
  public let onlySecond: Int
  /// The probability of a difference at least as large if both were equally good (two-sided).
  public let pValue: Double

  /// Compares two sets of predictions for the same images.
  ///
  /// - Precondition: the counts are equal.
  public init(_ first: Predictions, _ second: Predictions) {
    self.init(first.top1Outcomes, second.top1Outcomes)
  }

  /// Compares the outcomes of two networks for the same images.
  ///
  /// - Precondition: the counts are equal.
  public init(_ first: Top1Outcomes, _ second: Top1Outcomes) {
    precondition(first.isRight.count == second.isRight.count, "predictions must be for the same images")
    var (one, two) = (0, 0)
    for (a, b) in zip(first.isRight, second.isRight) {
      if a && !b { one += 1 }
      if !a && b { two += 1 }
    }
    onlyFirst = one
    onlySecond = two
    pValue = BinomialTail.twoSided(min(one, two), of: one + two)
  }
}
