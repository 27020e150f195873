/// Conversion to an integer or fixed-point format whose codes wrap around: the rounded number of steps, modulo
/// 2^bitWidth, as hardware that drops the carry does it.
struct WrappingConversion: Sendable {
  private let bitWidth: Int
  private let fractionBitCount: Int
  private let rounding: RoundingRule
  private let ladder: any Ladder

  /// Nil for formats whose values are not all multiples of one step with the code as the multiple.
  init?(_ format: any NumericFormat, ladder: any Ladder, rounding: RoundingRule) {
    switch format {
    case let integer as IntegerFormat where integer.range == .full: fractionBitCount = 0
    case let fixed as FixedPointFormat: fractionBitCount = fixed.fractionBitCount
    default: return nil
    }
    bitWidth = format.bitWidth
    self.rounding = rounding
    self.ladder = ladder
  }

  /// The code of `value`, rounded once.
  func code(for value: Double) -> UInt32 {
    if value.isNaN { return 0 }
    let isNegative = value.sign == .minus
    if value.isInfinite { return ladder.extreme(isNegative: isNegative) }
    if value == 0 { return 0 }
    let steps = StepRounding(fractionBitCount: fractionBitCount, rounding: rounding).steps(value)
    return UInt32(truncatingIfNeeded: steps) & UInt32.max >> UInt32(32 - bitWidth)
  }
}

/// The whole number of steps of 2^-fractionBitCount that a number is rounded to.
package struct StepRounding: Sendable {
  private let fractionBitCount: Int
  private let rounding: RoundingRule

  /// A rule on a grid.
  package init(fractionBitCount: Int, rounding: RoundingRule) {
    self.fractionBitCount = fractionBitCount
    self.rounding = rounding
  }

  /// The steps of `value`, modulo 2^64.
  ///
  /// - Precondition: `value` is finite and not zero.
  package func steps(_ value: Double) -> Int64 {
    let isNegative = value.sign == .minus
    // |value| = significand x 2^exponent steps, with an integer significand of 53 bits.
    let exponent = Int(value.exponent) - 52 + fractionBitCount
    let significand = UInt64(value.significand * 0x1p52)
    let magnitude: UInt64
    if exponent >= 0 {
      magnitude = exponent < 64 ? significand << UInt64(exponent) : 0
    } else {
      magnitude = rounded(significand, discarding: -exponent, isNegative: isNegative)
    }
    return Int64(truncatingIfNeeded: isNegative ? 0 &- magnitude : magnitude)
  }

  /// An integer without its last `count` bits, rounded as the rule says of the signed number.
  private func rounded(_ significand: UInt64, discarding count: Int, isNegative: Bool) -> UInt64 {
    let kept = count < 64 ? significand >> UInt64(count) : 0
    let rest = significand - (count < 64 ? kept << UInt64(count) : 0)
    if rest == 0 { return kept }
    let position: Position
    if count > 60 {
      position = isNegative ? .aboveBoundary : .belowBoundary
    } else {
      let half = UInt64(1) << UInt64(count - 1)
      position = rest == half ? .atBoundary : (rest < half) != isNegative ? .belowBoundary : .aboveBoundary
    }
    let inner = Rung(code: UInt32(truncatingIfNeeded: kept), value: Double(kept) * (isNegative ? -1 : 1))
    let outer = Rung(
      code: UInt32(truncatingIfNeeded: kept + 1),
      value: Double(kept + 1) * (isNegative ? -1 : 1)
    )
    let movesUp = rounding.roundsUp(
      from: position,
      lower: isNegative ? outer : inner,
      upper: isNegative ? inner : outer
    )
    return movesUp == isNegative ? kept : kept + 1
  }
}
