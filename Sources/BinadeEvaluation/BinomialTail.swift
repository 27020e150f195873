import Foundation

/// Tails of the binomial distribution with probability 1/2, to nearly all digits of Double.
///
/// - Source: Loader, Fast and Accurate Computation of Binomial Probabilities, 2000.
enum BinomialTail {
  /// min(1, 2·P(X <= k)) for X binomial with n trials.
  ///
  /// - Error: below 1e-12 of the result for n up to 10⁹.
  static func twoSided(_ k: Int, of n: Int) -> Double {
    guard n > 0, 2 * k < n else { return 1 }
    // From the greatest term down: P(X = i - 1) = P(X = i)·i/(n - i + 1).
    var term = 1.0
    var sum = 1.0
    for i in stride(from: k, to: 0, by: -1) {
      term *= Double(i) / Double(n - i + 1)
      sum += term
      if term < sum * 1e-18 { break }
    }
    return min(1, 2 * probability(k, of: n) * sum)
  }

  /// P(X = k).
  static func probability(_ k: Int, of n: Int) -> Double {
    guard k > 0, k < n else { return exp2(-Double(n)) }
    let (x, n) = (Double(k), Double(n))
    let exponent =
      stirlingError(n) - stirlingError(x) - stirlingError(n - x) - deviance(x, n / 2) - deviance(n - x, n / 2)
    return exp(exponent) * (n / (2 * .pi * x * (n - x))).squareRoot()
  }

  /// log(n!) less Stirling's formula.
  private static func stirlingError(_ n: Double) -> Double {
    if n < 16 {
      return lgamma(n + 1) - ((n + 0.5) * log(n) - n + 0.5 * log(2 * .pi))
    }
    let square = 1 / (n * n)
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - square / 1188) * square) * square) * square)
      / n
  }

  /// x·log(x/m) + m - x, without the cancellation near x = m.
  private static func deviance(_ x: Double, _ m: Double) -> Double {
    let ratio = (x - m) / (x + m)
    guard abs(ratio) < 0.1 else { return x * log(x / m) + m - x }
    var sum = (x - m) * ratio
    var power = 2 * x * ratio
    let square = ratio * ratio
    for degree in 1..<1000 {
      power *= square
      let next = sum + power / Double(2 * degree + 1)
      if next == sum { break }
      sum = next
    }
    return sum
  }
}
