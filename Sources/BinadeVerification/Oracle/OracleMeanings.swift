import BinadeNumerics

/// What the codes of the families mean, written a second time from the definitions, in MPFR.
enum OracleMeanings {
  /// Bits for irrational values: a Double would have to agree with one to 250 bits to be misjudged.
  static let irrationalPrecision = 320

  /// The meaning of a code of `format`.
  static func meaning(of code: UInt32, in format: any NumericFormat) -> OracleMeaning {
    switch format {
    case let integer as IntegerFormat:
      let value = integerValue(code, integer.bitWidth, integer.isSigned)
      return .finite(
        integer.range == .midrise
          ? MPFRNumber(2 * value + 1, timesTwoTo: 0) : MPFRNumber(value, timesTwoTo: 0),
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
      return positMeaning(of: UInt64(code), width: posit.bitWidth, exponentSize: posit.exponentBitCount)
    case let takum as TakumFormat:
      return takumMeaning(of: UInt64(code), width: takum.bitWidth, kind: takum.kind)
    case is HiFloat8Format:
      return hiFloat8Meaning(of: code)
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
    if let special = floatSpecial(significand, exponent, isNegative, format) { return special }
    let isZero: Bool
    let isSubnormal: Bool
    switch format.lowestBinade {
    case .subnormal: (isZero, isSubnormal) = (false, exponent == 0)
    case .zeroOnly: (isZero, isSubnormal) = (false, exponent == 0)
    case .normal: (isZero, isSubnormal) = (false, false)
    case .normalAndZero: (isZero, isSubnormal) = (exponent == 0 && significand == 0, false)
    }
    let magnitude: MPFRNumber
    if isZero {
      magnitude = MPFRNumber(0, timesTwoTo: 0)
    } else if isSubnormal {
      magnitude = MPFRNumber(significand, timesTwoTo: 1 - format.exponentBias - m)
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

  /// Infinities and NaNs of a float; nil for finite codes.
  private static func floatSpecial(
    _ significand: Int64,
    _ exponent: Int,
    _ isNegative: Bool,
    _ format: BinaryFloatFormat
  ) -> OracleMeaning? {
    let m = format.significandBitCount
    let lastExponent = (1 << format.exponentBitCount) - 1
    // The magnitude as a place in the order of magnitudes, counted from the greatest.
    let fromTop = ((lastExponent - exponent) << m) + (1 << m) - 1 - Int(significand)
    let isNegativeZero = isNegative && exponent == 0 && significand == 0
    switch format.specialValues {
    case .ieee:
      guard exponent == lastExponent else { return nil }
      return significand == 0 ? .infinity(isNegative: isNegative) : .nan
    case .finiteNaN:
      return fromTop == 0 ? .nan : nil
    case .finite:
      return nil
    case .unsignedZero:
      return isNegativeZero ? .nan : nil
    case .p3109Finite, .p3109Extended:
      if format.isSigned ? isNegativeZero : fromTop == 0 { return .nan }
      let placeOfInfinity = format.isSigned ? 0 : 1
      guard format.specialValues == .p3109Extended, fromTop == placeOfInfinity else { return nil }
      return .infinity(isNegative: isNegative)
    }
  }

  /// A takum as definition 2 of Hunhold's paper writes it, with the sign inside the formulas.
  static func takumMeaning(of code: UInt64, width: Int, kind: TakumFormat.Kind) -> OracleMeaning {
    let own = (0..<width).reversed().map { Int(code >> UInt64($0)) & 1 }
    if !own.contains(1) { return .finite(MPFRNumber(0), isNegativeZero: false) }
    if own[0] == 1, !own.dropFirst().contains(1) { return .nan }
    let bits = own + Array(repeating: 0, count: max(0, 12 - width))
    func integer(_ range: Range<Int>) -> Int { bits[range].reduce(0) { 2 * $0 + $1 } }
    let (sign, direction, regime) = (bits[0], bits[1], integer(2..<5))
    let r = direction == 0 ? 7 - regime : regime
    let field = integer(5..<5 + r)
    let c = direction == 0 ? -(1 << (r + 1)) + 1 + field : (1 << r) - 1 + field
    let p = bits.count - 5 - r
    let mantissa = Int64(integer(5 + r..<bits.count))
    switch kind {
    case .logarithmic:
      // ell = (-1)^S (c + m); the value is (-1)^S e^(ell / 2).
      let ell = (Int64(c) << Int64(p) + mantissa) * (sign == 1 ? -1 : 1)
      let magnitude = MPFRNumber(
        exponentialOf: ell,
        timesTwoTo: -p - 1,
        precision: irrationalPrecision
      )
      return .finite(sign == 1 ? magnitude.negated : magnitude, isNegativeZero: false)
    case .linear:
      // ((1 - 3S) + f)·2^e with e = (-1)^S (c + S).
      let exponent = sign == 1 ? -(c + 1) : c
      let significand = Int64(1 - 3 * sign) << Int64(p) + mantissa
      return .finite(MPFRNumber(significand, timesTwoTo: exponent - p), isNegativeZero: false)
    }
  }

  /// A posit read bit by bit, as section 4 of the 2022 standard lists the fields.
  static func positMeaning(of code: UInt64, width: Int, exponentSize: Int) -> OracleMeaning {
    var bits = (0..<width).reversed().map { Int(code >> UInt64($0)) & 1 }
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
