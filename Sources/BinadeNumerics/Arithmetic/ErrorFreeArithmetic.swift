/// Operations on Doubles whose results keep what rounding would lose, as a sum of two Doubles.
///
/// Sums and products are exact. Quotients and fused products keep the rest as a Double rounded to odd: it lies on the
/// same side of every Double of 52 bits as the true rest, which is all that later rounding asks. Roots are irrational or
/// exact, so that their rest needs only the right sign and 52 bits.
///
/// - Precondition: magnitudes of operands lie between 2^-480 and 2^480, or are zero.
/// - Source: Boldo and Melquiond, Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd,
///   IEEE Transactions on Computers 57(4), 2008; Dekker 1971; Knuth, TAOCP 2, 4.2.2.
enum ErrorFreeArithmetic {
  /// a + b, exact.
  static func sum(_ a: Double, _ b: Double) -> DoubleDouble {
    let sum = a + b
    let bPart = sum - a
    return DoubleDouble(high: sum, low: (a - (sum - bPart)) + (b - bPart))
  }

  /// a · b, exact.
  static func product(_ a: Double, _ b: Double) -> DoubleDouble {
    let product = a * b
    return DoubleDouble(high: product, low: (-product).addingProduct(a, b))
  }

  /// a / b for b ≠ 0; the rest rounded to odd.
  static func quotient(_ a: Double, _ b: Double) -> DoubleDouble {
    let quotient = a / b
    let remainder = a.addingProduct(-quotient, b)
    let low = remainder / b
    let rest = remainder.addingProduct(-low, b)
    return DoubleDouble(high: quotient, low: madeOdd(low, missing: b < 0 ? -rest : rest))
  }

  /// The square root of a ≥ 0; the rest good to 52 bits, and of the right sign.
  static func squareRoot(_ a: Double) -> DoubleDouble {
    let root = a.squareRoot()
    if root == 0 { return DoubleDouble(high: root, low: 0) }
    return DoubleDouble(high: root, low: a.addingProduct(-root, root) / (2 * root))
  }

  /// a · b + c; the rest rounded to odd.
  static func fusedProduct(_ a: Double, _ b: Double, plus c: Double) -> DoubleDouble {
    let product = product(a, b)
    let inner = sum(c, product.low)
    let outer = sum(product.high, inner.high)
    let rest = sum(inner.low, outer.low)
    return sum(outer.high, madeOdd(rest.high, missing: rest.low))
  }

  /// `value` rounded to odd: when something is missing and its last bit is even, the neighbour on that side.
  static func madeOdd(_ value: Double, missing: Double) -> Double {
    guard missing != 0, value.bitPattern & 1 == 0 else { return value }
    return missing > 0 ? value.nextUp : value.nextDown
  }
}

extension DoubleDouble {
  /// One Double on the same side of every Double of 52 bits as the sum.
  var roundedToOdd: Double { ErrorFreeArithmetic.madeOdd(high, missing: low) }

  static func / (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble { a * b.reciprocal }

  static prefix func - (a: DoubleDouble) -> DoubleDouble { DoubleDouble(high: -a.high, low: -a.low) }
}
