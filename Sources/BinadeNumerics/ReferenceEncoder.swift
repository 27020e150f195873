/// The conversion of a real number to a code, written as the definition reads.
///
/// Slow and exact for any Double; the twin that every fast codec is tested against.
public struct ReferenceEncoder: Sendable {
  /// The values of the format.
  public let ladder: any Ladder
  /// Rounding and overflow.
  public let policy: ConversionPolicy
  /// What lies outside the range becomes.
  public let outcomes: SpecialOutcomes

  /// Creates an encoder for the values in `ladder`.
  public init(ladder: any Ladder, policy: ConversionPolicy) {
    self.ladder = ladder
    self.policy = policy
    outcomes = SpecialOutcomes(ladder, policy: policy)
  }

  /// Returns the code of `value`, rounded once.
  ///
  /// - Special values: NaN becomes the canonical NaN; the sign of zero is kept where the format has -0, also
  ///   when a negative number underflows; overflow follows the policy.
  /// - Complexity: O(log n) in the number of codes; O(1) in closed-form ladders.
  public func encode(_ value: Double) -> UInt32 {
    let isNegative = value.sign == .minus
    if value.isNaN { return isNegative ? outcomes.negativeNaN : outcomes.positiveNaN }
    if value.isInfinite {
      return isNegative ? outcomes.negativeInfinity : outcomes.positiveInfinity
    }
    if ladder.least.position(of: value) == .belowBoundary {
      return encodeBeyond(isNegative: true) { $0.position(of: value) }
    }
    if ladder.greatest.position(of: value) == .aboveBoundary {
      return encodeBeyond(isNegative: false) { $0.position(of: value) }
    }
    let (lower, upper) = ladder.neighbours(of: value)
    let rung = lower.code == upper.code ? lower : choose(value, lower: lower, upper: upper)
    if rung.value == 0, isNegative, let negativeZero = ladder.specials.negativeZero {
      return negativeZero
    }
    return rung.code
  }

  private func choose(_ value: Double, lower: Rung, upper: Rung) -> Rung {
    let position = ladder.boundary(between: lower, and: upper, for: policy.rounding).position(of: value)
    return ladder.roundsUp(policy.rounding, from: position, lower: lower, upper: upper) ? upper : lower
  }

  /// Encodes a finite number outside the range: as if the ladder had one more rung at the end.
  ///
  /// `positionOf`: where the number lies relative to a boundary.
  func encodeBeyond(isNegative: Bool, _ positionOf: (Boundary) -> Position) -> UInt32 {
    if isNegative, ladder.lowerEnd == .closed { return outcomes.belowLeast }
    let lower = isNegative ? ladder.beforeLeast : ladder.greatest
    let upper = isNegative ? ladder.least : ladder.afterGreatest
    let position: Position
    if positionOf(Boundary(high: lower.value)) != .aboveBoundary {
      position = .belowBoundary
    } else if positionOf(Boundary(high: upper.value)) != .belowBoundary {
      position = .aboveBoundary
    } else {
      position = positionOf(ladder.boundary(between: lower, and: upper, for: policy.rounding))
    }
    let roundsUp = policy.rounding.roundsUp(from: position, lower: lower, upper: upper)
    let staysInside = roundsUp == isNegative
    if staysInside { return ladder.extreme(isNegative: isNegative) }
    return isNegative ? outcomes.belowLeast : outcomes.aboveGreatest
  }
}
