/// A rounding-direction attribute (IEEE 754-2019, 4.3): which of two neighbours a real number becomes.
///
/// With neighbours 1 (code 0x38, even) and 1.125 (code 0x39) of float8_e4m3fn:
///
/// | rule          | 1.03  | 1.0625 (boundary) | 1.09  | -1.03  |
/// |---------------|-------|-------------------|-------|--------|
/// | nearestEven   | 1     | 1                 | 1.125 | -1     |
/// | nearestAway   | 1     | 1.125             | 1.125 | -1     |
/// | towardZero    | 1     | 1                 | 1     | -1     |
/// | awayFromZero  | 1.125 | 1.125             | 1.125 | -1.125 |
/// | up            | 1.125 | 1.125             | 1.125 | -1     |
/// | down          | 1     | 1                 | 1     | -1.125 |
/// | toOdd         | 1.125 | 1.125             | 1.125 | -1.125 |
///
/// Even and odd are said of the *code*. This file holds the only implementation of rounding: the reference
/// encoder asks it for every input, the table codec once per boundary.
public enum RoundingRule: String, Sendable, Hashable, CaseIterable {
  case nearestEven, nearestAway, towardZero, awayFromZero, up, down, toOdd

  /// Returns whether a real number strictly between `lower` and `upper` becomes `upper`.
  ///
  /// Where the format has no zero between a negative and a positive neighbour, the rules that look at zero
  /// take the neighbour on the number's own side, which keeps rounding monotone.
  ///
  /// - Complexity: O(1).
  /// - Precondition: `lower.value < upper.value`.
  public func roundsUp(from position: Position, lower: Rung, upper: Rung) -> Bool {
    let isNegative = upper.value <= 0
    let isPositive = lower.value >= 0
    switch self {
    case .nearestEven:
      return position.picksUpper(atBoundary: Self.isTieUp(lower: lower, upper: upper))
    case .nearestAway:
      return position.picksUpper(atBoundary: abs(upper.value) >= abs(lower.value))
    case .towardZero:
      guard isNegative || isPositive else { return position.picksUpper(atBoundary: true) }
      return isNegative
    case .awayFromZero:
      guard isNegative || isPositive else { return position.picksUpper(atBoundary: true) }
      return isPositive
    case .up:
      return true
    case .down:
      return false
    case .toOdd:
      return upper.code % 2 == 1
    }
  }

  /// Whether a tie between the neighbours goes to the upper one under ties-to-even.
  ///
  /// Neighbours of the same parity occur in codebooks in an order of their own; there the tie goes toward zero.
  private static func isTieUp(lower: Rung, upper: Rung) -> Bool {
    if lower.code % 2 != upper.code % 2 { return upper.code % 2 == 0 }
    return abs(upper.value) < abs(lower.value)
  }
}

extension Position {
  fileprivate func picksUpper(atBoundary choice: Bool) -> Bool {
    switch self {
    case .belowBoundary: false
    case .atBoundary: choice
    case .aboveBoundary: true
    }
  }
}
