import BinadeNumerics

/// The boundaries of posits and takums: the number of one more bit between the two neighbours.
enum TaperedOracle {
  /// Nil for other families.
  static func boundary(
    _ lower: OracleRung,
    _ upper: OracleRung,
    in format: any NumericFormat
  ) -> MPFRNumber? {
    guard isTapered(format) else { return nil }
    // Negative numbers mirror the positive ones.
    let isNegative = upper.value.sign <= 0 && lower.value.sign < 0
    let inner = UInt64(isNegative ? upper.code : lower.code)
    let modulus = UInt64(1) << UInt64(format.bitWidth)
    let positive = isNegative ? (modulus - inner) % modulus : inner
    guard
      case .finite(let magnitude, _)? = meaning(
        of: positive << 1 | 1,
        width: format.bitWidth + 1,
        in: format
      )
    else { return MPFRNumber(0) }
    return isNegative ? magnitude.negated : magnitude
  }

  static func isTapered(_ format: any NumericFormat) -> Bool {
    format is PositFormat || format is TakumFormat
  }

  /// The meaning of a code of `width` bits in the family of `format`.
  static func meaning(of code: UInt64, width: Int, in format: any NumericFormat) -> OracleMeaning? {
    switch format {
    case let posit as PositFormat:
      OracleMeanings.positMeaning(of: code, width: width, exponentSize: posit.exponentBitCount)
    case let takum as TakumFormat:
      OracleMeanings.takumMeaning(of: code, width: width, kind: takum.kind)
    default: nil
    }
  }
}

/// The oracle's values of a posit or takum of more than 16 bits: neighbours by bisection over the codes, which ascend
/// with the value when read as two's complement.
final class TaperedOracleLadder: OracleLadder {
  private let format: any NumericFormat
  private var known: [Int64: OracleRung] = [:]
  let least: OracleRung
  let greatest: OracleRung
  let beforeLeast: MPFRNumber
  let afterGreatest: MPFRNumber
  let specials: SpecialCodes
  let precision = OracleMeanings.irrationalPrecision

  /// Nil for other families.
  init?(_ format: any NumericFormat) {
    let half = Int64(1) << Int64(format.bitWidth - 1)
    guard TaperedOracle.isTapered(format),
      case .finite(let last, _)? = TaperedOracle.meaning(
        of: UInt64(half - 1),
        width: format.bitWidth,
        in: format
      )
    else { return nil }
    self.format = format
    greatest = OracleRung(code: UInt32(half - 1), value: last)
    least = OracleRung(code: UInt32(half + 1), value: last.negated)
    // Nothing is beyond; any number further out will do, since overflow gives the extreme value everywhere.
    afterGreatest = last.scaled(byTwoTo: 1)
    beforeLeast = afterGreatest.negated
    specials = SpecialCodes(zero: 0, nan: UInt32(half))
  }

  func neighbours(of value: MPFRNumber) -> (lower: OracleRung, upper: OracleRung) {
    let half = Int64(1) << Int64(format.bitWidth - 1)
    var (below, above) = (-half + 1, half - 1)
    while above - below > 1 {
      let middle = (below + above) >> 1
      if rung(middle).value.compared(to: value) > 0 { above = middle } else { below = middle }
    }
    for index in [below, above] where rung(index).value.compared(to: value) == 0 {
      return (rung(index), rung(index))
    }
    return (rung(below), rung(above))
  }

  func twiceBoundary(_ lower: OracleRung, _ upper: OracleRung) -> MPFRNumber {
    (TaperedOracle.boundary(lower, upper, in: format) ?? MPFRNumber(0)).scaled(byTwoTo: 1)
  }

  func meaning(of code: UInt32) -> OracleMeaning {
    OracleMeanings.meaning(of: code, in: format)
  }

  private func rung(_ signedCode: Int64) -> OracleRung {
    if let rung = known[signedCode] { return rung }
    let modulus = Int64(1) << Int64(format.bitWidth)
    let code = UInt32((signedCode + modulus) % modulus)
    guard case .finite(let value, _) = meaning(of: code) else {
      return OracleRung(code: code, value: MPFRNumber(0))
    }
    let rung = OracleRung(code: code, value: value)
    known[signedCode] = rung
    return rung
  }

  /// The codes at both ends, around zero, and around every change of the regime and an even sprinkling between.
  var rungsToTest: [OracleRung] {
    let half = Int64(1) << Int64(format.bitWidth - 1)
    let powers = (0..<format.bitWidth - 1).flatMap { bit -> [Int64] in
      let power = Int64(1) << Int64(bit)
      return [power - 1, power, power + 1, half - power - 1, half - power, half - power + 1]
    }
    let sprinkled = (1..<256).map { $0 * (half / 256) + ($0 * 37) % 64 }
    let positive = (powers + sprinkled).flatMap { [$0, $0 + 1] }.filter { (1..<half).contains($0) }
    let chosen = Set(positive + positive.map { -$0 } + [0])
    return chosen.sorted().map { rung($0) }
  }
}
