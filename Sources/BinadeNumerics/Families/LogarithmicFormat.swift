/// Logarithmic numbers `lns<i>.<f>`: a sign bit, then an exponent E of i integer and f fraction bits in two's
/// complement; the value is ±2^(E / 2^f).
///
/// The most negative E is zero with sign 0 and NaN with sign 1. There is no infinity: overflow gives the
/// greatest value. With f = 0 the values are the powers of two.
public struct LogarithmicFormat: NumericFormat {
  /// In which domain the nearest value is nearest.
  public enum NearestDomain: String, Sendable, Hashable, CaseIterable {
    /// Boundaries are geometric means: half a step of E.
    case logarithm
    /// Boundaries are arithmetic means.
    case linear
  }

  /// Name, width and origin.
  public let info: FormatInfo
  /// Bits of E before the binary point, its sign among them.
  public let integerBitCount: Int
  /// Bits of E after the binary point; neighbours differ by the factor 2^(2^-fractionBitCount).
  public let fractionBitCount: Int
  /// Where the boundaries lie.
  public let nearest: NearestDomain

  /// Creates a logarithmic format; `info.bitWidth` is replaced by 1 + i + f.
  ///
  /// Throws when i is not 1 ... 10 or the whole is wider than 16 bits.
  public init(
    info: FormatInfo,
    integerBitCount: Int,
    fractionBitCount: Int,
    nearest: NearestDomain = .logarithm
  ) throws(FormatError) {
    guard (1...10).contains(integerBitCount) else {
      throw .invalidParameter(
        format: info.name,
        parameter: "integerBitCount",
        found: "\(integerBitCount)",
        allowed: "1 to 10"
      )
    }
    guard (0...14).contains(fractionBitCount), integerBitCount + fractionBitCount >= 2,
      integerBitCount + fractionBitCount <= 15
    else {
      throw .invalidParameter(
        format: info.name,
        parameter: "fractionBitCount",
        found: "\(fractionBitCount)",
        allowed: "0 or more, with 2 to 15 exponent bits in all"
      )
    }
    var completed = info.withBitWidth(1 + integerBitCount + fractionBitCount)
    completed.overflowTarget = info.overflowTarget ?? .extreme
    completed.divisionByZero = .nan
    self.info = completed
    self.integerBitCount = integerBitCount
    self.fractionBitCount = fractionBitCount
    self.nearest = nearest
  }

  private var exponentBitCount: Int { integerBitCount + fractionBitCount }

  /// E of a code, as an integer: the exponent times 2^f.
  package func scaledExponent(_ code: UInt32) -> Int64 {
    (code & ((1 << UInt32(exponentBitCount)) - 1)).signExtended(from: exponentBitCount)
  }

  private func isZeroOrNaN(_ code: UInt32) -> Bool {
    scaledExponent(code) == -(1 << (exponentBitCount - 1))
  }

  /// The value of a code.
  public func decode(_ code: UInt32) -> Double {
    let isNegative = code >> UInt32(bitWidth - 1) & 1 == 1
    if isZeroOrNaN(code) { return isNegative ? .nan : 0 }
    let magnitude = exactMagnitude(code).high
    return isNegative ? -magnitude : magnitude
  }

  /// What the Double leaves over of an irrational value.
  public func residual(_ code: UInt32) -> Double {
    if isZeroOrNaN(code) { return 0 }
    let magnitude = exactMagnitude(code).low
    return code >> UInt32(bitWidth - 1) & 1 == 1 ? -magnitude : magnitude
  }

  private func exactMagnitude(_ code: UInt32) -> DoubleDouble {
    .powerOfTwo(Int(scaledExponent(code)), overPowerOfTwo: fractionBitCount)
  }

  /// Where rounding to nearest switches.
  public func boundary(between lower: Rung, and upper: Rung) -> Boundary {
    let isNegative = lower.value < 0
    let (small, large) = isNegative ? (upper, lower) : (lower, upper)
    let magnitude: DoubleDouble
    switch nearest {
    case .logarithm:
      // Half a step below the larger E, also when the smaller value is zero. A value beyond the range is
      // one step above the smaller E.
      let scaled =
        isBeyondRange(large)
        ? 2 * scaledExponent(small.code) + 1 : 2 * scaledExponent(large.code) - 1
      magnitude = .powerOfTwo(Int(scaled), overPowerOfTwo: fractionBitCount + 1)
    case .linear:
      let top =
        isBeyondRange(large)
        ? DoubleDouble.powerOfTwo(
          Int(scaledExponent(small.code)) + 1,
          overPowerOfTwo: fractionBitCount
        )
        : exactMagnitude(large.code)
      let bottom = small.value == 0 ? DoubleDouble(high: 0, low: 0) : exactMagnitude(small.code)
      magnitude = (bottom + top).halved
    }
    return Boundary(
      high: isNegative ? -magnitude.high : magnitude.high,
      low: isNegative ? -magnitude.low : magnitude.low
    )
  }

  private func isBeyondRange(_ rung: Rung) -> Bool {
    let greatestExponent = (Int64(1) << (exponentBitCount - 1)) - 1
    return abs(rung.value)
      > DoubleDouble.powerOfTwo(Int(greatestExponent), overPowerOfTwo: fractionBitCount).high
  }

  /// One more step of the family.
  public func valueBeyond(_ extreme: Rung, inside neighbour: Rung) -> Double {
    let next = DoubleDouble.powerOfTwo(
      Int(scaledExponent(extreme.code)) + 1,
      overPowerOfTwo: fractionBitCount
    )
    return extreme.value < 0 ? -next.high : next.high
  }
}
