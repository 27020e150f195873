import BinadeNumerics
import Foundation

/// What follows from the values of a format, besides its limits.
package struct FormatFacts: Sendable, Encodable {
  /// The least value above zero; nil where none is.
  package let leastPositive: Double?
  /// The least magnitude from which on a binary float has its full precision; nil for formats without
  /// subnormals' even steps.
  package let leastNormalMagnitude: Double?
  /// Whether 1 is a value.
  package let isOneAValue: Bool
  /// The greatest value below 1.
  package let neighbourBelowOne: Double?
  /// The least value above 1.
  package let neighbourAboveOne: Double?
  /// 1 - log2(gap at 1): the precision p of a binary float; nil where 1 is out of range.
  ///
  /// The gap is the one above 1. Where 1 is no value it is the one around 1, where 1 is the greatest value the one
  /// below.
  package let significantBitsAtOne: Double?
  /// The same in decimal digits: times log10(2).
  package let decimalDigitsAtOne: Double?
  /// The greatest relative rounding error in the normal range: from the least normal magnitude, or else the least
  /// nonzero one, to the greatest.
  package let greatestRelativeError: RelativeErrorBound?
  /// Finite values, zero once; nil where they cannot be counted.
  package let countedFiniteValues: Int?
  /// What the codes stand for; nil where they cannot be counted.
  package let codeCounts: CodeCounts?
  /// The greatest n such that all integers from 0 to n are values; nil without zero, or where it is not known.
  package let greatestContiguousInteger: Int?
  /// Values per binade, from the least to the greatest magnitude.
  package let valuesPerBinade: [BinadeCount]
  /// Each side of zero by itself, where the negative values are not those of the positive side mirrored; else empty.
  package let sides: [SideFacts]

  /// Derives the facts of `format`.
  ///
  /// Throws ``FormatError`` when its values make no ladder.
  package init(of format: any NumericFormat) throws(FormatError) {
    let walk = ValueWalk(try format.makeLadder())
    let counts = BinadeCount.all(walk)
    leastPositive = walk.leastPositive?.value
    leastNormalMagnitude = Self.leastNormal(walk, format.info.family)
    isOneAValue = walk.contains(1)
    neighbourBelowOne = walk.below(1)?.value
    neighbourAboveOne = walk.above(1)?.value
    let bits = Self.gapAtOne(walk).map { 1 - log2($0) }
    significantBitsAtOne = bits
    decimalDigitsAtOne = bits.map { $0 * log10(2) }
    let magnitudes = [walk.leastPositive, walk.greatestNegative].compactMap { $0.map { abs($0.value) } }
    greatestRelativeError = RelativeErrorBound.greatest(
      walk,
      from: leastNormalMagnitude ?? magnitudes.min() ?? 0,
      counts
    )
    countedFiniteValues = CodeCounts.finiteCount(walk)
    codeCounts = CodeCounts.counts(format, walk)
    greatestContiguousInteger = Self.contiguousInteger(walk)
    valuesPerBinade = counts
    sides = SideFacts.all(walk, leastNormal: leastNormalMagnitude, counts)
  }

  private static func gapAtOne(_ walk: ValueWalk) -> Double? {
    let (below, above) = (walk.below(1)?.value, walk.above(1)?.value)
    if walk.contains(1) { return above.map { $0 - 1 } ?? below.map { 1 - $0 } }
    guard let below, let above else { return nil }
    return above - below
  }

  /// Subnormals are multiples of the least magnitude m, up to the first doubling of the step, which comes one
  /// binade above the least normal number.
  private static func leastNormal(_ walk: ValueWalk, _ family: FormatFamily) -> Double? {
    guard family == .binaryFloat || family == .custom,
      let least = walk.leastPositive?.value
    else { return nil }
    var value = least
    while let next = walk.above(value)?.value {
      let step = next - value
      if step == 2 * least, value > least { return value / 2 }
      guard step == least else { return value == least && step > 0 ? firstNormal(walk, least) : nil }
      value *= 2
      guard walk.contains(value) else { return nil }
    }
    return nil
  }

  /// Without subnormals the least magnitude is normal, if the next binade repeats the steps of the first.
  private static func firstNormal(_ walk: ValueWalk, _ least: Double) -> Double? {
    guard let step = walk.above(least).map({ $0.value - least }),
      let next = walk.above(2 * least).map({ $0.value - 2 * least })
    else { return nil }
    return walk.contains(2 * least) && next == 2 * step ? least : nil
  }

  /// Walks integer by integer in formats of up to 16 bits, binade by binade in wider ones.
  private static func contiguousInteger(_ walk: ValueWalk) -> Int? {
    guard walk.contains(0) else { return nil }
    if walk.rungs != nil {
      var n = 0
      while walk.contains(Double(n + 1)) { n += 1 }
      return n
    }
    guard walk.contains(1) else { return 0 }
    var start = 1.0
    while let next = walk.above(start)?.value {
      guard walk.contains(start + 1) else { return Int(start) }
      let step = next - start
      let end = 2 * start
      let last = walk.below(end)?.value ?? start
      // Equal steps at both ends that divide 1: every integer between is a value.
      guard (1 / step).rounded() == 1 / step else { return nil }
      if walk.ladder.greatest.value < end { return Int(walk.ladder.greatest.value) }
      guard end - last == step, walk.contains(end) else { return nil }
      start = end
    }
    return Int(start)
  }
}
