/// The stochastic conversion of a real number to a code, written as the definition reads.
///
/// Slow and exact for any Double; the twin that ``StochasticCodec`` is tested against.
public struct StochasticEncoder: Sendable {
  /// The values of the format.
  public let ladder: any Ladder
  /// Random bits and variant.
  public let rounding: StochasticRounding
  /// What lies outside the range becomes.
  public let outcomes: SpecialOutcomes

  /// Creates an encoder for the values in `ladder`; `dialect` stands above `overflow`.
  ///
  /// - Precondition: `overflow` is not `wrap`.
  public init(
    ladder: any Ladder,
    rounding: StochasticRounding,
    overflow: OverflowRule = .saturate,
    dialect: Dialect? = nil
  ) {
    let policy = ConversionPolicy(overflow: overflow, dialect: dialect)
    precondition(!policy.wraps, "stochastic rounding does not wrap")
    self.ladder = ladder
    self.rounding = rounding
    outcomes = SpecialOutcomes(ladder, policy: policy)
  }

  /// Returns the code of `value` for a random word, of which the low `rounding.bitCount` bits count.
  ///
  /// - Special values: as those of ``outcome(of:)``.
  public func encode(_ value: Double, word: UInt32) -> UInt32 {
    let outcome = outcome(of: value)
    return rounding.roundsAway(word, awayCount: outcome.awayCount) ? outcome.outer : outcome.inner
  }

  /// Returns what `value` may become, and for how many of the words.
  ///
  /// - Special values: NaN and infinities as ``SpecialOutcomes`` say; the sign of zero is kept where the format has -0,
  ///   also when a negative number underflows. Beyond the range the ladder has one more rung, which means overflow; what
  ///   lies beyond that one overflows whatever the word. A closed lower end overflows always. Formats that keep numbers
  ///   from becoming zero give the least magnitude whatever the word.
  /// - Complexity: O(log n) in the number of codes and O(bitCount); O(1) instead of O(log n) in closed-form ladders.
  public func outcome(of value: Double) -> StochasticOutcome {
    let isNegative = value.sign == .minus
    if value.isNaN {
      return StochasticOutcome(certain: isNegative ? outcomes.negativeNaN : outcomes.positiveNaN)
    }
    if value.isInfinite {
      return StochasticOutcome(
        certain: isNegative ? outcomes.negativeInfinity : outcomes.positiveInfinity
      )
    }
    if ladder.least.position(of: value) == .belowBoundary { return outcomeBelow(value) }
    if ladder.greatest.position(of: value) == .aboveBoundary { return outcomeAbove(value) }
    let (lower, upper) = ladder.neighbours(of: value)
    func code(_ rung: Rung) -> UInt32 {
      guard isNegative, rung.value == 0 else { return rung.code }
      return ladder.specials.negativeZero ?? rung.code
    }
    if lower.code == upper.code { return StochasticOutcome(certain: code(lower)) }
    if ladder.underflow == .leastMagnitude {
      if lower.value == 0 { return StochasticOutcome(certain: upper.code) }
      if upper.value == 0 { return StochasticOutcome(certain: lower.code) }
    }
    return outcome(of: value, lower, code(lower), upper, code(upper))
  }

  /// Below the least value: the rung before it stands for overflow, even where zero is on its side.
  private func outcomeBelow(_ value: Double) -> StochasticOutcome {
    let (stays, overflows) = (ladder.extreme(isNegative: true), outcomes.belowLeast)
    let beyond = ladder.beforeLeast
    if ladder.lowerEnd == .closed || stays == overflows || value <= beyond.value {
      return StochasticOutcome(certain: overflows)
    }
    return outcome(of: value, beyond, overflows, ladder.least, stays)
  }

  /// Above the greatest value.
  private func outcomeAbove(_ value: Double) -> StochasticOutcome {
    let (stays, overflows) = (ladder.extreme(isNegative: false), outcomes.aboveGreatest)
    let beyond = ladder.afterGreatest
    if stays == overflows || value >= beyond.value { return StochasticOutcome(certain: overflows) }
    return outcome(of: value, ladder.greatest, stays, beyond, overflows)
  }

  /// Between two rungs, with the codes they stand for.
  private func outcome(
    of value: Double,
    _ lower: Rung,
    _ lowerCode: UInt32,
    _ upper: Rung,
    _ upperCode: UInt32
  ) -> StochasticOutcome {
    let isMirrored = Self.isMirrored(lower, upper)
    let fraction = GapFraction(
      of: value,
      from: isMirrored ? upper : lower,
      to: isMirrored ? lower : upper
    )
    return StochasticOutcome(
      inner: isMirrored ? upperCode : lowerCode,
      outer: isMirrored ? lowerCode : upperCode,
      awayCount: fraction.awayCount(rounding)
    )
  }

  /// Whether the upper of two neighbours is the inner one: where both are negative, or it is zero.
  static func isMirrored(_ lower: Rung, _ upper: Rung) -> Bool {
    upper.value <= 0 && lower.value < 0
  }
}
