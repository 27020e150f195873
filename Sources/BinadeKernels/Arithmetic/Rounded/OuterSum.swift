import BinadeNumerics

/// The accumulator that the sums of chunks are added to, number by number.
enum OuterSum: Sendable {
  /// float32, to nearest.
  case float32
  /// Any other, as the reference does it.
  case format(AccumulatorFormat)

  /// The accumulator of chunks in `target`.
  init(_ target: AccumulatorFormat) {
    if case .float32? = SumRounding(target) { self = .float32 } else { self = .format(target) }
  }

  /// total + chunk, rounded once.
  func adding(_ chunk: AccumulatorValue, to total: AccumulatorValue) -> AccumulatorValue {
    switch self {
    case .float32 where chunk.low == 0:
      return AccumulatorValue(Self.nearestFloat(total.high, chunk.high))
    case .float32:
      let sum = ExactExpansion(total.parts + chunk.parts)
      return AccumulatorValue(Double(Float(sum.roundedToOdd)))
    case .format(let format): return ReferenceAccumulation.add(total.parts + chunk.parts, format)
    }
  }

  /// The Float nearest to x + y.
  private static func nearestFloat(_ x: Double, _ y: Double) -> Double {
    let sum = x + y
    guard sum.isFinite else { return sum }
    let yPart = sum - x
    let lost = (x - (sum - yPart)) + (y - yPart)
    guard lost != 0, sum.bitPattern & 1 == 0 else { return Double(Float(sum)) }
    // Rounded to odd, so that rounding again is rounding once.
    return Double(Float(lost > 0 ? sum.nextUp : sum.nextDown))
  }
}
