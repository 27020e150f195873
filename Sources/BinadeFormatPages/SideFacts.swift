import BinadeNumerics
import Foundation

/// What holds of the values on one side of zero, in a format whose sides differ.
///
/// - Error: `greatestRelativeError` is that of ``RelativeErrorBound``, over this side alone.
package struct SideFacts: Sendable, Hashable, Encodable {
  /// A side of zero.
  package enum Sign: String, Sendable, Hashable, Encodable {
    case positive, negative
  }

  /// Which side.
  package let sign: Sign
  /// How many values it has; nil where they cannot be counted.
  package let valueCount: Int?
  /// The least magnitude.
  package let leastMagnitude: Double
  /// The greatest magnitude.
  package let greatestMagnitude: Double
  /// The value next to 1 (on the negative side, -1) nearer to zero; zero counts.
  package let innerNeighbourOfOne: Double?
  /// The value next to 1 (-1) away from zero.
  package let outerNeighbourOfOne: Double?
  /// 1 - log2(gap at ±1), as ``FormatFacts/significantBitsAtOne``; nil where ±1 is out of range.
  package let significantBitsAtOne: Double?
  /// The greatest relative rounding error from the least magnitude of full precision on.
  package let greatestRelativeError: RelativeErrorBound?

  /// Both sides of a format whose values are not mirrored; empty where they are, or where there is one side only.
  static func all(_ walk: ValueWalk, leastNormal: Double?, _ counts: [BinadeCount]) -> [SideFacts] {
    guard !walk.isMirrored, let positive = walk.leastPositive, let negative = walk.greatestNegative else {
      return []
    }
    let peaks = RelativeErrorBound.peaks(walk, counts)
    return [
      SideFacts(.positive, walk, least: positive, greatest: walk.ladder.greatest, leastNormal, peaks),
      SideFacts(.negative, walk, least: negative, greatest: walk.ladder.least, leastNormal, peaks),
    ]
  }

  private init(
    _ sign: Sign,
    _ walk: ValueWalk,
    least: Rung,
    greatest: Rung,
    _ leastNormal: Double?,
    _ peaks: [RelativeErrorBound.Peak]
  ) {
    let one: Double = sign == .positive ? 1 : -1
    self.sign = sign
    valueCount =
      sign == .positive
      ? walk.count(from: least, through: greatest) : walk.count(from: greatest, through: least)
    leastMagnitude = abs(least.value)
    greatestMagnitude = abs(greatest.value)
    let inner = sign == .positive ? walk.below(one) : walk.above(one)
    let outer = sign == .positive ? walk.above(one) : walk.below(one)
    innerNeighbourOfOne = inner?.value
    outerNeighbourOfOne = outer?.value
    significantBitsAtOne = Self.gap(walk.contains(one), one, inner?.value, outer?.value).map { 1 - log2($0) }
    greatestRelativeError = .greatest(
      of: peaks.filter { $0.boundary * one > 0 },
      from: max(leastNormal ?? 0, abs(least.value)),
      to: abs(greatest.value),
      isSampled: walk.rungs == nil
    )
  }

  /// The gap away from zero; around ±1 where it is no value, towards zero where it is the last one.
  private static func gap(_ isValue: Bool, _ one: Double, _ inner: Double?, _ outer: Double?) -> Double? {
    if isValue { return (outer ?? inner).map { abs($0 - one) } }
    guard let inner, let outer else { return nil }
    return abs(outer - inner)
  }
}
