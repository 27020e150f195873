/// Takes the error of quantized values apart and keeps chosen parts.
///
/// The error y - x is the sum of what clipping to a range does and of what becomes of the clipped value: underflow if that is
/// zero, rounding otherwise.
public struct ErrorSeparation: Sendable, Hashable {
  /// The parts that are kept.
  public let sources: Set<ErrorSource>
  private let hasClipping: Bool
  private let hasRounding: Bool
  private let hasUnderflow: Bool

  /// The parts of the error of one value; others are 0.
  public typealias Parts = (clipping: Double, rounding: Double, underflow: Double)

  /// Keeps the parts in `sources`.
  public init(_ sources: Set<ErrorSource>) {
    self.sources = sources
    hasClipping = sources.contains(.clipping)
    hasRounding = sources.contains(.rounding)
    hasUnderflow = sources.contains(.underflow)
  }

  /// The parts of the error of a value that became `quantized` in a format from `least` to `greatest`.
  ///
  /// - Error: their sum is `quantized - value`, in Double.
  @inline(__always)
  public static func parts(_ value: Float, quantized: Float, least: Float, greatest: Float) -> Parts {
    let clipped = min(max(value, least), greatest)
    let clipping = Double(clipped) - Double(value)
    let rest = Double(quantized) - Double(clipped)
    return quantized == 0 ? (clipping, 0, rest) : (clipping, rest, 0)
  }

  /// The value with the kept parts of its error; without any, the value itself.
  @inline(__always)
  public func value(_ value: Float, quantized: Float, least: Float, greatest: Float) -> Float {
    Float(Double(value) + sum(Self.parts(value, quantized: quantized, least: least, greatest: greatest)))
  }

  /// One output channel of weights with the kept parts.
  ///
  /// The mean of the whole error is a part of its own, ``ErrorSource/meanShift``; the others are without their means.
  ///
  /// `limits`: the least and the greatest value that a weight can become, by its place in `weights` from 0 on.
  ///
  /// - Precondition: as many quantized weights as weights.
  public func weights(
    _ weights: ArraySlice<Float>,
    quantized: [Float],
    limits: (Int) -> (least: Float, greatest: Float)
  ) -> [Float] {
    precondition(weights.count == quantized.count, "one quantized weight per weight")
    guard !sources.isEmpty else { return Array(weights) }
    let errors = zip(weights, quantized).enumerated().map { place, pair in
      let (least, greatest) = limits(place)
      return Self.parts(pair.0, quantized: pair.1, least: least, greatest: greatest)
    }
    let count = Double(max(errors.count, 1))
    let chosenMean = errors.reduce(0) { $0 + sum($1) } / count
    let wholeMean = errors.reduce(0) { $0 + $1.clipping + $1.rounding + $1.underflow } / count
    let shift = (sources.contains(.meanShift) ? wholeMean : 0) - chosenMean
    return zip(weights, errors).map { Float(Double($0) + (sum($1) + shift)) }
  }

  @inline(__always)
  private func sum(_ parts: Parts) -> Double {
    (hasClipping ? parts.clipping : 0) + (hasRounding ? parts.rounding : 0)
      + (hasUnderflow ? parts.underflow : 0)
  }
}
