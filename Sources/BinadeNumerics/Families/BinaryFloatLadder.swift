/// The ladder of a binary float of any width, in closed form: codes of one sign are ordered like magnitudes.
package struct BinaryFloatLadder: Ladder {
  package let least: Rung
  package let greatest: Rung
  package let beforeLeast: Rung
  package let afterGreatest: Rung
  package let specials: SpecialCodes
  package let overflowTarget: OverflowTarget?
  private let format: BinaryFloatFormat

  /// Throws when the format has no subnormals: neighbours of zero would not be one code apart.
  package init(_ format: BinaryFloatFormat) throws(FormatError) {
    guard format.hasSubnormals else {
      throw .invalidParameter(
        format: format.name,
        parameter: "hasSubnormals",
        found: "false",
        allowed: "true for more than 16 bits"
      )
    }
    self.format = format
    let signBit = format.signBit
    let allOnes = signBit - 1
    let infinity = format.exponentMask << UInt32(format.significandBitCount)
    let greatestCode: UInt32
    switch format.specialValues {
    case .ieee:
      greatestCode = infinity - 1
      specials = SpecialCodes(
        zero: 0,
        negativeZero: signBit,
        positiveInfinity: infinity,
        negativeInfinity: infinity | signBit,
        nan: format.info.canonicalNaN
      )
    case .finiteNaN:
      greatestCode = allOnes - 1
      specials = SpecialCodes(zero: 0, negativeZero: signBit, nan: allOnes)
    case .finite:
      greatestCode = allOnes
      specials = SpecialCodes(zero: 0, negativeZero: signBit)
    case .unsignedZero:
      greatestCode = allOnes
      specials = SpecialCodes(zero: 0, nan: signBit)
    }
    let extreme = format.decode(greatestCode)
    let beyond = format.valueBeyond(
      Rung(code: greatestCode, value: extreme),
      inside: Rung(code: greatestCode - 1, value: format.decode(greatestCode - 1))
    )
    greatest = Rung(code: greatestCode, value: extreme)
    least = Rung(code: greatestCode | signBit, value: -extreme)
    afterGreatest = Rung(code: greatestCode &+ 1, value: beyond)
    beforeLeast = Rung(code: (greatestCode | signBit) &+ 1, value: -beyond)
    overflowTarget = format.info.overflowTarget
  }

  package func neighbours(of value: Double) -> (lower: Rung, upper: Rung) {
    let magnitude = abs(value)
    let leastExponent = 1 - format.exponentBias
    let exponent = magnitude == 0 ? leastExponent : max(Int(magnitude.exponent), leastExponent)
    let ulp = Double(sign: .plus, exponent: exponent - format.significandBitCount, significand: 1)
    let steps = (magnitude / ulp).rounded(.down)
    // The hidden bit, present in `steps` of normal numbers, adds the 1 that the exponent field needs.
    let code =
      UInt32(exponent - leastExponent) << UInt32(format.significandBitCount) + UInt32(steps)
    let inner = rung(code, isNegative: value < 0)
    if steps * ulp == magnitude { return (inner, inner) }
    let outer = rung(code + 1, isNegative: value < 0)
    return value < 0 ? (outer, inner) : (inner, outer)
  }

  package func boundary(between lower: Rung, and upper: Rung) -> Boundary {
    .midpoint(lower.value, upper.value)
  }

  private func rung(_ magnitudeCode: UInt32, isNegative: Bool) -> Rung {
    let code = isNegative && magnitudeCode != 0 ? magnitudeCode | format.signBit : magnitudeCode
    return Rung(code: code, value: format.decode(code))
  }
}
