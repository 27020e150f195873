/// A conversion from Float32 written out: the keys at which the code changes.
///
/// Rounding is monotone, so a format of n values has at most n + 6 steps over all 2^32 inputs, infinities and
/// NaNs included. Each step is found by asking ``RoundingRule`` once per position between two neighbours; no
/// rounding happens here.
struct StepFunction: Sendable {
  struct Step: Sendable {
    let start: FloatKey
    let code: UInt32
  }

  /// Ascending; the first starts at key 0.
  let steps: [Step]

  init(ladder: EnumeratedLadder, policy: ConversionPolicy) {
    var builder = Builder(ladder: ladder, policy: policy)
    builder.run()
    steps = builder.steps
  }

  private struct Builder {
    let ladder: EnumeratedLadder
    let policy: ConversionPolicy
    let outcomes: SpecialOutcomes
    var steps: [Step] = []

    init(ladder: EnumeratedLadder, policy: ConversionPolicy) {
      self.ladder = ladder
      self.policy = policy
      outcomes = SpecialOutcomes(ladder, policy: policy)
    }

    mutating func run() {
      let specials = ladder.specials
      append(FloatKey(rawValue: 0), outcomes.negativeNaN)
      append(.negativeInfinity, outcomes.negativeInfinity)
      appendLowerEnd()
      for (lower, upper) in zip(ladder.rungs, ladder.rungs.dropFirst()) {
        let start = threshold(from: lower, to: upper)
        if upper.value == 0, let negativeZero = specials.negativeZero {
          append(start, negativeZero)
          append(.zero, upper.code)
        } else {
          append(start, upper.code)
        }
      }
      appendUpperEnd()
      append(.infinity, outcomes.positiveInfinity)
      append(FloatKey.infinity.next, outcomes.positiveNaN)
    }

    /// What finite inputs below the least value become, up to the start of the least value.
    private mutating func appendLowerEnd() {
      let (before, least) = (ladder.beforeLeast, ladder.least)
      let isClosed = ladder.lowerEnd == .closed
      let overflows =
        outcomes.belowLeast != ladder.extreme(isNegative: true)
        && (isClosed
          || !policy.rounding.roundsUp(from: .belowBoundary, lower: before, upper: least))
      if overflows { append(.leastFinite, outcomes.belowLeast) }
      let start =
        !overflows
        ? .leastFinite
        : isClosed
          ? .first(near: least.value) { least.position(of: $0) != .belowBoundary }
          : threshold(from: before, to: least)
      if least.value == 0, let negativeZero = ladder.specials.negativeZero {
        append(start, negativeZero)
        append(.zero, least.code)
      } else {
        append(start, least.code)
      }
    }

    /// Where finite inputs above the greatest value begin to overflow.
    private mutating func appendUpperEnd() {
      let (greatest, after) = (ladder.greatest, ladder.afterGreatest)
      guard outcomes.aboveGreatest != greatest.code,
        policy.rounding.roundsUp(from: .aboveBoundary, lower: greatest, upper: after)
      else { return }
      append(threshold(from: greatest, to: after), outcomes.aboveGreatest)
    }

    /// The first key between two neighbours that becomes the upper one.
    private func threshold(from lower: Rung, to upper: Rung) -> FloatKey {
      let rule = policy.rounding
      if ladder.roundsUp(rule, from: .belowBoundary, lower: lower, upper: upper) {
        return .first(near: lower.value) { lower.position(of: $0) == .aboveBoundary }
      }
      if !ladder.roundsUp(rule, from: .aboveBoundary, lower: lower, upper: upper) {
        return .first(near: upper.value) { upper.position(of: $0) != .belowBoundary }
      }
      let boundary = ladder.boundary(between: lower, and: upper, for: rule)
      let tieGoesUp = ladder.roundsUp(rule, from: .atBoundary, lower: lower, upper: upper)
      return .first(near: boundary.high) { value in
        let position = boundary.position(of: value)
        return position == .aboveBoundary || (tieGoesUp && position == .atBoundary)
      }
    }

    /// A step that starts where the one before it does replaces it: no Float32 lies between.
    private mutating func append(_ start: FloatKey, _ code: UInt32) {
      while let last = steps.last, last.start >= start, start.rawValue > 0 { steps.removeLast() }
      steps.append(Step(start: start, code: code))
    }
  }
}
