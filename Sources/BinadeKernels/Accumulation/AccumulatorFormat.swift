import BinadeNumerics

/// A format that products or sums are rounded to, with its rules for rounding and overflow.
public struct AccumulatorFormat: Sendable {
  /// The format.
  public let format: any NumericFormat
  /// The format compiled for the rules.
  public let codec: FormatCodec
  /// Whether every value and every boundary is a Float with an even last bit, in formats of up to 16 bits.
  ///
  /// Then a number and its Float rounded to odd lie on the same side of all of them.
  let isDecidedByOddFloats: Bool

  /// Prepares a format.
  ///
  /// Throws ``FormatError`` for formats whose values are not Doubles between 2^-300 and 2^300 (logarithmic ones among
  /// them: their sums are irrational), and where the rules do not fit the format.
  public init(
    _ format: any NumericFormat,
    policy: ConversionPolicy = ConversionPolicy(overflow: .ieee)
  ) throws(FormatError) {
    let codec = try FormatCodec(format, policy: policy)
    let isIrrational =
      format.bitWidth <= 16
      ? format.codes.contains { format.residual(UInt32($0)) != 0 } : format.residual(3) != 0
    let limits = try FormatLimits(of: format)
    guard !isIrrational, limits.greatestFiniteMagnitude <= 0x1p300,
      limits.leastNonzeroMagnitude >= 0x1p-300
    else {
      throw .invalidParameter(
        format: format.name,
        parameter: "values",
        found: isIrrational
          ? "irrational" : "\(limits.leastNonzeroMagnitude) to \(limits.greatestFiniteMagnitude)",
        allowed: "numbers that Doubles hold, of magnitudes 2^-300 to 2^300, in an accumulator"
      )
    }
    self.format = format
    self.codec = codec
    isDecidedByOddFloats = policy.overflow != .wrap && Self.areEvenFloats(codec)
  }

  /// What lies beyond the Floats is on the same side of every number as the greatest one.
  private static func areEvenFloats(_ codec: FormatCodec) -> Bool {
    guard let rungs = codec.rungs else { return false }
    let ladder = codec.reference.ladder
    let all = [ladder.beforeLeast] + rungs + [ladder.afterGreatest]
    let boundaries = zip(all, all.dropFirst()).map { ladder.boundary(between: $0, and: $1) }
    let numbers = all.map(\.value) + boundaries.map(\.high)
    return boundaries.allSatisfy { $0.low == 0 }
      && numbers.allSatisfy { number in
        let float = Float(number)
        return abs(number) > Double(Float.greatestFiniteMagnitude)
          || (Double(float) == number && float.bitPattern & 1 == 0)
      }
  }

  /// Rounding and overflow.
  public var policy: ConversionPolicy { codec.policy }

  /// Whether codes wrap around.
  public var wraps: Bool { policy.dialect == nil && policy.overflow == .wrap }

  /// The value that a Double becomes: a finite number, an infinity or NaN.
  public func rounded(_ value: Double) -> Double { format.decode(codec.encode(value)) }

  /// The value that an exact sum becomes.
  ///
  /// `zero`: the zero that an exact sum of zero is.
  public func rounded(_ sum: ExactExpansion, zero: Double) -> Double {
    if sum.isZero { return rounded(zero) }
    guard wraps else { return rounded(sum.roundedToOdd) }
    // Far more than the last turn would not fit a Double.
    let rest = sum.reduced(modulo: quantum * Double(sign: .plus, exponent: format.bitWidth, significand: 1))
    return rounded(rest.isZero ? 0 : rest.roundedToOdd)
  }

  /// The distance between neighbours of an integer or fixed-point format; 1 for others.
  var quantum: Double { (format as? FixedPointFormat)?.quantum ?? 1 }

  /// Format, rounding and overflow in words.
  public var description: String {
    let rules = [
      policy.rounding == .nearestEven ? nil : policy.rounding.rawValue,
      policy.overflow == .ieee && policy.dialect == nil ? nil : policy.overflowName,
    ].compactMap { $0 }
    return rules.isEmpty ? format.name : "\(format.name) (\(rules.joined(separator: ", ")))"
  }
}
