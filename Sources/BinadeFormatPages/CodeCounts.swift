import BinadeNumerics

/// What the codes of a format stand for.
package struct CodeCounts: Sendable, Hashable, Encodable {
  /// All codes: 2^bitWidth.
  package let total: Int
  /// Codes of +infinity and -infinity.
  package let infinity: Int
  /// Codes of NaN, those that stand for nothing among them.
  package let nan: Int
  /// The fraction of codes that are no numbers: infinities and NaNs.
  package let nonFiniteFraction: Double

  /// Counts by decoding every code; wider formats by the codes between their extreme values.
  ///
  /// Returns nil when the codes of a wide format do not count its values.
  static func counts(_ format: any NumericFormat, _ walk: ValueWalk) -> CodeCounts? {
    let total = 1 << format.bitWidth
    if format.bitWidth <= 16 {
      var (infinity, nan) = (0, 0)
      for code in format.codes {
        let value = format.decode(UInt32(code))
        if value.isInfinite { infinity += 1 } else if value.isNaN { nan += 1 }
      }
      return CodeCounts(total: total, infinity: infinity, nan: nan)
    }
    guard let numbers = finiteCount(walk) else { return nil }
    let finite = numbers + (walk.ladder.specials.negativeZero == nil ? 0 : 1)
    guard finite <= total else { return nil }
    let infinity = [walk.ladder.specials.positiveInfinity, walk.ladder.specials.negativeInfinity]
      .compactMap(\.self).count
    return CodeCounts(total: total, infinity: infinity, nan: total - finite - infinity)
  }

  /// Finite values, zero once; nil where they cannot be counted.
  static func finiteCount(_ walk: ValueWalk) -> Int? {
    if let rungs = walk.rungs { return rungs.count }
    var count = walk.contains(0) ? 1 : 0
    if let first = walk.leastPositive {
      guard let positive = walk.count(from: first, through: walk.ladder.greatest) else { return nil }
      count += positive
    }
    if let last = walk.greatestNegative {
      guard let negative = walk.count(from: walk.ladder.least, through: last) else { return nil }
      count += negative
    }
    return count
  }

  private init(total: Int, infinity: Int, nan: Int) {
    self.total = total
    self.infinity = infinity
    self.nan = nan
    nonFiniteFraction = Double(infinity + nan) / Double(total)
  }
}
