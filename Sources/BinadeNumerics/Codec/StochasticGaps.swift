/// The gaps of an enumerated format, each with what finds the count of words that round away by one subtraction and
/// one multiplication.
struct StochasticGaps: Sendable {
  /// The numbers from one rung to the next, both included: at the outer one all words round away.
  struct Gap: Sendable {
    /// The inner rung.
    let base: Double
    /// 2^N / (outer - inner).
    let scale: Double
    /// How far `|x - base| * scale` may be from Δ·2^N; 0 where it is exact, 1 where nothing is known.
    let error: Double
    let inner: UInt32
    let outer: UInt32
  }

  /// Ascending; one fewer than rungs.
  let gaps: [Gap]
  /// The values of the rungs.
  let values: [Double]
  /// The number of the gap of a Float within the range.
  let table: EncodeTable
  /// The Floats within the range.
  let least: Float
  let greatest: Float
  /// The code of zero, and what it becomes for negative numbers; both 2^32 - 1 where there is none.
  let zero: UInt32
  let negativeZero: UInt32

  init(_ ladder: EnumeratedLadder, _ rounding: StochasticRounding) {
    let rungs = ladder.rungs
    values = rungs.map(\.value)
    gaps = zip(rungs, rungs.dropFirst()).map { Self.gap($0, $1, ladder.underflow, rounding) }
    var steps = [StepFunction.Step(start: FloatKey(rawValue: 0), code: 0)]
    for index in 1..<max(rungs.count - 1, 1) {
      let rung = rungs[index]
      let start = FloatKey.first(near: rung.value) { rung.position(of: $0) != .belowBoundary }
      while let last = steps.last, last.start >= start { steps.removeLast() }
      steps.append(StepFunction.Step(start: start, code: UInt32(index)))
    }
    table = EncodeTable(StepFunction(steps: steps))
    let (first, last) = (ladder.least, ladder.greatest)
    least = FloatKey.first(near: first.value) { first.position(of: $0) != .belowBoundary }.value
    let beyond = FloatKey.first(near: last.value) { last.position(of: $0) == .aboveBoundary }
    greatest = FloatKey(rawValue: beyond.rawValue - 1).value
    zero = ladder.specials.zero ?? .max
    negativeZero = ladder.specials.negativeZero ?? zero
  }

  /// The gap between two neighbours.
  static func gap(
    _ lower: Rung,
    _ upper: Rung,
    _ underflow: UnderflowTarget,
    _ rounding: StochasticRounding
  ) -> Gap {
    let isMirrored = StochasticEncoder.isMirrored(lower, upper)
    let (inner, outer) = isMirrored ? (upper, lower) : (lower, upper)
    let width = abs(outer.value - inner.value)
    let words = Double(rounding.wordCount)
    let error: Double
    if !(0x1p-900...0x1p900).contains(width)
      || (inner.value == 0 || outer.value == 0) && underflow != .nearest
    {
      error = 1
    } else if isExact(inner, outer, width) {
      error = 0
    } else {
      // Four roundings of a Double, and what the rungs leave over.
      let bound = words * (0x1p-50 + 2 * (abs(inner.residual) + abs(outer.residual)) / width)
      error = bound < 0.125 ? bound : 1
    }
    return Gap(
      base: inner.value,
      // Where nothing is known, no infinity may come in between either.
      scale: error == 1 ? 0 : words / width,
      error: error,
      inner: inner.code,
      outer: outer.code
    )
  }

  /// Whether `(x - inner) / width` is exact for every Double in the gap: a power of two is divided by, and the difference
  /// is exact by Sterbenz' lemma.
  private static func isExact(_ inner: Rung, _ outer: Rung, _ width: Double) -> Bool {
    guard inner.residual == 0, outer.residual == 0, width.significand == 1 else { return false }
    if inner.value == 0 { return true }
    return (inner.value < 0) == (outer.value < 0) && abs(outer.value) <= 2 * abs(inner.value)
  }

  /// The count of words that round away; nil where it lies too close to where it changes to tell.
  @inline(__always)
  static func awayCount(_ value: Double, _ gap: Gap, _ variant: StochasticRounding.Variant) -> UInt64? {
    let place = abs(value - gap.base) * gap.scale
    let whole = Int64(place)
    let rest = place - Double(whole)
    switch variant {
    case .a:
      if rest < gap.error || rest > 1 - gap.error { return nil }
      return UInt64(whole)
    case .b:
      if abs(rest - 0.5) < gap.error { return nil }
      return UInt64(whole) + (rest >= 0.5 ? 1 : 0)
    case .c:
      if abs(rest - 0.5) < gap.error { return nil }
      let isUp = rest > 0.5 || (rest == 0.5 && whole & 1 == 1)
      return UInt64(whole) + (isUp ? 1 : 0)
    }
  }

  /// The code of a number in a gap, and whether it stands for zero; nil where the slow twin has to decide.
  static func choose(
    _ value: Double,
    _ gap: Gap,
    _ word: UInt32,
    _ rounding: StochasticRounding
  ) -> (code: UInt32, isZero: Bool)? {
    guard let count = awayCount(value, gap, rounding.variant) else { return nil }
    if rounding.roundsAway(word, awayCount: count) { return (gap.outer, false) }
    return (gap.inner, gap.base == 0)
  }

  /// The code of a number within the range and in gap `index`; nil where the slow twin has to decide.
  @inline(__always)
  func code(
    of value: Double,
    inGap index: Int,
    word: UInt32,
    _ rounding: StochasticRounding,
    _ gaps: UnsafeBufferPointer<Gap>
  ) -> UInt32? {
    let gap = gaps[index]
    guard let count = Self.awayCount(value, gap, rounding.variant) else { return nil }
    let code = rounding.roundsAway(word, awayCount: count) ? gap.outer : gap.inner
    return code == zero && value.sign == .minus ? negativeZero : code
  }

  /// The gap of a Double within the range.
  func index(of value: Double) -> Int {
    var low = 0
    var count = gaps.count
    while count > 1 {
      let half = count / 2
      if values[low + half] <= value { low += half }
      count -= half
    }
    return low
  }
}

extension StepFunction {
  /// Steps found elsewhere, ascending; the first starts at key 0.
  fileprivate init(steps: [Step]) { self.steps = steps }
}
