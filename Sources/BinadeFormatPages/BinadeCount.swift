import BinadeNumerics

/// How many values have a magnitude of 2^exponent or more, but less than twice that.
package struct BinadeCount: Sendable, Hashable, Encodable {
  /// The binary exponent that the values share.
  package let exponent: Int
  /// Values above zero.
  package let positive: Int
  /// Values below zero.
  package let negative: Int

  /// The counts of every binade from the least to the greatest magnitude; empty where codes do not count values.
  static func all(_ walk: ValueWalk) -> [BinadeCount] {
    let magnitudes = [
      walk.leastPositive?.value, walk.greatestNegative?.value, walk.ladder.least.value,
      walk.ladder.greatest.value,
    ].compactMap { $0.map(abs) }.filter { $0 > 0 }
    guard let least = magnitudes.min(), let greatest = magnitudes.max() else { return [] }
    var counts: [BinadeCount] = []
    for exponent in Int(least.exponent)...Int(greatest.exponent) {
      let start = Double(sign: .plus, exponent: exponent, significand: 1)
      let end = (2 * start).nextDown
      guard let positive = walk.count(in: start...end), let negative = walk.count(in: -end ... -start) else {
        return []
      }
      counts.append(BinadeCount(exponent: exponent, positive: positive, negative: negative))
    }
    return counts
  }
}

/// Neighbouring binades with the same counts.
package struct BinadeRun: Sendable, Hashable {
  /// The exponents of the binades.
  package let exponents: ClosedRange<Int>
  /// Values above zero in each.
  package let positive: Int
  /// Values below zero in each.
  package let negative: Int

  /// Joins equal neighbours of `counts`.
  package static func runs(of counts: [BinadeCount]) -> [BinadeRun] {
    var runs: [BinadeRun] = []
    for count in counts {
      if let last = runs.last, last.positive == count.positive, last.negative == count.negative {
        runs[runs.count - 1] = BinadeRun(
          exponents: last.exponents.lowerBound...count.exponent,
          positive: last.positive,
          negative: last.negative
        )
      } else {
        runs.append(
          BinadeRun(
            exponents: count.exponent...count.exponent,
            positive: count.positive,
            negative: count.negative
          )
        )
      }
    }
    return runs
  }
}
