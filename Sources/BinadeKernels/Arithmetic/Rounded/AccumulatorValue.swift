import BinadeNumerics

/// What an accumulator holds: a Double, or the exact sum of two where fixed point has more than 53 bits.
struct AccumulatorValue: Sendable, Hashable {
  /// The Double nearest to the value.
  let high: Double
  /// What `high` leaves over; 0 for a Double.
  let low: Double

  init(_ value: Double) { (high, low) = (value, 0) }

  /// A number of steps of 2^-fractionBitCount.
  ///
  /// - Precondition: magnitudes are at most 2^62.
  init(steps: Int64, fractionBitCount: Int) {
    let nearest = Double(steps)
    let quantum = Double(sign: .plus, exponent: -fractionBitCount, significand: 1)
    high = nearest * quantum
    low = Double(steps - Int64(nearest)) * quantum
  }

  /// Doubles whose exact sum it is.
  var parts: [Double] { low == 0 ? [high] : [high, low] }

  /// The exponent of the value; nil for zero.
  var exponent: Int? {
    guard high != 0 else { return nil }
    // Just below a power of two `high` is that power.
    let isRoundedUp = high.significand == 1 && low != 0 && (low < 0) != (high < 0)
    return Int(high.exponent) - (isRoundedUp ? 1 : 0)
  }

  /// The value cut toward zero to a multiple of a power of two, as Doubles whose exact sum it is.
  func cut(toMultiplesOf unit: Double) -> [Double] {
    func whole(_ part: Double) -> Double { (part / unit).rounded(.towardZero) * unit }
    let upper = whole(high)
    // What is cut off `high` is a multiple of its last place and outweighs `low`.
    if low == 0 || upper != high { return [upper] }
    let lower = whole(low)
    let isCutAwayFromZero = lower != low && (low < 0) != (high < 0)
    return [upper, lower, isCutAwayFromZero ? (high < 0 ? unit : -unit) : 0]
  }

  /// The nearest Float; every NaN is `Float.nan`.
  var nearestFloat: Float {
    if high.isNaN { return .nan }
    // Rounded to odd, so that rounding again is rounding once.
    return low == 0 ? Float(high) : Float(ExactExpansion(parts).roundedToOdd)
  }
}
