import BinadeNumerics

/// The oracle's values of a float or fixed-point format of more than 16 bits: neighbours are multiples of the
/// quantum at a number's place, found with MPFR's floor.
final class GridOracleLadder: OracleLadder {
  private enum Grid {
    case float(BinaryFloatFormat)
    case fixed(FixedPointFormat)
  }

  private let grid: Grid
  let least: OracleRung
  let greatest: OracleRung
  let beforeLeast: MPFRNumber
  let afterGreatest: MPFRNumber
  let specials: SpecialCodes
  let precision = 320

  /// Nil for formats that have no grid.
  init?(_ format: any NumericFormat) {
    switch format {
    case let float as BinaryFloatFormat where float.lowestBinade == .subnormal && float.isSigned:
      grid = .float(float)
      let greatestCode: UInt32
      (greatestCode, specials) = Self.topCodes(of: float)
      guard case .finite(let extreme, _) = OracleMeanings.meaning(of: greatestCode, in: float) else {
        return nil
      }
      greatest = OracleRung(code: greatestCode, value: extreme)
      least = OracleRung(code: greatestCode | Self.signBit(of: float), value: extreme.negated)
      let lastStep = MPFRNumber(1, timesTwoTo: extreme.binade - float.significandBitCount)
      afterGreatest = .sum(extreme, lastStep, precision: 128)
      beforeLeast = afterGreatest.negated
    case let fixed as FixedPointFormat:
      grid = .fixed(fixed)
      let bits = fixed.bitWidth - (fixed.isSigned ? 1 : 0)
      let mask = UInt32.max >> UInt32(32 - fixed.bitWidth)
      let last = (Int64(1) << Int64(bits)) - 1
      let first = fixed.isSigned ? -last - 1 : 0
      let f = -fixed.fractionBitCount
      greatest = OracleRung(code: UInt32(last), value: MPFRNumber(last, timesTwoTo: f))
      least = OracleRung(
        code: UInt32(truncatingIfNeeded: first) & mask,
        value: MPFRNumber(first, timesTwoTo: f)
      )
      afterGreatest = MPFRNumber(last + 1, timesTwoTo: f)
      beforeLeast = MPFRNumber(first - 1, timesTwoTo: f)
      specials = SpecialCodes(zero: 0)
    default:
      return nil
    }
  }

  private static func signBit(of format: BinaryFloatFormat) -> UInt32 {
    1 << UInt32(format.exponentBitCount + format.significandBitCount)
  }

  /// The code of the greatest finite value, and the codes of zeros, infinities and NaN.
  private static func topCodes(of format: BinaryFloatFormat) -> (greatest: UInt32, specials: SpecialCodes) {
    let sign = signBit(of: format)
    switch format.specialValues {
    case .ieee:
      let lastBinade = UInt32(1) << UInt32(format.significandBitCount)
      let infinity = sign - lastBinade
      return (
        infinity - 1,
        SpecialCodes(
          zero: 0,
          negativeZero: sign,
          positiveInfinity: infinity,
          negativeInfinity: infinity | sign,
          nan: infinity | lastBinade >> 1
        )
      )
    case .finiteNaN: return (sign - 2, SpecialCodes(zero: 0, negativeZero: sign, nan: sign - 1))
    case .finite: return (sign - 1, SpecialCodes(zero: 0, negativeZero: sign))
    case .unsignedZero, .p3109Finite: return (sign - 1, SpecialCodes(zero: 0, nan: sign))
    case .p3109Extended:
      return (
        sign - 2,
        SpecialCodes(
          zero: 0,
          positiveInfinity: sign - 1,
          negativeInfinity: 2 * (sign - 1) + 1,
          nan: sign
        )
      )
    }
  }

  func neighbours(of value: MPFRNumber) -> (lower: OracleRung, upper: OracleRung) {
    switch grid {
    case .fixed(let format):
      let steps = value.scaled(byTwoTo: format.fractionBitCount).floor
      let lower = fixedRung(steps, format)
      if lower.value.compared(to: value) == 0 { return (lower, lower) }
      return (lower, fixedRung(steps + 1, format))
    case .float(let format):
      let isNegative = value.sign < 0
      let magnitude = isNegative ? value.negated : value
      let lowest = 1 - format.exponentBias
      let binade = magnitude.isZero ? lowest : max(magnitude.binade, lowest)
      let quantum = binade - format.significandBitCount
      let steps = magnitude.scaled(byTwoTo: -quantum).floor
      let inner = floatRung(steps, quantum, isNegative, format)
      if inner.value.compared(to: value) == 0 { return (inner, inner) }
      let outer = floatRung(steps + 1, quantum, isNegative, format)
      return isNegative ? (outer, inner) : (inner, outer)
    }
  }

  private func fixedRung(_ steps: Int64, _ format: FixedPointFormat) -> OracleRung {
    let modulus = Int64(1) << Int64(format.bitWidth)
    return OracleRung(
      code: UInt32((steps + modulus) % modulus),
      value: MPFRNumber(steps, timesTwoTo: -format.fractionBitCount)
    )
  }

  private func floatRung(
    _ steps: Int64,
    _ quantum: Int,
    _ isNegative: Bool,
    _ format: BinaryFloatFormat
  ) -> OracleRung {
    let m = format.significandBitCount
    var (significand, exponent) = (steps, quantum + m + format.exponentBias)
    if significand == 1 << Int64(m + 1) {
      significand /= 2
      exponent += 1
    }
    let isSubnormal = significand < 1 << Int64(m)
    var code = isSubnormal ? UInt32(significand) : UInt32(significand - (1 << Int64(m)))
    if !isSubnormal { code += UInt32(exponent) << UInt32(m) }
    let value = MPFRNumber(isNegative ? -steps : steps, timesTwoTo: quantum)
    if isNegative && steps != 0 { code |= 1 << UInt32(m + format.exponentBitCount) }
    return OracleRung(code: code, value: value)
  }

  func meaning(of code: UInt32) -> OracleMeaning {
    switch grid {
    case .float(let format): OracleMeanings.meaning(of: code, in: format)
    case .fixed(let format): OracleMeanings.meaning(of: code, in: format)
    }
  }

  /// The codes around every power of two, at both ends, and an even sprinkling between: pairs of neighbours.
  var rungsToTest: [OracleRung] {
    let anchors: [Double] = (-960...960).flatMap { exponent -> [Double] in
      let power = Double(sign: .plus, exponent: exponent, significand: 1)
      return [1, 1.1, 1.3333, 1.5, 1.75, 1.99999].flatMap { [$0 * power, -$0 * power] }
    }
    let inside = ([0, -0.0] + anchors).map { MPFRNumber($0) }.filter {
      least.value.compared(to: $0) <= 0 && greatest.value.compared(to: $0) >= 0
    }
    let found =
      inside.flatMap { value -> [OracleRung] in
        let (lower, upper) = neighbours(of: value)
        return [lower, upper]
      } + [least, greatest]
    var seen = Set<UInt32>()
    return found.filter { seen.insert($0.code).inserted }
      .sorted { $0.value.compared(to: $1.value) < 0 }
  }
}
