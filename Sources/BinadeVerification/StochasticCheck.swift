import BinadeNumerics

/// Compares stochastic rounding with the oracle: numbers at every place of a gap where the count of words changes, and
/// for up to 12 random bits all the words there are.
package final class StochasticCheck {
  /// Up to so many random bits every word is tried on numbers that may become either neighbour; above, the words at
  /// which the outcome changes, the ends, and some between.
  package static let exhaustiveBitCount = 12

  private let oracle: StochasticOracle
  private let rounding: StochasticRounding
  private var report: StochasticReport

  /// Prepares the oracle; `dialect` stands above `overflow`.
  ///
  /// Throws `FormatError` for a format of more than 16 bits whose values the oracle cannot work out.
  package init(
    _ format: any NumericFormat,
    rounding: StochasticRounding,
    overflow: OverflowRule,
    dialect: Dialect? = nil
  ) throws {
    self.rounding = rounding
    oracle = try StochasticOracle(format, rounding: rounding, overflow: overflow, dialect: dialect)
    report = StochasticReport(
      format: format.name,
      rounding: rounding,
      overflowName: dialect?.rawValue ?? overflow.rawValue
    )
  }

  /// Checks `subject`: the values, and in each gap several j/2^N and the ties half-way to the next, with the Doubles and
  /// Floats around them; the gaps of underflow and overflow; zeros, infinities and NaNs.
  ///
  /// Formats of more than 8 bits are checked in some 500 gaps: those at both ends and around zero, and others spread
  /// evenly.
  ///
  /// - Complexity: O(gaps · words).
  package func run(_ subject: some StochasticSubject) -> StochasticReport {
    report = StochasticReport(
      format: report.format,
      rounding: rounding,
      overflowName: report.overflowName
    )
    let ladder = oracle.ladder
    let rungs = ladder.rungsToTest
    for rung in rungs { check(rung.value.nearestDouble, subject) }
    for index in Self.gapsToTest(rungs) {
      // Tested values of wide formats are no neighbours: the gap is the one that begins there.
      let reach = MPFRNumber.difference(rungs[index + 1].value, rungs[index].value, precision: 2400)
      let inside = MPFRNumber.sum(rungs[index].value, reach.scaled(byTwoTo: -60), precision: 2400)
      let (lower, upper) = ladder.neighbours(of: inside)
      checkGap(lower.value, upper.value, number: index, isInside: true, subject)
    }
    checkGap(ladder.beforeLeast, ladder.least.value, number: 1, isInside: false, subject)
    checkGap(ladder.greatest.value, ladder.afterGreatest, number: 2, isInside: false, subject)
    checkSpecialInputs(subject)
    return report
  }

  /// The numbers of the gaps to test: all of them, or about 500.
  private static func gapsToTest(_ rungs: [OracleRung]) -> [Int] {
    let count = rungs.count - 1
    if count <= 512 { return Array(0..<count) }
    let atZero = (0..<count).filter { rungs[$0].value.sign * rungs[$0 + 1].value.sign <= 0 }
    let ends = [0, 1, count - 2, count - 1] + atZero + atZero.flatMap { [$0 - 1, $0 + 1] }
    let spread = (0..<480).map { $0 * count / 480 }
    return Set(ends + spread).filter { (0..<count).contains($0) }.sorted()
  }

  /// Numbers in one gap; those spread evenly count for the bias where the gap lies inside the range.
  private func checkGap(
    _ lower: MPFRNumber,
    _ upper: MPFRNumber,
    number: Int,
    isInside: Bool,
    _ subject: some StochasticSubject
  ) {
    let width = MPFRNumber.difference(upper, lower, precision: 2400)
    /// lower + width · numerator / 2^exponent.
    func place(_ numerator: Int64, _ exponent: Int) -> Double {
      let part = MPFRNumber.product(
        width,
        MPFRNumber(numerator, timesTwoTo: -exponent),
        precision: 2400
      )
      return MPFRNumber.sum(lower, part, precision: 2400).nearestDouble
    }
    let bits = rounding.bitCount
    let last = Int64(rounding.wordCount) - 1
    let scattered = Int64(truncatingIfNeeded: (UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15) >> 20) & last
    let steps = Set([0, 1, last / 2, last / 2 + 1, last, scattered].map { min($0, last) }).sorted()
    for step in steps {
      for input in [place(step, bits), place(2 * step + 1, bits + 1)] { checkAround(input, subject) }
    }
    // An even and an odd step, eight numbers in the middle of the eighths of each.
    for step in Set([scattered, scattered ^ 1]).sorted() {
      for eighth in 0..<Int64(8) {
        let input = place(16 * step + 2 * eighth + 1, bits + 4)
        check(input, subject, countsForBias: isInside)
      }
    }
  }

  /// A number, the Doubles beside it, and the Floats around it.
  private func checkAround(_ value: Double, _ subject: some StochasticSubject) {
    for input in [value.nextDown, value, value.nextUp] { check(input, subject) }
    let float = MPFRNumber(value).floatBelow
    for input in [float, float.nextUp] where Double(input) != value { check(Double(input), subject) }
  }

  /// Inputs that have nothing to do with the values of the format.
  private func checkSpecialInputs(_ subject: some StochasticSubject) {
    let magnitudes: [Double] = [
      0, .leastNonzeroMagnitude, .leastNormalMagnitude, 0x1p-149, 0x1p-126, 0x1p-64, 1, 1.1, 0x1p64,
      Double(Float.greatestFiniteMagnitude), .greatestFiniteMagnitude, .infinity, .nan,
    ]
    for magnitude in magnitudes {
      check(magnitude, subject)
      check(-magnitude, subject)
    }
  }

  /// One number under many words, as a Double, and as a Float if it is one.
  private func check(_ value: Double, _ subject: some StochasticSubject, countsForBias: Bool = false) {
    let expected = oracle.expectation(for: value)
    let words = words(for: expected)
    let found = compare(value, words, expected, isFloat: false) { subject.encode(value, word: $0) }
    let float = Float(value)
    if Double(float) == value || value.isNaN {
      compare(value, words, expected, isFloat: true) { subject.encode(float, word: $0) }
    }
    guard countsForBias, let place = expected.place else { return }
    let isComplete = UInt64(words.count) == rounding.wordCount
    let farCount = isComplete ? Double(found) : Double(expected.farCount)
    report.record(bias: farCount / Double(rounding.wordCount) - place)
  }

  /// Compares the code for each word; returns for how many the number became the far neighbour.
  @discardableResult
  private func compare(
    _ value: Double,
    _ words: [UInt32],
    _ expected: StochasticOracle.Expectation,
    isFloat: Bool,
    _ encode: (UInt32) -> UInt32
  ) -> Int {
    var (wrong, far, expectedFar) = (0, 0, 0)
    var first: (word: UInt32, expected: UInt32, found: UInt32)?
    let firstFar = Int64(rounding.wordCount) - expected.farCount
    for word in words {
      let isFar = Int64(word) >= firstFar
      let code = isFar ? expected.far : expected.near
      let found = encode(word)
      expectedFar += isFar ? 1 : 0
      far += found == expected.far ? 1 : 0
      if found != code {
        wrong += 1
        if first == nil { first = (word, code, found) }
      }
    }
    report.record(words.count, wrong) {
      let (word, code, found) = first ?? (0, 0, 0)
      return Counterexample(
        operation: isFloat ? .encodeFloat : .encodeDouble,
        input: "\(value) with word \(word)",
        expected: "0x\(String(code, radix: 16)) (\(expectedFar) of \(words.count) words away)",
        found: "0x\(String(found, radix: 16)) (\(far))"
      )
    }
    return far
  }

  /// All words; or those where the outcome changes, both ends, and some between, which do where it never changes.
  private func words(for expected: StochasticOracle.Expectation) -> [UInt32] {
    let count = Int64(rounding.wordCount)
    if rounding.bitCount <= Self.exhaustiveBitCount, expected.near != expected.far {
      return Array(0..<UInt32(count))
    }
    let change = count - expected.farCount
    let chosen = [0, 1, count / 2, count - 2, count - 1, change - 2, change - 1, change, change + 1]
    let spread = (1..<8).map { $0 * (count / 8) + $0 }
    return Set(chosen + spread).filter { (0..<count).contains($0) }.sorted().map { UInt32($0) }
  }
}
