import BinadeNumerics

/// What stochastic rounding must make of any Double, decided by MPFR: the place of a number in its gap is a quotient
/// of two exact differences, and every comparison with it is a multiplication.
final class StochasticOracle {
  /// The codes that a number may become.
  struct Expectation {
    /// Nearer to zero.
    let near: UInt32
    /// Farther from zero; the same when the word does not matter.
    let far: UInt32
    /// How many words give `far`.
    let farCount: Int64
    /// The exact place in the gap, rounded to a Double for statistics; nil when the word does not matter.
    let place: Double?

    init(certain code: UInt32) {
      (near, far, farCount, place) = (code, code, 0, nil)
    }

    init(near: UInt32, far: UInt32, farCount: Int64, place: Double) {
      (self.near, self.far, self.farCount, self.place) = (near, far, farCount, place)
    }
  }

  /// Differences of Doubles, of 320-bit values and of both are exact with so many bits, and so are their products
  /// with counts.
  private static let precision = 2400

  let ladder: any OracleLadder
  private let oracle: MPFROracle
  private let format: any NumericFormat
  private let rounding: StochasticRounding
  private let saturates: Bool

  init(
    _ format: any NumericFormat,
    rounding: StochasticRounding,
    overflow: OverflowRule,
    dialect: Dialect?
  ) throws {
    self.format = format
    self.rounding = rounding
    saturates = dialect == nil && overflow == .saturate
    oracle = try MPFROracle(
      format,
      policy: ConversionPolicy(rounding: .down, overflow: overflow, dialect: dialect)
    )
    ladder = oracle.ladder
  }

  func expectation(for value: Double) -> Expectation {
    guard value.isFinite else { return Expectation(certain: oracle.expectedCode(for: value)) }
    return expectation(for: MPFRNumber(value), isNegative: value.sign == .minus)
  }

  /// `isNegative`: the sign, of a zero too.
  func expectation(for exact: MPFRNumber, isNegative: Bool) -> Expectation {
    if exact.compared(to: ladder.greatest.value) > 0 {
      return beyond(exact, ladder.greatest.value, ladder.afterGreatest, false)
    }
    if exact.compared(to: ladder.least.value) < 0 {
      if format.info.lowerEnd == .closed, !saturates {
        return Expectation(certain: oracle.overflowCode(true))
      }
      return beyond(exact, ladder.least.value, ladder.beforeLeast, true)
    }
    let (lower, upper) = ladder.neighbours(of: exact)
    func code(_ rung: OracleRung) -> UInt32 {
      rung.value.isZero && isNegative ? ladder.specials.negativeZero ?? rung.code : rung.code
    }
    if lower.code == upper.code { return Expectation(certain: code(lower)) }
    if TaperedOracle.isTapered(format) {
      if lower.value.isZero { return Expectation(certain: upper.code) }
      if upper.value.isZero { return Expectation(certain: lower.code) }
    }
    return between(exact, (lower.value, code(lower)), (upper.value, code(upper)))
  }

  /// A finite number outside the range.
  private func beyond(
    _ value: MPFRNumber,
    _ extreme: MPFRNumber,
    _ next: MPFRNumber,
    _ isNegative: Bool
  ) -> Expectation {
    let stays = oracle.extreme(isNegative)
    if saturates { return Expectation(certain: stays) }
    let goes = oracle.overflowCode(isNegative)
    let isPast = value.compared(to: next) * (isNegative ? -1 : 1) >= 0
    if isPast || stays == goes { return Expectation(certain: goes) }
    return isNegative
      ? between(value, (next, goes), (extreme, stays)) : between(value, (extreme, stays), (next, goes))
  }

  private func between(
    _ value: MPFRNumber,
    _ lower: (value: MPFRNumber, code: UInt32),
    _ upper: (value: MPFRNumber, code: UInt32)
  ) -> Expectation {
    let straddles = lower.value.sign < 0 && upper.value.sign > 0
    let goesUp = straddles || lower.value.comparedInMagnitude(to: upper.value) < 0
    let (near, far) = goesUp ? (lower, upper) : (upper, lower)
    let distance = Self.distance(value, near.value)
    let width = Self.distance(far.value, near.value)
    return Expectation(
      near: near.code,
      far: far.code,
      farCount: farCount(distance.scaled(byTwoTo: rounding.bitCount), width),
      place: MPFRNumber.quotient(distance, width, precision: 64).nearestDouble
    )
  }

  /// |a - b|, exact.
  private static func distance(_ a: MPFRNumber, _ b: MPFRNumber) -> MPFRNumber {
    let difference = MPFRNumber.difference(a, b, precision: precision)
    return difference.sign < 0 ? difference.negated : difference
  }

  /// The integer that `scaled / width` becomes: down, to nearest with ties up, or to nearest with ties to even.
  private func farCount(_ scaled: MPFRNumber, _ width: MPFRNumber) -> Int64 {
    /// Whether `scaled / width >= numerator / 2`, and whether it is equal.
    func compare(halves numerator: Int64) -> Int {
      let product = MPFRNumber.product(
        MPFRNumber(numerator, timesTwoTo: -1),
        width,
        precision: Self.precision
      )
      return scaled.compared(to: product)
    }
    // A guess, and then the integer that exact comparisons say.
    var whole = MPFRNumber.quotient(scaled, width, precision: 64).floor
    while compare(halves: 2 * whole) < 0 { whole -= 1 }
    while compare(halves: 2 * whole + 2) >= 0 { whole += 1 }
    let side = compare(halves: 2 * whole + 1)
    switch rounding.variant {
    case .a: return whole
    case .b: return side < 0 ? whole : whole + 1
    case .c: return side < 0 || (side == 0 && whole.isMultiple(of: 2)) ? whole : whole + 1
    }
  }
}
