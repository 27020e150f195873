/// Takums: sign, direction, three regime bits, 0 to 7 characteristic bits, the rest mantissa; negative codes are two's
/// complement.
///
/// With direction D and regime R, the characteristic c has r = R bits (D = 1) or 7 - R bits (D = 0); with C those bits
/// and m the mantissa in [0, 1), c = 2^r - 1 + C or c = -2^(r+1) + 1 + C. The logarithmic takum is `sqrt(e)^(c + m)`,
/// the linear one `2^c·(1 + m)`. Bits that a narrow takum has no room for are zero; code 0 is zero and 100...0 is
/// NaR, decoded as NaN. Rounding to nearest happens on the bit string, as for posits: no number but zero becomes zero,
/// none becomes NaR, and overflow gives the greatest magnitude.
///
/// - Source: Hunhold, "Beating Posits at Their Own Game: Takum Arithmetic", CoNGA 2024; libtakum, where plain `takum<n>`
///   is the logarithmic one.
public struct TakumFormat: NumericFormat {
  /// What the characteristic and the mantissa mean.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// `sqrt(e)^(c + m)`
    case logarithmic
    /// `2^c·(1 + m)`
    case linear
  }

  /// Name, width and origin.
  public let info: FormatInfo
  /// Logarithmic or linear.
  public let kind: Kind

  /// Creates a takum format.
  ///
  /// Throws when the width is not 6 to 32 bits.
  public init(info: FormatInfo, kind: Kind = .logarithmic) throws(FormatError) {
    guard (6...32).contains(info.bitWidth) else {
      throw .invalidParameter(
        format: info.name,
        parameter: "bitWidth",
        found: "\(info.bitWidth)",
        allowed: "6 to 32"
      )
    }
    var completed = info
    completed.overflowTarget = .extreme
    completed.infinityTarget = .nan
    completed.underflow = .leastMagnitude
    self.info = completed
    self.kind = kind
  }

  /// The value of a code.
  public func decode(_ code: UInt32) -> Double { exactValue(UInt64(code), width: bitWidth).high }

  /// What the Double leaves over of an irrational value.
  public func residual(_ code: UInt32) -> Double { exactValue(UInt64(code), width: bitWidth).low }

  /// The takum of one more bit between the neighbours; zero next to zero, since nothing rounds to it.
  public func boundary(between lower: Rung, and upper: Rung) -> Boundary {
    if lower.value == 0 || upper.value == 0 { return Boundary(high: 0) }
    // Codes of both signs ascend with the value: the code between is twice the lower one and one more.
    let value = exactValue(UInt64(lower.code) << 1 | 1, width: bitWidth + 1)
    return Boundary(high: value.high, low: value.low)
  }

  /// The value of a takum of `width` bits.
  private func exactValue(_ code: UInt64, width: Int) -> DoubleDouble {
    let signBit = UInt64(1) << UInt64(width - 1)
    if code == 0 { return DoubleDouble(high: 0, low: 0) }
    if code == signBit { return DoubleDouble(high: .nan, low: 0) }
    let isNegative = code & signBit != 0
    let magnitude = (isNegative ? 0 &- code : code) & (signBit - 1)
    let value = positiveValue(magnitude << UInt64(64 - width))
    return isNegative ? DoubleDouble(high: -value.high, low: -value.low) : value
  }

  /// The value of a positive takum of 64 bits, narrow ones padded with zeros.
  private func positiveValue(_ bits: UInt64) -> DoubleDouble {
    let ascends = bits >> 62 & 1 == 1
    let regime = Int(bits >> 59 & 7)
    let count = ascends ? regime : 7 - regime
    let rest = bits << 5
    let field = count == 0 ? 0 : Int(rest >> UInt64(64 - count))
    let characteristic = ascends ? (1 << count) - 1 + field : -(2 << count) + 1 + field
    // 30 bits hold every mantissa: 33 bits less sign, direction and regime are 28.
    let mantissa = Int((rest << UInt64(count)) >> 34)
    switch kind {
    case .linear:
      return DoubleDouble(
        high: Double(
          sign: .plus,
          exponent: characteristic,
          significand: 1 + Double(mantissa) / 0x1p30
        ),
        low: 0
      )
    case .logarithmic:
      return .exponential(characteristic << 30 + mantissa, overPowerOfTwo: 31)
    }
  }

  /// The ladder, in closed form above 16 bits.
  public func makeLadder() throws(FormatError) -> any Ladder {
    bitWidth <= 16 ? try EnumeratedLadder(of: self) : OrderedCodeLadder(self)
  }
}
