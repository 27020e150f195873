import BinadeNumerics
import Foundation

/// An axis that values stand on: linear, or zero in the middle and binades to both sides.
package struct NumberLineAxis: Sendable {
  package enum Kind: Sendable { case linear, binades }

  package let kind: Kind
  /// The positions at both ends.
  package let range: ClosedRange<Double>
  /// On the axis of binades, the magnitude 2^firstExponent stands at ±1.
  package let firstExponent: Int
  private let lastExponent: Int

  /// The axis that holds every value of `walk`.
  package init(_ kind: Kind, _ walk: ValueWalk) {
    self.kind = kind
    let (least, greatest) = (walk.ladder.least.value, walk.ladder.greatest.value)
    let magnitudes = [walk.leastPositive?.value, walk.greatestNegative?.value].compactMap { $0.map(abs) }
    firstExponent = magnitudes.map { Int($0.exponent) }.min() ?? 0
    lastExponent = Int(max(abs(least), abs(greatest)).exponent)
    let first = firstExponent
    range =
      switch kind {
      case .linear: least...greatest
      case .binades:
        Self.binadePosition(least, first)...Self.binadePosition(greatest, first)
      }
  }

  /// Where a value stands.
  package func position(of value: Double) -> Double {
    kind == .linear ? value : Self.binadePosition(value, firstExponent)
  }

  /// What stands at a position; zero between the least magnitudes of the axis of binades.
  package func value(at position: Double) -> Double {
    if kind == .linear { return position }
    if abs(position) < 1 { return position < 0 ? -leastMagnitude.nextDown : leastMagnitude * position }
    let magnitude = exp2(abs(position) - 1 + Double(firstExponent))
    return position < 0 ? -magnitude : magnitude
  }

  private var leastMagnitude: Double { Double(sign: .plus, exponent: firstExponent, significand: 1) }

  private static func binadePosition(_ value: Double, _ firstExponent: Int) -> Double {
    if value == 0 { return 0 }
    let position = log2(abs(value)) - Double(firstExponent) + 1
    return value < 0 ? -position : position
  }

  /// Powers of two, evenly spread, at most about nine to a side; with zero, on the axis of binades.
  package var binadeTicks: [(position: Double, exponent: Int, isNegative: Bool)] {
    let step = Self.exponentStep(lastExponent - firstExponent + 1)
    let exponents = (firstExponent...lastExponent).filter { $0.isMultiple(of: step) }
    return [true, false].flatMap { isNegative in
      exponents.map { exponent in
        let position = Double(exponent - firstExponent + 1)
        return (isNegative ? -position : position, exponent, isNegative)
      }
    }.filter { range.contains($0.position) }
  }

  /// The distance between ticks on an axis of `count` binades.
  package static func exponentStep(_ count: Int) -> Int {
    var step = 1
    while count > 9 * step { step *= 2 }
    return step
  }

  /// The values to draw: all of them, or one per column where there are more than columns.
  package func drawnRungs(_ walk: ValueWalk, columnCount: Int) -> [Rung] {
    if let rungs = walk.rungs, rungs.count <= columnCount { return rungs }
    var drawn: [Rung] = []
    for column in columns(columnCount) {
      guard let rung = walk.atOrAbove(value(at: column.lowerBound)) else { continue }
      if position(of: rung.value) <= column.upperBound, drawn.last?.value != rung.value { drawn.append(rung) }
    }
    return drawn
  }

  /// The range cut into equal pieces.
  private func columns(_ count: Int) -> [ClosedRange<Double>] {
    let width = (range.upperBound - range.lowerBound) / Double(count)
    return (0..<count).map { index in
      let start = range.lowerBound + Double(index) * width
      return start...(index == count - 1 ? range.upperBound : max(start, start + width))
    }
  }

  /// The axis as a line of characters: `·` no value, `|` one, `#` more.
  package func text(_ walk: ValueWalk, width: Int) -> String {
    // Values in the middle of the first and the last character.
    let spread = (range.upperBound - range.lowerBound) / Double(width - 1)
    return String(
      (0..<width).map { column -> Character in
        let start = range.lowerBound + (Double(column) - 0.5) * spread
        guard let first = walk.atOrAbove(value(at: start)), isBefore(first, start + spread) else {
          return "·"
        }
        return walk.above(first.value).map { isBefore($0, start + spread) } == true ? "#" : "|"
      }
    )
  }

  private func isBefore(_ rung: Rung, _ end: Double) -> Bool { position(of: rung.value) < end }
}
