extension RoundingRule {
  /// Whether a number between two neighbouring magnitudes becomes the outer one, where codes of magnitudes count
  /// outwards and a sign does not change their parity.
  ///
  /// `position`: where the magnitude lies; `magnitude`: the code of the inner neighbour. The rule itself is asked, about
  /// rungs on the number's side of zero.
  @inline(__always)
  func movesAwayFromZero(_ position: Position, magnitude: UInt32, isNegative: Bool) -> Bool {
    let inner = Rung(code: magnitude, value: isNegative ? -1 : 1)
    let outer = Rung(code: magnitude + 1, value: isNegative ? -2 : 2)
    let mirrored: Position =
      switch position {
      case .belowBoundary: isNegative ? .aboveBoundary : .belowBoundary
      case .atBoundary: .atBoundary
      case .aboveBoundary: isNegative ? .belowBoundary : .aboveBoundary
      }
    let goesUp = roundsUp(
      from: mirrored,
      lower: isNegative ? outer : inner,
      upper: isNegative ? inner : outer
    )
    return goesUp != isNegative
  }
}
