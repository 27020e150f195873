import BinadeNumerics

/// Steps along the values of a ladder of any width, without listing them.
package struct ValueWalk: Sendable {
  package let ladder: any Ladder

  package init(_ ladder: any Ladder) { self.ladder = ladder }

  /// Returns the least rung that is not below `x`; nil beyond the greatest one.
  package func atOrAbove(_ x: Double) -> Rung? {
    if ladder.least.position(of: x) != .aboveBoundary { return ladder.least }
    if ladder.greatest.position(of: x) == .aboveBoundary { return nil }
    return ladder.neighbours(of: x).upper
  }

  /// Returns the greatest rung that is not above `x`; nil before the least one.
  package func atOrBelow(_ x: Double) -> Rung? {
    if ladder.greatest.position(of: x) != .belowBoundary { return ladder.greatest }
    if ladder.least.position(of: x) == .belowBoundary { return nil }
    return ladder.neighbours(of: x).lower
  }

  /// Returns the next rung above the number.
  package func above(_ x: Double) -> Rung? { atOrAbove(x.nextUp) }

  /// Returns the next rung below the number.
  package func below(_ x: Double) -> Rung? { atOrBelow(x.nextDown) }

  /// Returns whether the number is a value.
  package func contains(_ x: Double) -> Bool { atOrAbove(x)?.position(of: x) == .atBoundary }

  /// The least value above zero.
  package var leastPositive: Rung? { above(0) }

  /// The greatest value below zero.
  package var greatestNegative: Rung? { below(0) }

  /// All values, ascending; nil where they are too many to list (more than 16 bits).
  package var rungs: [Rung]? { (ladder as? EnumeratedLadder)?.rungs }

  /// Whether every value's negative is a value too.
  package var isMirrored: Bool {
    if let rungs {
      return zip(rungs, rungs.reversed()).allSatisfy { $0.value == -$1.value }
    }
    return ladder.least.value == -ladder.greatest.value
      && leastPositive?.value == greatestNegative.map { -$0.value }
  }

  /// How many values lie in `range`, ends included; nil where codes do not count values.
  ///
  /// Ladders in closed form are not walked: their codes ascend or descend by one from value to value on each
  /// side of zero, which is looked at where the range begins.
  ///
  /// - Precondition: zero is not inside the range.
  package func count(in range: ClosedRange<Double>) -> Int? {
    guard let first = atOrAbove(range.lowerBound), let last = atOrBelow(range.upperBound),
      first.value <= last.value
    else { return 0 }
    return count(from: first, through: last)
  }

  /// How many values lie between two on one side of zero, both included; nil where codes do not count values.
  package func count(from first: Rung, through last: Rung) -> Int? {
    if let rungs {
      return Self.index(ofFirstAbove: last.value, in: rungs)
        - Self.index(ofFirstAbove: first.value, in: rungs)
        + 1
    }
    if first.code == last.code { return 1 }
    guard let second = above(first.value), Self.distance(first.code, second.code) == 1 else { return nil }
    return Self.distance(first.code, last.code) + 1
  }

  private static func distance(_ a: UInt32, _ b: UInt32) -> Int { abs(Int(a) - Int(b)) }

  private static func index(ofFirstAbove value: Double, in rungs: [Rung]) -> Int {
    var (low, high) = (0, rungs.count)
    while low < high {
      let middle = (low + high) / 2
      if rungs[middle].value <= value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
