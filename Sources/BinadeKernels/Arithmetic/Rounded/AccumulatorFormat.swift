import BinadeNumerics

/// A format that products or sums are rounded to, with its rules for rounding and overflow.
public struct AccumulatorFormat: Sendable {
  /// A format, compiled for the rules, or fixed point without codes.
  private enum Body: Sendable {
    case coded(any NumericFormat, FormatCodec)
    case wide(WideFixedPoint)
  }

  private let body: Body
  /// Rounding and overflow.
  public let policy: ConversionPolicy
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
    body = .coded(format, codec)
    self.policy = codec.policy
    isDecidedByOddFloats = policy.overflow != .wrap && Self.areEvenFloats(codec)
  }

  /// Fixed point of more bits than codes have; overflow saturates unless it wraps.
  ///
  /// Throws ``FormatError`` for dialects, which are about codes.
  package init(
    _ wide: WideFixedPoint,
    policy: ConversionPolicy = ConversionPolicy(overflow: .ieee)
  ) throws(FormatError) {
    if let dialect = policy.dialect {
      throw .invalidParameter(
        format: wide.name,
        parameter: "dialect",
        found: dialect.rawValue,
        allowed: "none for an accumulator without codes"
      )
    }
    body = .wide(wide)
    self.policy = policy
    isDecidedByOddFloats = false
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

  /// The format; nil for fixed point of more bits than codes have.
  public var format: (any NumericFormat)? {
    if case .coded(let format, _) = body { return format }
    return nil
  }

  /// The format compiled for the rules; nil for fixed point of more bits than codes have.
  public var codec: FormatCodec? {
    if case .coded(_, let codec) = body { return codec }
    return nil
  }

  /// The fixed point that the format is, with codes or without; nil for formats of other families, and narrow integers.
  package var fixedPoint: WideFixedPoint? {
    switch body {
    case .wide(let wide): wide
    case .coded(let fixed as FixedPointFormat, _):
      try? WideFixedPoint(
        name: fixed.name,
        isSigned: fixed.isSigned,
        bitWidth: fixed.bitWidth,
        fractionBitCount: fixed.fractionBitCount
      )
    case .coded(let integer as IntegerFormat, _) where integer.range == .full:
      try? WideFixedPoint(
        name: integer.name,
        isSigned: integer.isSigned,
        bitWidth: integer.bitWidth,
        fractionBitCount: 0
      )
    case .coded: nil
    }
  }

  /// The name of the format.
  public var name: String {
    switch body {
    case .coded(let format, _): format.name
    case .wide(let wide): wide.name
    }
  }

  /// Bits of the format.
  public var bitWidth: Int {
    switch body {
    case .coded(let format, _): format.bitWidth
    case .wide(let wide): wide.bitWidth
    }
  }

  /// Whether there is a NaN among the values.
  public var hasNaN: Bool { codec.map { $0.reference.ladder.specials.nan != nil } ?? false }

  /// The least and the greatest finite value.
  package var range: (least: Double, greatest: Double) {
    switch body {
    case .coded(_, let codec):
      (codec.reference.ladder.least.value, codec.reference.ladder.greatest.value)
    case .wide(let wide): (wide.least, wide.greatest)
    }
  }

  /// The least magnitude but zero.
  package var leastNonzeroMagnitude: Double {
    switch body {
    case .coded(let format, _): (try? FormatLimits(of: format).leastNonzeroMagnitude) ?? 0
    case .wide(let wide): wide.quantum
    }
  }

  /// Whether codes wrap around.
  public var wraps: Bool { policy.dialect == nil && policy.overflow == .wrap }

  /// The value that a Double becomes: a finite number, an infinity or NaN; above 53 bits the Double nearest to it.
  public func rounded(_ value: Double) -> Double { self.value(value).high }

  /// The value that an exact sum becomes; above 53 bits the Double nearest to it.
  ///
  /// `zero`: the zero that an exact sum of zero is.
  public func rounded(_ sum: ExactExpansion, zero: Double) -> Double { value(sum, zero: zero).high }

  /// The value that a Double becomes.
  func value(_ number: Double) -> AccumulatorValue {
    switch body {
    case .coded(let format, let codec): AccumulatorValue(format.decode(codec.encode(number)))
    case .wide(let wide): wide.rounded(number, policy)
    }
  }

  /// The value that an exact sum becomes.
  ///
  /// `zero`: the zero that an exact sum of zero is.
  func value(_ sum: ExactExpansion, zero: Double) -> AccumulatorValue {
    if sum.isZero { return value(zero) }
    if case .wide(let wide) = body { return wide.rounded(sum, policy) }
    guard wraps else { return value(sum.roundedToOdd) }
    // Far more than the last turn would not fit a Double.
    let rest = sum.reduced(modulo: quantum * Double(sign: .plus, exponent: bitWidth, significand: 1))
    return value(rest.isZero ? 0 : rest.roundedToOdd)
  }

  /// The distance between neighbours of an integer or fixed-point format; 1 for others.
  var quantum: Double { fixedPoint?.quantum ?? 1 }

  /// Format, rounding and overflow in words.
  public var description: String {
    let rules = [
      policy.rounding == .nearestEven ? nil : policy.rounding.rawValue,
      policy.overflow == .ieee && policy.dialect == nil ? nil : policy.overflowName,
    ].compactMap { $0 }
    return rules.isEmpty ? name : "\(name) (\(rules.joined(separator: ", ")))"
  }
}
