/// The uniform quantizer with a zero point that GEMMLOWP made common: zero is always one of its values.
///
/// `scale = max(range / (2^M - 1), 1e-8)`, `zeroPoint = round(-lower / scale)`, `q = round(clip(x / scale + zeroPoint))`,
/// `x ~ scale * (q - zeroPoint)`; halves go to even. With 0 bits every value becomes 0.
///
/// - Source: methods.md 3.1, after the code of Banner, Nahshan and Soudry, NeurIPS 2019.
public struct AffineQuantizer: Sendable, Hashable {
  /// Bits of a code, 0 to 16.
  public let bitWidth: Int
  /// The distance of neighbouring values.
  public let scale: Double
  /// The code of 0.
  public let zeroPoint: Double

  /// Covers `lower ... lower + range`, up to the shift that puts 0 on a level; a range without 0 is extended to it.
  ///
  /// - Precondition: `lower` and `range` are finite, `range` is not negative, `bitWidth` is 0 to 16.
  public init(lower: Double, range: Double, bitWidth: Int) {
    precondition((0...16).contains(bitWidth), "codes of \(bitWidth) bits; 0 to 16 are possible")
    precondition(lower.isFinite && range.isFinite && range >= 0, "no range: \(range) from \(lower)")
    self.bitWidth = bitWidth
    let steps = Double((1 << bitWidth) - 1)
    let least = min(lower, 0)
    let extent = max(lower + range, 0) - least
    scale = bitWidth == 0 ? 1e-8 : max((lower <= 0 && lower + range >= 0 ? range : extent) / steps, 1e-8)
    zeroPoint = bitWidth == 0 ? 0 : (-least / scale).rounded(.toNearestOrEven)
  }

  /// Covers -greatest to greatest with 2^bitWidth - 1 values evenly about zero, and one more beyond, which nearest rounding
  /// of what is covered never takes.
  ///
  /// - Precondition: `greatest` is finite and not negative, `bitWidth` is 2 to 16.
  public init(symmetric greatest: Double, bitWidth: Int) {
    precondition(bitWidth >= 2, "\(bitWidth) bits have no value on either side of zero")
    let steps = Double((1 << bitWidth) - 2)
    self.init(lower: -greatest, range: 2 * greatest * (steps + 1) / steps, bitWidth: bitWidth)
  }

  /// Covers the range of a channel: nothing is clipped.
  public init(_ moments: ChannelMoments, bitWidth: Int) {
    self.init(lower: moments.least, range: moments.greatest - moments.least, bitWidth: bitWidth)
  }

  /// The greatest code.
  public var greatestCode: Int { (1 << bitWidth) - 1 }

  /// The code of a finite value.
  public func encode(_ value: Double) -> Int {
    let position = value / scale + zeroPoint
    return Int(min(max(position, 0), Double(greatestCode)).rounded(.toNearestOrEven))
  }

  /// The value of a code.
  public func decode(_ code: Int) -> Double { bitWidth == 0 ? 0 : (Double(code) - zeroPoint) * scale }

  /// The quantizer's value for a finite value.
  public func fakeQuantize(_ value: Double) -> Double { decode(encode(value)) }

  /// The mean squared error over `values`.
  public func meanSquaredError(of values: some Collection<Float>) -> Double {
    let sum = values.reduce(0.0) { sum, value in
      let error = Double(value) - fakeQuantize(Double(value))
      return sum + error * error
    }
    return values.isEmpty ? 0 : sum / Double(values.count)
  }
}
