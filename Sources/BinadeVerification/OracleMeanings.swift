import BinadeNumerics

/// What the codes of the families mean, written a second time from the definitions, in MPFR.
enum OracleMeanings {
  /// Bits for irrational values: a Double would have to agree with one to 250 bits to be misjudged.
  static let irrationalPrecision = 320

  /// The meaning of a code of `format`.
  static func meaning(of code: UInt32, in format: any NumericFormat) -> OracleMeaning {
    switch format {
    case let integer as IntegerFormat:
      return .finite(
        MPFRNumber(integerValue(code, integer.bitWidth, integer.isSigned), timesTwoTo: 0),
        isNegativeZero: false
      )
    case let fixed as FixedPointFormat:
      return .finite(
        MPFRNumber(
          integerValue(code, fixed.bitWidth, fixed.isSigned),
          timesTwoTo: -fixed.fractionBitCount
        ),
        isNegativeZero: false
      )
    case let float as BinaryFloatFormat:
      return meaning(of: code, in: float)
    case let posit as PositFormat:
      return positMeaning(of: code, width: posit.bitWidth, exponentSize: posit.exponentBitCount)
    case let logarithmic as LogarithmicFormat:
      return meaning(of: code, in: logarithmic)
    default:
      // Codebooks and formats of one's own are defined by their decode function.
      let value = format.decode(code)
      if value.isNaN { return .nan }
      if value.isInfinite { return .infinity(isNegative: value < 0) }
      return .finite(MPFRNumber(value), isNegativeZero: value == 0 && value.sign == .minus)
    }
  }

  /// Sum of the bits with their weights; the sign bit of two's complement weighs -2^(n-1).
  private static func integerValue(_ code: UInt32, _ width: Int, _ isSigned: Bool) -> Int64 {
    var sum: Int64 = 0
    for bit in 0..<width where code >> UInt32(bit) & 1 == 1 {
      let weight = Int64(1) << Int64(bit)
      sum += isSigned && bit == width - 1 ? -weight : weight
    }
    return sum
  }

  private static func meaning(of code: UInt32, in format: BinaryFloatFormat) -> OracleMeaning {
    let (fieldCount, m) = (format.exponentBitCount, format.significandBitCount)
    let significand = Int64(code % (1 << UInt32(m)))
    let exponent = Int(code >> UInt32(m)) % (1 << fieldCount)
    let isNegative = code >> UInt32(fieldCount + m) == 1
    let lastExponent = (1 << fieldCount) - 1
    switch format.specialValues {
    case .ieee where exponent == lastExponent:
      return significand == 0 ? .infinity(isNegative: isNegative) : .nan
    case .finiteNaN where exponent == lastExponent && significand == (1 << m) - 1:
      return .nan
    case .unsignedZero where isNegative && exponent == 0 && significand == 0:
      return .nan
    default:
      break
    }
    let magnitude: MPFRNumber
    if exponent == 0 {
      magnitude = MPFRNumber(
        format.hasSubnormals ? significand : 0,
        timesTwoTo: 1 - format.exponentBias - m
      )
    } else {
      magnitude = MPFRNumber(
        significand + (1 << m),
        timesTwoTo: exponent - format.exponentBias - m
      )
    }
    return .finite(
      isNegative ? magnitude.negated : magnitude,
      isNegativeZero: isNegative && magnitude.isZero
    )
  }

  /// A posit read bit by bit, as section 4 of the 2022 standard lists the fields.
  static func positMeaning(of code: UInt32, width: Int, exponentSize: Int) -> OracleMeaning {
    var bits = (0..<width).reversed().map { Int(code >> UInt32($0)) & 1 }
    if !bits.contains(1) { return .finite(MPFRNumber(0), isNegativeZero: false) }
    let isNegative = bits[0] == 1
    if isNegative {
      if !bits.dropFirst().contains(1) { return .nan }
      // Two's complement: invert everything above the last one.
      let last = bits.lastIndex(of: 1) ?? 0
      for index in 0..<last { bits[index] = 1 - bits[index] }
    }
    var rest = bits.dropFirst()
    let first = rest.first ?? 0
    let run = rest.prefix { $0 == first }.count
    let regime = first == 1 ? run - 1 : -run
    rest = rest.dropFirst(run + 1)
    let exponentBits =
      Array(rest.prefix(exponentSize)) + Array(repeating: 0, count: max(0, exponentSize - rest.count))
    let exponent = exponentBits.reduce(0) { 2 * $0 + $1 }
    let fraction = rest.dropFirst(exponentSize)
    let significand = fraction.reduce(Int64(1)) { 2 * $0 + Int64($1) }
    let magnitude = MPFRNumber(
      significand,
      timesTwoTo: regime * (1 << exponentSize) + exponent - fraction.count
    )
    return .finite(isNegative ? magnitude.negated : magnitude, isNegativeZero: false)
  }

  private static func meaning(of code: UInt32, in format: LogarithmicFormat) -> OracleMeaning {
    let width = format.integerBitCount + format.fractionBitCount
    let exponent = integerValue(code % (1 << UInt32(width)), width, true)
    let isNegative = code >> UInt32(width) == 1
    if exponent == -(1 << (width - 1)) {
      return isNegative ? .nan : .finite(MPFRNumber(0), isNegativeZero: false)
    }
    let magnitude = MPFRNumber(
      powerOfTwo: Int(exponent),
      overPowerOfTwo: format.fractionBitCount,
      precision: irrationalPrecision
    )
    return .finite(isNegative ? magnitude.negated : magnitude, isNegativeZero: false)
  }
}
