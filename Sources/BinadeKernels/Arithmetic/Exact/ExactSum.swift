import BinadeNumerics

/// An exact sum before its one rounding.
///
/// Of sums of more than 128 bits the last bit stands for itself and everything below: it is odd when anything was cut
/// off. No rounding to fewer than 127 bits can tell the difference.
///
/// - Source: Boldo and Melquiond, Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd,
///   IEEE Transactions on Computers 57(4), 2008.
struct ExactSum: Sendable, Hashable {
  let isNegative: Bool
  let magnitude: UInt128
  /// The weight of the last bit of `magnitude` is 2^exponent.
  let exponent: Int

  init(_ sum: Int128, exponent: Int) {
    isNegative = sum < 0
    magnitude = sum.magnitude
    self.exponent = exponent
  }

  /// A sum whose magnitude is spread over words, the lowest first.
  init(isNegative: Bool, words: [UInt64], exponent: Int) {
    self.isNegative = isNegative
    guard let top = words.lastIndex(where: { $0 != 0 }), top >= 2 else {
      magnitude = words.prefix(2).reversed().reduce(0) { $0 << 64 | UInt128($1) }
      self.exponent = exponent
      return
    }
    // Three words down from the top, moved up until the first bit is set; what falls out makes the last bit odd.
    let shift = words[top].leadingZeroBitCount
    let upper = UInt128(words[top]) << 64 | UInt128(words[top - 1])
    let lower = shift == 0 ? 0 : UInt128(words[top - 2] >> UInt64(64 - shift))
    let isCut = words[top - 2] << UInt64(shift) != 0 || words[..<(top - 2)].contains { $0 != 0 }
    magnitude = upper << UInt128(shift) | lower | (isCut ? 1 : 0)
    self.exponent = exponent + 64 * (top - 1) - shift
  }

  /// The float32 nearest to the sum, ties to even.
  ///
  /// Infinity beyond the range; a sum of zero is +0.
  var roundedToFloat: Float {
    // 53 bits rounded to odd round to 24 bits, or fewer below the normal range, as the sum does.
    Float(leadingBits)
  }

  /// Two Doubles whose sum lies on the same side as the exact sum of every number of fewer than 105 bits.
  var asTwoDoubles: (high: Double, low: Double) {
    guard magnitude != 0 else { return (0, 0) }
    let first = 127 - magnitude.leadingZeroBitCount
    if first < 53 { return (leadingBits, 0) }
    let rest = ExactSum(
      isNegative: isNegative,
      magnitude: magnitude & (UInt128(1) << UInt128(first - 52) - 1),
      exponent: exponent
    )
    let head = ExactSum(isNegative: isNegative, magnitude: magnitude - rest.magnitude, exponent: exponent)
    let (one, two) = (head.leadingBits, rest.leadingBits)
    guard one.magnitude < 0x1p1022 else { return (one, 0) }
    let high = one + two
    return (high, two - (high - one))
  }

  private init(isNegative: Bool, magnitude: UInt128, exponent: Int) {
    self.isNegative = isNegative
    self.magnitude = magnitude
    self.exponent = exponent
  }

  /// The first 53 bits as a Double, the last of them odd when anything below was cut off.
  ///
  /// Beyond the range of Double: the greatest Double, or the least, which lie on the same side of every value.
  private var leadingBits: Double {
    guard magnitude != 0 else { return 0 }
    let first = 127 - magnitude.leadingZeroBitCount
    let sign = isNegative ? -1.0 : 1.0
    if first + exponent > 1022 { return sign * .greatestFiniteMagnitude }
    // Doubles end at 2^-1074.
    let last = max(first - 52, -1074 - exponent, 0)
    guard last <= first else { return sign * .leastNonzeroMagnitude }
    var bits = UInt64(truncatingIfNeeded: magnitude >> UInt128(last))
    if last > 0, magnitude << UInt128(128 - last) != 0 { bits |= 1 }
    return sign * Double(sign: .plus, exponent: exponent + last, significand: Double(bits))
  }
}
