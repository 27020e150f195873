/// Posits: sign, a run-length regime, up to es exponent bits, the rest fraction; negative codes are two's complement.
///
/// With regime k, exponent e and fraction f the value is `2^(k·2^es + e)·(1 + f)`; code 0 is zero and 100...0 is NaR,
/// decoded as NaN. Rounding to nearest happens on the bit string: the boundary between two neighbours is the posit
/// of one more bit between them. No number but zero becomes zero, and none becomes NaR.
///
/// - Source: Posit Working Group, Standard for Posit Arithmetic (2022), where es = 2.
public struct PositFormat: NumericFormat {
  /// Name, width and origin.
  public let info: FormatInfo
  /// Bits of the exponent, es.
  public let exponentBitCount: Int

  /// Creates a posit format.
  ///
  /// Throws when the width is not 3 to 32 bits or es not 0 to 4.
  public init(info: FormatInfo, exponentBitCount: Int) throws(FormatError) {
    guard (3...32).contains(info.bitWidth) else {
      throw .invalidParameter(
        format: info.name,
        parameter: "bitWidth",
        found: "\(info.bitWidth)",
        allowed: "3 to 32"
      )
    }
    guard (0...4).contains(exponentBitCount) else {
      throw .invalidParameter(
        format: info.name,
        parameter: "exponentBitCount",
        found: "\(exponentBitCount)",
        allowed: "0 to 4"
      )
    }
    var completed = info
    completed.overflowTarget = .extreme
    completed.infinityTarget = .nan
    completed.underflow = .leastMagnitude
    self.info = completed
    self.exponentBitCount = exponentBitCount
  }

  /// The value of a code.
  public func decode(_ code: UInt32) -> Double { decode(UInt64(code), width: bitWidth) }

  /// The value of a posit of `width` bits with the same es.
  private func decode(_ code: UInt64, width: Int) -> Double {
    let signBit = UInt64(1) << UInt64(width - 1)
    if code == 0 { return 0 }
    if code == signBit { return .nan }
    let isNegative = code & signBit != 0
    let body = (isNegative ? 0 &- code : code) & (signBit - 1)
    // The bits after the sign, moved to the top of the word.
    let bits = body << UInt64(65 - width)
    let startsWithOne = bits >> 63 == 1
    let run = min((startsWithOne ? ~bits : bits).leadingZeroBitCount, width - 1)
    let regime = startsWithOne ? run - 1 : -run
    let tailCount = max(width - 2 - run, 0)
    let tail = body & ((UInt64(1) << UInt64(tailCount)) - 1)
    // Exponent bits that the regime pushed out are zero.
    let missing = max(exponentBitCount - tailCount, 0)
    let fractionCount = max(tailCount - exponentBitCount, 0)
    let exponent = Int(tail >> UInt64(fractionCount)) << missing
    let fraction = tail & ((UInt64(1) << UInt64(fractionCount)) - 1)
    let significand = 1 + Double(fraction) / Double(UInt64(1) << UInt64(fractionCount))
    let magnitude = Double(
      sign: .plus,
      exponent: regime << exponentBitCount + exponent,
      significand: significand
    )
    return isNegative ? -magnitude : magnitude
  }

  /// The posit of one more bit between the neighbours; zero next to zero, since nothing rounds to it.
  public func boundary(between lower: Rung, and upper: Rung) -> Boundary {
    if lower.value == 0 || upper.value == 0 { return Boundary(high: 0) }
    // Codes of both signs ascend with the value: the code between is twice the lower one and one more.
    return Boundary(high: decode(UInt64(lower.code) << 1 | 1, width: bitWidth + 1))
  }

  /// The ladder, in closed form above 16 bits.
  public func makeLadder() throws(FormatError) -> any Ladder {
    bitWidth <= 16 ? try EnumeratedLadder(of: self) : OrderedCodeLadder(self)
  }
}
