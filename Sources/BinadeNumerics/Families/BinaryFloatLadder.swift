/// The ladder of a binary float of any width and range, in closed form: codes of one sign are ordered like
/// magnitudes.
///
/// Magnitudes beyond those of Double appear as infinity or zero. That is exact enough: a Double that lies between two
/// such values is above the finite boundary or below it, and near the least Doubles every Double is a value of a
/// format that goes further down.
package struct BinaryFloatLadder: Ladder {
  package let least: Rung
  package let greatest: Rung
  package let beforeLeast: Rung
  package let afterGreatest: Rung
  package let specials: SpecialCodes
  package let overflowTarget: OverflowTarget?
  /// The format.
  package let format: BinaryFloatFormat

  /// Throws when the format has no subnormals: neighbours of zero would not be one code apart.
  package init(_ format: BinaryFloatFormat) throws(FormatError) {
    guard format.lowestBinade == .subnormal else {
      throw .invalidParameter(
        format: format.name,
        parameter: "lowestBinade",
        found: format.lowestBinade.rawValue,
        allowed: "subnormal for more than 16 bits"
      )
    }
    self.format = format
    let signBit = format.signBit
    let greatestCode = format.greatestMagnitudeCode
    specials = Self.specials(of: format)
    let extreme = format.decode(greatestCode)
    let beyond = format.valueBeyond(
      Rung(code: greatestCode, value: extreme),
      inside: Rung(code: greatestCode - 1, value: format.decode(greatestCode - 1))
    )
    greatest = Rung(code: greatestCode, value: extreme)
    afterGreatest = Rung(code: greatestCode &+ 1, value: beyond)
    if format.isSigned {
      least = Rung(code: greatestCode | signBit, value: -extreme)
      beforeLeast = Rung(code: (greatestCode | signBit) &+ 1, value: -beyond)
    } else {
      least = Rung(code: 0, value: 0)
      beforeLeast = Rung(
        code: 1,
        value: -max(format.decode(1), Double.leastNonzeroMagnitude)
      )
    }
    overflowTarget = format.info.overflowTarget
  }

  private static func specials(of format: BinaryFloatFormat) -> SpecialCodes {
    let signBit = format.signBit
    let afterGreatest = format.greatestMagnitudeCode &+ 1
    let negative = { (code: UInt32) -> UInt32? in format.isSigned ? code | signBit : nil }
    switch format.specialValues {
    case .ieee:
      return SpecialCodes(
        zero: 0,
        negativeZero: negative(0),
        positiveInfinity: afterGreatest,
        negativeInfinity: negative(afterGreatest),
        nan: format.info.canonicalNaN
      )
    case .finiteNaN:
      return SpecialCodes(zero: 0, negativeZero: negative(0), nan: format.magnitudeMask)
    case .finite:
      return SpecialCodes(zero: 0, negativeZero: negative(0))
    case .unsignedZero, .p3109Finite:
      return SpecialCodes(zero: 0, nan: format.isSigned ? signBit : format.magnitudeMask)
    case .p3109Extended:
      return SpecialCodes(
        zero: 0,
        positiveInfinity: afterGreatest,
        negativeInfinity: negative(afterGreatest),
        nan: format.isSigned ? signBit : format.magnitudeMask
      )
    }
  }

  package func neighbours(of value: Double) -> (lower: Rung, upper: Rung) {
    let zero = Rung(code: 0, value: 0)
    if value == 0 { return (zero, zero) }
    let magnitude = abs(value)
    let leastExponent = 1 - format.exponentBias
    let exponent = max(Int(magnitude.exponent), leastExponent)
    // In units of the last place: an integer below 2^(M + 1), and a fraction when the number is no value.
    let scaled = Double(
      sign: .plus,
      exponent: Int(magnitude.exponent) - exponent + format.significandBitCount,
      significand: magnitude.significand
    )
    let steps = scaled.rounded(.down)
    // The hidden bit, present in `steps` of normal numbers, adds the 1 that the exponent field needs.
    let code =
      UInt32(exponent - leastExponent) << UInt32(format.significandBitCount) + UInt32(steps)
    let inner = rung(code, isNegative: value < 0)
    if steps == scaled, steps != 0 { return (inner, inner) }
    let outer = rung(code + 1, isNegative: value < 0)
    return value < 0 ? (outer, inner) : (inner, outer)
  }

  /// The arithmetic midpoint: the magnitude of one more significand bit.
  package func boundary(between lower: Rung, and upper: Rung) -> Boundary {
    let isNegative = lower.value < 0
    let inner = isNegative ? upper : lower
    let (significand, exponent) = format.parts(inner.value == 0 ? 0 : inner.code & format.magnitudeMask)
    let magnitude = Double(
      sign: .plus,
      exponent: exponent - 1,
      significand: Double(2 * UInt64(significand) + 1)
    )
    return Boundary(high: isNegative ? -magnitude : magnitude)
  }

  private func rung(_ magnitudeCode: UInt32, isNegative: Bool) -> Rung {
    let code = isNegative && magnitudeCode != 0 ? magnitudeCode | format.signBit : magnitudeCode
    return Rung(code: code, value: format.decode(code))
  }
}
