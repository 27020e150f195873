import BinadeNumerics

/// The oracle's values of a format of up to 16 bits: every code's meaning, sorted by MPFR.
final class EnumeratedOracleLadder: OracleLadder {
  private let format: any NumericFormat
  private let rungs: [OracleRung]
  private var boundaries: [UInt32: MPFRNumber] = [:]
  let specials: SpecialCodes
  let beforeLeast: MPFRNumber
  let afterGreatest: MPFRNumber
  let precision: Int

  var least: OracleRung { rungs[0] }
  var greatest: OracleRung { rungs[rungs.count - 1] }
  var rungsToTest: [OracleRung] { rungs }

  init(_ format: any NumericFormat) {
    self.format = format
    // Values of codebooks are any Doubles between 2^-960 and 2^960 in magnitude: their sums take 1,973 bits.
    switch format {
    case is IntegerFormat, is FixedPointFormat, is BinaryFloatFormat, is PositFormat,
      is TakumFormat, is LogarithmicFormat, is HiFloat8Format:
      precision = OracleMeanings.irrationalPrecision
    default: precision = 2048
    }
    var rungs: [OracleRung] = []
    var specials = SpecialCodes()
    for code in UInt32(0)..<1 << UInt32(format.bitWidth) where format.isEncodable(code) {
      switch OracleMeanings.meaning(of: code, in: format) {
      case .nan:
        let isCanonical = code == format.info.canonicalNaN
        if specials.nan == nil || isCanonical { specials.nan = code }
      case .infinity(let isNegative):
        if isNegative {
          specials.negativeInfinity = specials.negativeInfinity ?? code
        } else {
          specials.positiveInfinity = specials.positiveInfinity ?? code
        }
      case .finite(_, isNegativeZero: true):
        specials.negativeZero = specials.negativeZero ?? code
      case .finite(let value, isNegativeZero: false):
        if value.isZero { specials.zero = code }
        rungs.append(OracleRung(code: code, value: value))
      }
    }
    if let only = specials.negativeZero, specials.zero == nil {
      // A zero that is alone is the zero, whatever its sign.
      specials.zero = only
      specials.negativeZero = nil
      rungs.append(OracleRung(code: only, value: MPFRNumber(0)))
    }
    self.rungs = rungs.sorted { $0.value.compared(to: $1.value) < 0 }
    self.specials = specials
    beforeLeast = Self.beyond(self.rungs[0], self.rungs[1], format)
    afterGreatest = Self.beyond(
      self.rungs[self.rungs.count - 1],
      self.rungs[self.rungs.count - 2],
      format
    )
  }

  /// One step beyond the end.
  ///
  /// Floats go on as if the exponent were unbounded, HiFloat8 as if its infinity were the number of that code; integer, fixed-point and logarithmic formats, which only
  /// clamp there, repeat their last step; codebooks and formats of one's own say it themselves, as a Double.
  private static func beyond(
    _ extreme: OracleRung,
    _ inside: OracleRung,
    _ format: any NumericFormat
  ) -> MPFRNumber {
    switch format {
    case is BinaryFloatFormat where extreme.value.isZero:
      return inside.value.negated
    case let float as BinaryFloatFormat:
      let ulp = MPFRNumber(
        Int64(extreme.value.sign),
        timesTwoTo: max(extreme.value.binade, 1 - float.exponentBias) - float.significandBitCount
      )
      return .sum(extreme.value, ulp, precision: 128)
    case is HiFloat8Format:
      return OracleMeanings.hiFloat8Magnitude(
        bits: [1, 1, 0, 1, 1, 1, 1],
        isNegative: extreme.value.sign < 0
      )
    case is IntegerFormat, is FixedPointFormat, is LogarithmicFormat:
      let step = MPFRNumber.difference(extreme.value, inside.value, precision: 2048)
      return .sum(extreme.value, step, precision: 2048)
    default:
      return MPFRNumber(
        format.valueBeyond(
          Rung(code: extreme.code, value: extreme.value.nearestDouble),
          inside: Rung(code: inside.code, value: inside.value.nearestDouble)
        )
      )
    }
  }

  func neighbours(of value: MPFRNumber) -> (lower: OracleRung, upper: OracleRung) {
    var below = 0
    var above = rungs.count - 1
    while above - below > 1 {
      let middle = (below + above) / 2
      if rungs[middle].value.compared(to: value) > 0 { above = middle } else { below = middle }
    }
    for index in [below, above] where rungs[index].value.compared(to: value) == 0 {
      return (rungs[index], rungs[index])
    }
    return (rungs[below], rungs[above])
  }

  func twiceBoundary(_ lower: OracleRung, _ upper: OracleRung) -> MPFRNumber {
    // Irrational boundaries take microseconds and are asked for again and again.
    if let known = boundaries[lower.code] { return known }
    let boundary = computedTwiceBoundary(lower, upper)
    boundaries[lower.code] = boundary
    return boundary
  }

  private func computedTwiceBoundary(_ lower: OracleRung, _ upper: OracleRung) -> MPFRNumber {
    if let boundary = TaperedOracle.boundary(lower, upper, in: format) {
      return boundary.scaled(byTwoTo: 1)
    }
    guard let logarithmic = format as? LogarithmicFormat, logarithmic.nearest == .logarithm else {
      if !isFamily(format) {
        let boundary = format.boundary(
          between: Rung(code: lower.code, value: lower.value.nearestDouble),
          and: Rung(code: upper.code, value: upper.value.nearestDouble)
        )
        return MPFRNumber.sum(
          MPFRNumber(boundary.high),
          MPFRNumber(boundary.low),
          precision: precision
        ).scaled(byTwoTo: 1)
      }
      return .sum(lower.value, upper.value, precision: precision)
    }
    // Half a step of E below the larger magnitude.
    let large = lower.value.comparedInMagnitude(to: upper.value) > 0 ? lower : upper
    let width = logarithmic.integerBitCount + logarithmic.fractionBitCount
    var exponent = Int(large.code % (1 << UInt32(width)))
    if exponent >= 1 << (width - 1) { exponent -= 1 << width }
    let magnitude = MPFRNumber(
      powerOfTwo: 2 * exponent - 1,
      overPowerOfTwo: logarithmic.fractionBitCount + 1,
      precision: precision
    ).scaled(byTwoTo: 1)
    return large.value.sign < 0 ? magnitude.negated : magnitude
  }

  private func isFamily(_ format: any NumericFormat) -> Bool {
    format is IntegerFormat || format is FixedPointFormat || format is BinaryFloatFormat
      || format is LogarithmicFormat || format is CodebookFormat || format is HiFloat8Format
  }

  func meaning(of code: UInt32) -> OracleMeaning {
    OracleMeanings.meaning(of: code, in: format)
  }
}
