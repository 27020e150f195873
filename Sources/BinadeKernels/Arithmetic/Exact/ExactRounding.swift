/// Rounds wide integers, in units of a power of two, to float32: once, ties to even.
///
/// - Error: none against ``ExactSum/roundedToFloat``, its twin.
struct ExactRounding: Sendable {
  /// One unit is 2^exponent.
  let exponent: Int
  /// 2^exponent; exact, and so are its products with Floats, where `isDirect`.
  private let unit: Double
  /// No result has bits below the least Float: subnormals are not rounded twice.
  private let isDirect: Bool

  init(exponent: Int) {
    self.exponent = exponent
    isDirect = (-149...800).contains(exponent)
    unit = Double(sign: .plus, exponent: exponent, significand: 1)
  }

  /// Rounds one sum; a sum of zero is +0.
  @inline(__always)
  func float(_ sum: Int64) -> Float {
    isDirect ? Float(Double(Float(sum)) * unit) : ExactSum(Int128(sum), exponent: exponent).roundedToFloat
  }

  /// Rounds one sum; a sum of zero is +0.
  func float(_ sum: Int128) -> Float {
    if let short = Int64(exactly: sum) { return float(short) }
    guard isDirect else { return ExactSum(sum, exponent: exponent).roundedToFloat }
    // The first 64 bits, the last of them odd when anything below was cut off, round as the whole does.
    let magnitude = sum.magnitude
    let shift = 64 - magnitude.leadingZeroBitCount
    guard shift > 0 else { return ExactSum(sum, exponent: exponent).roundedToFloat }
    let isCut = magnitude << UInt128(128 - shift) != 0
    let bits = UInt64(truncatingIfNeeded: magnitude >> UInt128(shift)) | (isCut ? 1 : 0)
    let scaled = Float(Double(Float(bits)) * unit * Double(bitPattern: UInt64(1023 + shift) << 52))
    return sum < 0 ? -scaled : scaled
  }
}
