/// The place of a number in the gap between two rungs, `(x - inner) / (outer - inner)`, as an exact fraction of two
/// integers.
///
/// All terms are Doubles, so on the grid of the finest of them numerator and denominator are integers, of at most 2,130
/// bits. Nothing is rounded here, whatever the magnitudes.
///
/// - Error: none for rungs that are Doubles. Irrational rungs enter as `value + residual`, good to 2^-95 of
///   the value; the count is wrong by one if Δ·2^N lies closer than that to where it changes.
struct GapFraction: Sendable {
  private let numerator: [UInt64]
  private let denominator: [UInt64]

  /// The place of `value`.
  ///
  /// - Precondition: `value` lies in the closed gap; the rungs differ.
  init(of value: Double, from inner: Rung, to outer: Rung) {
    let isMirrored = outer.value < inner.value
    let number = Term.terms([value], areNegative: isMirrored)
    let end = Term.terms([outer.value, outer.residual], areNegative: isMirrored)
    let start = Term.terms([inner.value, inner.residual], areNegative: !isMirrored)
    let exponents = (number + end + start).map(\.exponent)
    let lowest = exponents.min() ?? 0
    // 53 bits of the highest, some for carries, the sign and one doubling.
    let limbCount = ((exponents.max() ?? 0) - lowest + 60) / 64 + 1
    numerator = Self.sum(number + start, lowest, limbCount)
    denominator = Self.sum(end + start, lowest, limbCount)
  }

  /// How many of the words of `rounding` round to `outer`: Δ·2^N, made an integer as the variant says.
  ///
  /// - Complexity: O(N) additions; one binary digit of Δ at a time.
  func awayCount(_ rounding: StochasticRounding) -> UInt64 {
    if numerator == denominator { return rounding.wordCount }
    var count: UInt64 = 0
    var rest = numerator
    for _ in 0..<rounding.bitCount {
      count <<= 1
      Self.double(&rest)
      if Self.compare(rest, denominator) >= 0 {
        Self.subtract(denominator, from: &rest)
        count |= 1
      }
    }
    Self.double(&rest)
    let side = Self.compare(rest, denominator)
    switch rounding.variant {
    case .a: return count
    case .b: return side >= 0 ? count + 1 : count
    case .c: return side > 0 || (side == 0 && count % 2 == 1) ? count + 1 : count
    }
  }

  /// ± significand x 2^exponent.
  private struct Term {
    let isNegative: Bool
    let significand: UInt64
    let exponent: Int

    /// The terms that are not zero, with the other sign when `areNegative`.
    ///
    /// Only binary floats with an exponent range beyond Double's have an infinite neighbour of a Double: 2^1024.
    static func terms(_ values: [Double], areNegative: Bool) -> [Term] {
      values.compactMap { value in
        guard value != 0 else { return nil }
        let isNegative = (value < 0) != areNegative
        if value.isInfinite { return Term(isNegative: isNegative, significand: 1, exponent: 1024) }
        let isSubnormal = value.exponentBitPattern == 0
        return Term(
          isNegative: isNegative,
          significand: value.significandBitPattern | (isSubnormal ? 0 : 1 << 52),
          exponent: max(Int(value.exponentBitPattern), 1) - 1075
        )
      }
    }
  }

  /// The sum of the terms in units of 2^lowest, in two's complement; the sums asked for are not negative.
  private static func sum(_ terms: [Term], _ lowest: Int, _ limbCount: Int) -> [UInt64] {
    var total = [UInt64](repeating: 0, count: limbCount)
    for term in terms {
      let (limb, shift) = (term.exponent - lowest).quotientAndRemainder(dividingBy: 64)
      var shifted = [UInt64](repeating: 0, count: limbCount)
      shifted[limb] = term.significand << UInt64(shift)
      if limb + 1 < limbCount { shifted[limb + 1] = term.significand >> UInt64(64 - shift) }
      if term.isNegative {
        subtract(shifted, from: &total)
      } else {
        add(shifted, to: &total)
      }
    }
    return total
  }

  private static func add(_ other: [UInt64], to total: inout [UInt64]) {
    var carry: UInt64 = 0
    for index in total.indices {
      let (partial, first) = total[index].addingReportingOverflow(other[index])
      let (sum, second) = partial.addingReportingOverflow(carry)
      total[index] = sum
      carry = first || second ? 1 : 0
    }
  }

  private static func subtract(_ other: [UInt64], from total: inout [UInt64]) {
    var borrow: UInt64 = 0
    for index in total.indices {
      let (partial, first) = total[index].subtractingReportingOverflow(other[index])
      let (difference, second) = partial.subtractingReportingOverflow(borrow)
      total[index] = difference
      borrow = first || second ? 1 : 0
    }
  }

  private static func double(_ number: inout [UInt64]) {
    var carry: UInt64 = 0
    for index in number.indices {
      let next = number[index] >> 63
      number[index] = number[index] << 1 | carry
      carry = next
    }
  }

  /// Negative, zero or positive like a - b.
  private static func compare(_ a: [UInt64], _ b: [UInt64]) -> Int {
    for index in a.indices.reversed() where a[index] != b[index] {
      return a[index] < b[index] ? -1 : 1
    }
    return 0
  }
}
