import BinadeNetworks
import Foundation

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
    pValue = Self.twoSidedBinomial(min(one, two), of: one + two)
  }

  /// min(1, 2 P(X <= k)) for X binomial with n trials and probability 1/2.
  static func twoSidedBinomial(_ k: Int, of n: Int) -> Double {
    guard n > 0 else { return 1 }
    let logarithmOfHalf = -Double(n) * log(2.0)
    var sum = 0.0
    for i in 0...k {
      sum += exp(
        lgamma(Double(n + 1)) - lgamma(Double(i + 1)) - lgamma(Double(n - i + 1)) + logarithmOfHalf
      )
    }
    return min(1, 2 * sum)
  }
}
