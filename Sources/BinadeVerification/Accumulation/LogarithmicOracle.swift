import BinadeNumerics

/// Dot products of logarithmic codes, decided by MPFR step by step.
package final class LogarithmicOracle {
  private let left: MPFROracle
  private let right: MPFROracle
  private let arithmetic: ArithmeticOracle

  /// Prepares the values of two formats; sums within a format are those of the left one.
  ///
  /// Throws `FormatError` for formats that the oracle cannot work out.
  package init(
    _ left: any NumericFormat,
    _ right: any NumericFormat,
    policy: ConversionPolicy = ConversionPolicy()
  ) throws {
    self.left = try MPFROracle(left, policy: policy)
    self.right = try MPFROracle(right, policy: policy)
    arithmetic = try ArithmeticOracle(left, policy: policy)
  }

  /// The sum in float32: every product and every sum rounded to 24 bits, ties to even, in order.
  ///
  /// Products are held to 320 bits before they are rounded: none but powers of two lies closer to a boundary.
  ///
  /// - Precondition: products and sums lie within the normal range of float32.
  package func float(_ a: [UInt32], _ b: [UInt32]) -> Float {
    var sum = MPFRNumber(0)
    for (one, two) in zip(a, b) {
      guard case .finite(let x, _) = left.ladder.meaning(of: one),
        case .finite(let y, _) = right.ladder.meaning(of: two)
      else { return .nan }
      let product = MPFRNumber.product(x, y, precision: OracleMeanings.irrationalPrecision)
      // A product that is a power of two comes out next to it.
      sum = .sum(sum, Self.snapped(product).rounded(toPrecision: 24), precision: 24)
    }
    return sum.isZero ? 0 : sum.nearestFloat
  }

  /// The sum in the format: one rounding for every product and its addition, in order, from zero.
  ///
  /// - Precondition: both formats are the same.
  package func code(_ a: [UInt32], _ b: [UInt32]) -> UInt32 {
    zip(a, b).reduce(left.expectedCode(for: 0)) { arithmetic.expected(.fma, $1.0, $1.1, $0) }
  }

  private static func snapped(_ product: MPFRNumber) -> MPFRNumber {
    product.isZero ? product : product.rounded(toPrecision: OracleMeanings.irrationalPrecision - 20)
  }
}
