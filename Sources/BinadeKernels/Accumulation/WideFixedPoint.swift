import BinadeNumerics

/// A fixed-point accumulator of more bits than codes of formats have: two's complement, or unsigned, of up to 50 bits.
public struct WideFixedPoint: Sendable, Hashable {
  /// The widths there are; float64 holds every value, and the sum of two of them.
  public static let bitWidths = 1...50

  /// The name.
  public let name: String
  /// Two's complement when true.
  public let isSigned: Bool
  /// Bits, the sign among them.
  public let bitWidth: Int
  /// Bits after the binary point; one step is 2^-fractionBitCount.
  public let fractionBitCount: Int

  /// Describes an accumulator.
  ///
  /// Throws ``FormatError`` for widths and steps that lanes of float64 have no room for.
  public init(name: String, isSigned: Bool, bitWidth: Int, fractionBitCount: Int) throws(FormatError) {
    guard Self.bitWidths.contains(bitWidth) else {
      throw .invalidParameter(
        format: name,
        parameter: "bitWidth",
        found: "\(bitWidth)",
        allowed: "\(Self.bitWidths.lowerBound) to \(Self.bitWidths.upperBound) in an accumulator"
      )
    }
    guard (0...50).contains(fractionBitCount) else {
      throw .invalidParameter(
        format: name,
        parameter: "fractionBitCount",
        found: "\(fractionBitCount)",
        allowed: "0 to 50"
      )
    }
    self.name = name
    self.isSigned = isSigned
    self.bitWidth = bitWidth
    self.fractionBitCount = fractionBitCount
  }

  /// The distance between neighbours.
  public var quantum: Double { Double(sign: .plus, exponent: -fractionBitCount, significand: 1) }
  /// The least value.
  public var least: Double {
    isSigned ? -Double(sign: .plus, exponent: bitWidth - 1, significand: 1) * quantum : 0
  }
  /// The greatest value.
  public var greatest: Double {
    (Double(sign: .plus, exponent: isSigned ? bitWidth - 1 : bitWidth, significand: 1) - 1) * quantum
  }

  /// The value that a Double becomes; NaN becomes zero, infinities an end of the range.
  func rounded(_ value: Double, _ policy: ConversionPolicy) -> Double {
    if value.isNaN || value == 0 { return 0 }
    if value.isInfinite { return value < 0 ? least : greatest }
    if policy.overflow != .wrap {
      if value >= greatest { return greatest }
      if value <= least { return least }
    }
    let steps = StepRounding(fractionBitCount: fractionBitCount, rounding: policy.rounding).steps(value)
    guard policy.overflow == .wrap else { return Double(steps) * quantum }
    let unused = Int64(64 - bitWidth)
    let low = steps << unused
    let kept = isSigned ? low >> unused : Int64(truncatingIfNeeded: UInt64(bitPattern: low) >> UInt64(unused))
    return Double(kept) * quantum
  }
}
