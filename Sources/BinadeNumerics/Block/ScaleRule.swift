/// How the greatest magnitude of a block becomes a shared power of two; names as torchao has them.
///
/// With `emax` the exponent of the element's greatest value `greatest` (2 and 6 for float4_e2m1fn):
///
/// | rule    | exponent                            | amax 6 | amax 7 | amax 7.5 | amax 8 |
/// |---------|-------------------------------------|--------|--------|----------|--------|
/// | `floor` | floor(log2 amax) - emax             | 0      | 0      | 0        | 1      |
/// | `ceil`  | ceil(log2 amax) - emax              | 1      | 1      | 1        | 1      |
/// | `rceil` | ceil(log2(amax / greatest))         | 0      | 1      | 1        | 1      |
/// | `even`  | `floor` of amax, rounded to the precision of the element | 0 | 1 | 1 | 1 |
///
/// Under `floor` and `even` the greatest elements of a block may saturate, under `ceil` and `rceil` none does.
/// The exponent is read off the bits and clamped to -127 ... 127: no logarithm is computed.
///
/// - Source: OCP Microscaling Formats (MX) version 1.0, 2023, section 6.3 (`floor`); torchao
///   `ScaleCalculationMode` (all four). Its `rceil` multiplies by a rounded 1 / greatest, which gives the same for
///   the floats of MX but not for mxint8, just above 127 / 64 times a power of two; here the quotient is exact.
public enum ScaleRule: String, Sendable, Hashable, CaseIterable {
  case floor, ceil, rceil, even

  /// The exponents that a scale of 8 bits can say; code 255 is NaN.
  static let exponents = -127...127

  /// Returns the exponent of the shared scale of a block.
  ///
  /// `amax`: the greatest magnitude of the block; zero gives the least exponent.
  ///
  /// - Precondition: `amax` is finite and not negative.
  func exponent(of amax: Float, for element: ElementValues) -> Int {
    guard amax > 0 else { return Self.exponents.lowerBound }
    // Subnormals are normalised: amax = significand * 2^exponent with 1 <= significand < 2.
    let significand = Double(amax.significand)
    let isNextBinade =
      switch self {
      case .floor: false
      case .ceil: significand > 1
      case .rceil: significand > element.greatest.significand
      case .even: significand >= element.leastSignificandRoundedToTwo
      }
    let exponent = Int(amax.exponent) + (isNextBinade ? 1 : 0) - element.greatestExponent
    return min(max(exponent, Self.exponents.lowerBound), Self.exponents.upperBound)
  }
}
