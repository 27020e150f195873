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

  /// Returns e^(numerator / 2^log2Denominator).
  ///
  /// - Error: below 2^-95 relative for |exponents| below 256 and denominators up to 2^40: a product of at most 48
  ///   powers of e, those above e themselves squares good to 2^-98.
  static func exponential(_ numerator: Int, overPowerOfTwo log2Denominator: Int) -> DoubleDouble {
    var result = DoubleDouble(high: 1, low: 0)
    var bits = numerator.magnitude
    while bits != 0 {
      let bit = bits.trailingZeroBitCount
      result = result * powersOfE[bit - log2Denominator + leastPowerOfE]
      bits &= bits - 1
    }
    return numerator < 0 ? result.reciprocal : result
  }

  /// The powers of e from 2^-40 to 2^8, each the square of the one before.
  private static let powersOfE: [DoubleDouble] = {
    let e = DoubleDouble(high: 0x1.5bf0a8b145769p+1, low: 1.4456468917292502e-16)
    var roots = [e]
    for _ in 0..<leastPowerOfE { roots.append(roots[roots.count - 1].squareRoot) }
    var powers = [e]
    for _ in 0..<8 { powers.append(powers[powers.count - 1] * powers[powers.count - 1]) }
    return roots.reversed() + powers.dropFirst()
  }()
  private static let leastPowerOfE = 40

  /// 1 divided by it: one Newton step from the Double one.
  var reciprocal: DoubleDouble {
    let quotient = 1 / high
    let residual = (1.0).addingProduct(-quotient, high) - quotient * low
    return Self.normalized(quotient, residual * quotient)
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
