import BinadeNumerics

/// The correctly rounded conversion of any Double to a format, decided by MPFR.
///
/// Shares no rounding code with what it checks: values come from ``OracleMeanings``, positions from comparisons
/// of MPFR numbers, and the rules are written here a second time.
final class MPFROracle {
  let ladder: any OracleLadder
  private let format: any NumericFormat
  private let policy: ConversionPolicy

  /// Throws when the format has more than 16 bits and no closed form that the oracle knows.
  init(_ format: any NumericFormat, policy: ConversionPolicy) throws {
    self.format = format
    self.policy = policy
    // What cannot be a format says so before its values are used.
    _ = try format.makeLadder()
    if format.bitWidth <= 16 {
      ladder = EnumeratedOracleLadder(format)
    } else if let grid = GridOracleLadder(format) {
      ladder = grid
    } else if let tapered = TaperedOracleLadder(format) {
      ladder = tapered
    } else {
      throw FormatError.needsClosedForm(format: format.name, bitWidth: format.bitWidth)
    }
  }

  /// The code that `value` must become.
  func expectedCode(for value: Double) -> UInt32 {
    let specials = ladder.specials
    let isNegative = value.sign == .minus
    if value.isNaN { return specials.nan ?? missingNaN(isNegative) }
    if value.isInfinite {
      if TaperedOracle.isTapered(format), let nan = specials.nan { return nan }
      if let dialect = policy.dialect, !isSelfWilled {
        return DialectOracle.code(dialect, .infinity, isNegative, ladder)
      }
      return policy.overflow == .ieee
        ? overflowCode(isNegative) : extreme(isNegative)
    }
    return expectedCode(for: MPFRNumber(value), isNegative: isNegative)
  }

  /// The code that a finite number must become; `isNegative` is the sign of a zero.
  func expectedCode(for exact: MPFRNumber, isNegative: Bool) -> UInt32 {
    if policy.overflow == .wrap, policy.dialect == nil { return wrapped(exact) }
    if exact.compared(to: ladder.greatest.value) > 0 {
      return expectedBeyond(exact, from: ladder.greatest, to: ladder.afterGreatest, false)
    }
    if exact.compared(to: ladder.least.value) < 0 {
      return expectedBeyond(exact, from: ladder.least, to: ladder.beforeLeast, true)
    }
    let (lower, upper) = ladder.neighbours(of: exact)
    let chosen = lower.code == upper.code ? lower : choose(exact, lower, upper)
    if chosen.value.isZero, isNegative, let negativeZero = ladder.specials.negativeZero {
      return negativeZero
    }
    return chosen.code
  }

  private func choose(_ value: MPFRNumber, _ lower: OracleRung, _ upper: OracleRung) -> OracleRung {
    let (nearZero, farFromZero) =
      lower.value.comparedInMagnitude(to: upper.value) <= 0 ? (lower, upper) : (upper, lower)
    let straddles = lower.value.sign < 0 && upper.value.sign > 0
    // Posits and takums: no number but zero becomes zero.
    if TaperedOracle.isTapered(format) {
      if lower.value.isZero { return upper }
      if upper.value.isZero { return lower }
    }
    switch policy.rounding {
    case .up: return upper
    case .down: return lower
    case .towardZero, .awayFromZero:
      if straddles { return value.sign < 0 ? lower : upper }
      return policy.rounding == .towardZero ? nearZero : farFromZero
    case .toOdd:
      return upper.code & 1 == 1 ? upper : lower
    case .nearestEven, .nearestAway:
      let boundary =
        policy.overflow == .wrap
        ? MPFRNumber.sum(lower.value, upper.value, precision: 2200)
        : ladder.twiceBoundary(lower, upper)
      let side = value.scaled(byTwoTo: 1).compared(to: boundary)
      if side != 0 { return side < 0 ? lower : upper }
      if policy.rounding == .nearestAway {
        return lower.value.comparedInMagnitude(to: upper.value) == 0 ? upper : farFromZero
      }
      let evens = [lower, upper].filter { $0.code & 1 == 0 }
      if evens.count == 1 { return evens[0] }
      // Equal parities: toward zero, and down when both are as far.
      return lower.value.comparedInMagnitude(to: upper.value) <= 0 ? lower : upper
    }
  }

  /// A finite number beyond the end of the range: as if there were one more value.
  private func expectedBeyond(
    _ value: MPFRNumber,
    from extreme: OracleRung,
    to beyond: MPFRNumber,
    _ isNegative: Bool
  ) -> UInt32 {
    guard policy.overflow == .ieee || policy.dialect != nil else { return self.extreme(isNegative) }
    if isNegative, format.info.lowerEnd == .closed { return overflowCode(true) }
    let overflows: Bool
    // Beyond the least value of a format without zero lies zero: there, outward is toward zero.
    let outwardIsTowardZero = extreme.value.sign == (isNegative ? 1 : -1)
    let straddles = beyond.sign * extreme.value.sign < 0
    switch policy.rounding {
    case .up: overflows = !isNegative
    case .down: overflows = isNegative
    case .toOdd: overflows = extreme.code & 1 == 0
    case .towardZero, .awayFromZero:
      if straddles {
        overflows = isNegative ? value.sign < 0 : value.sign >= 0
      } else {
        overflows = outwardIsTowardZero == (policy.rounding == .towardZero)
      }
    case .nearestEven, .nearestAway:
      let boundary = MPFRNumber.sum(extreme.value, beyond, precision: ladder.precision)
      let side = value.scaled(byTwoTo: 1).compared(to: boundary) * (isNegative ? -1 : 1)
      if side != 0 {
        overflows = side > 0
      } else if policy.rounding == .nearestAway {
        let magnitudes = beyond.comparedInMagnitude(to: extreme.value)
        overflows = magnitudes > 0 || (magnitudes == 0 && !isNegative)
      } else {
        overflows = extreme.code & 1 == 1
      }
    }
    return overflows ? overflowCode(isNegative) : self.extreme(isNegative)
  }

  /// The rounded number of steps modulo 2^bitWidth, in MPFR: the place within one turn, then the neighbours there.
  private func wrapped(_ value: MPFRNumber) -> UInt32 {
    let fraction = (format as? FixedPointFormat)?.fractionBitCount ?? 0
    let modulus = Int64(1) << Int64(format.bitWidth)
    let steps = value.scaled(byTwoTo: fraction)
    let turn = steps.remainder(dividingByTwoTo: format.bitWidth)
    let (floor, isWhole) = (turn.floor, turn.isInteger)
    if isWhole { return UInt32(((floor % modulus) + modulus) % modulus) }
    func rung(_ step: Int64) -> OracleRung {
      // Signs as those of the whole number, whose neighbours are a number of turns away.
      let code = UInt32(((step % modulus) + modulus) % modulus)
      return OracleRung(
        code: code,
        value: .sum(
          MPFRNumber(step, timesTwoTo: 0),
          .difference(steps, turn, precision: 2200),
          precision: 2200
        ).scaled(byTwoTo: -fraction)
      )
    }
    let (lower, upper) = (rung(floor), rung(floor + 1))
    return choose(value, lower, upper).code
  }

  /// The code of the extreme value of one side.
  func extreme(_ isNegative: Bool) -> UInt32 {
    DialectOracle.extreme(isNegative, ladder)
  }

  /// Families whose own rules for overflow stand above dialects.
  private var isSelfWilled: Bool { TaperedOracle.isTapered(format) || format is LogarithmicFormat }

  private func missingNaN(_ isNegative: Bool) -> UInt32 {
    let zero = ladder.specials.zero ?? ladder.least.code
    return switch policy.dialect {
    case .mlDtypes: isNegative ? zero : ladder.specials.negativeZero ?? zero
    case .onnxSat, .onnxNoSat: ladder.greatest.code
    default: zero
    }
  }

  /// Infinity, else NaN, else the extreme value; a format may say otherwise.
  func overflowCode(_ isNegative: Bool) -> UInt32 {
    if let dialect = policy.dialect, !isSelfWilled {
      return DialectOracle.code(dialect, .overflow, isNegative, ladder)
    }
    let specials = ladder.specials
    let infinity = isNegative ? specials.negativeInfinity : specials.positiveInfinity
    switch format.info.overflowTarget {
    case .extreme: return extreme(isNegative)
    case .nan: return specials.nan ?? extreme(isNegative)
    case .infinity, nil: return infinity ?? specials.nan ?? extreme(isNegative)
    }
  }
}
