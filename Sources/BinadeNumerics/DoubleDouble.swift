/// An unevaluated sum of two Doubles, about 106 bits: enough to place every boundary of a logarithmic format
/// between two Doubles.
///
/// - Source: Dekker, "A floating-point technique for extending the available precision", Numerische
///   Mathematik 18, 1971.
struct DoubleDouble: Sendable, Hashable {
  /// The Double nearest to the sum.
  let high: Double
  /// What `high` leaves over.
  let low: Double

  /// Returns 2^(numerator / 2^log2Denominator).
  ///
  /// - Error: below 2^-96 relative for denominators up to 2^16: a product of at most 16 square roots, each
  ///   good to 2^-103. Powers of two are exact.
  static func powerOfTwo(_ numerator: Int, overPowerOfTwo log2Denominator: Int) -> DoubleDouble {
    let whole = numerator >> log2Denominator
    let fraction = numerator - whole << log2Denominator
    var result = DoubleDouble(high: 1, low: 0)
    var root = DoubleDouble(high: 2, low: 0)
    for bit in stride(from: log2Denominator - 1, through: 0, by: -1) {
      root = root.squareRoot
      if fraction >> bit & 1 == 1 { result = result * root }
    }
    let scale = Double(sign: .plus, exponent: whole, significand: 1)
    return DoubleDouble(high: result.high * scale, low: result.low * scale)
  }

  static func + (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let sum = a.high + b.high
    let bPart = sum - a.high
    let rest = (a.high - (sum - bPart)) + (b.high - bPart) + (a.low + b.low)
    return normalized(sum, rest)
  }

  static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let product = a.high * b.high
    let error = (-product).addingProduct(a.high, b.high)
    return normalized(product, error + (a.high * b.low + a.low * b.high))
  }

  /// The square root: one Newton step from the Double one.
  var squareRoot: DoubleDouble {
    let root = high.squareRoot()
    let residual = high.addingProduct(-root, root) + low
    return Self.normalized(root, residual / (2 * root))
  }

  /// Half of it, exact.
  var halved: DoubleDouble { DoubleDouble(high: high / 2, low: low / 2) }

  private static func normalized(_ high: Double, _ low: Double) -> DoubleDouble {
    let sum = high + low
    return DoubleDouble(high: sum, low: low - (sum - high))
  }
}
