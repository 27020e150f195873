import BinadeNumerics

/// A fixed-point accumulator of more bits than codes of formats have: two's complement, or unsigned, of up to 62 bits.
package struct WideFixedPoint: Sendable, Hashable {
  /// The widths there are; an Int64 holds every number of steps, and the sum of two of them.
  package static let bitWidths = 1...62

  /// Bits after the binary point that there may be.
  package static let fractionBitCounts = 0...62

  /// The name.
  package let name: String
  /// Two's complement when true.
  package let isSigned: Bool
  /// Bits, the sign among them.
  package let bitWidth: Int
  /// Bits after the binary point; one step is 2^-fractionBitCount.
  package let fractionBitCount: Int

  /// Describes an accumulator.
  ///
  /// Throws ``FormatError`` for widths and steps that lanes of 64 bits have no room for.
  package init(name: String, isSigned: Bool, bitWidth: Int, fractionBitCount: Int) throws(FormatError) {
    guard Self.bitWidths.contains(bitWidth) else {
      throw .invalidParameter(
        format: name,
        parameter: "bitWidth",
        found: "\(bitWidth)",
        allowed: "\(Self.bitWidths.lowerBound) to \(Self.bitWidths.upperBound) in an accumulator"
      )
    }
    guard Self.fractionBitCounts.contains(fractionBitCount) else {
      throw .invalidParameter(
        format: name,
        parameter: "fractionBitCount",
        found: "\(fractionBitCount)",
        allowed: "\(Self.fractionBitCounts.lowerBound) to \(Self.fractionBitCounts.upperBound)"
      )
    }
    self.name = name
    self.isSigned = isSigned
    self.bitWidth = bitWidth
    self.fractionBitCount = fractionBitCount
  }

  /// The distance between neighbours.
  package var quantum: Double { Double(sign: .plus, exponent: -fractionBitCount, significand: 1) }
  /// The least value, in steps.
  var leastSteps: Int64 { isSigned ? -(1 << Int64(bitWidth - 1)) : 0 }
  /// The greatest value, in steps.
  var greatestSteps: Int64 { leastSteps + (1 << Int64(bitWidth) - 1) }
  /// The least value.
  package var least: Double { Double(leastSteps) * quantum }
  /// The greatest value; above 53 bits the nearest Double to it.
  package var greatest: Double { Double(greatestSteps) * quantum }

  /// The value that a Double becomes; NaN becomes zero, infinities an end of the range.
  func rounded(_ value: Double, _ policy: ConversionPolicy) -> AccumulatorValue {
    if value.isNaN { return AccumulatorValue(0) }
    if value.isInfinite { return self.value(value < 0 ? leastSteps : greatestSteps) }
    return rounded(ExactExpansion([value]), policy)
  }

  /// The value that an exact sum becomes.
  func rounded(_ sum: ExactExpansion, _ policy: ConversionPolicy) -> AccumulatorValue {
    if sum.isZero { return AccumulatorValue(0) }
    let turn = Double(sign: .plus, exponent: bitWidth, significand: quantum)
    guard policy.overflow == .wrap else {
      // Beyond every range; what is left has few enough steps to be counted.
      if abs(sum.roundedToOdd) >= turn { return value(sum.isNegative ? leastSteps : greatestSteps) }
      return value(min(max(steps(of: sum, policy.rounding), leastSteps), greatestSteps))
    }
    // Whole turns leave sign, parity and the side of every boundary as they are.
    let low = steps(of: sum.reduced(modulo: turn), policy.rounding) << Int64(64 - bitWidth)
    let unused = UInt64(64 - bitWidth)
    return value(isSigned ? low >> Int64(unused) : Int64(bitPattern: UInt64(bitPattern: low) >> unused))
  }

  private func value(_ steps: Int64) -> AccumulatorValue {
    AccumulatorValue(steps: steps, fractionBitCount: fractionBitCount)
  }

  /// The number of steps of a sum, rounded, modulo 2^64.
  private func steps(of sum: ExactExpansion, _ rounding: RoundingRule) -> Int64 {
    // Cut toward zero at 2^31 steps, the rest has the sign of the whole, and its Double rounded to odd tells its side.
    let unit = 0x1p31 * quantum
    let upper = (sum.roundedToOdd / unit).rounded(.towardZero)
    var rest = sum
    rest.add(-upper * unit)
    let lower =
      rest.isZero
      ? 0 : StepRounding(fractionBitCount: fractionBitCount, rounding: rounding).steps(rest.roundedToOdd)
    return Int64(upper) << 31 &+ lower
  }
}
