import BinadeNumerics

/// A quantizer of whose error only chosen parts are there.
///
/// The error Q(x) - x is the sum of three parts, each x's own: what clipping to the range of the format does, and then, what
/// becomes of the clipped value: underflow if that is zero, rounding otherwise.
public struct SeparatedQuantizer: Sendable {
  /// The whole quantizer.
  public let quantizer: Quantizer
  /// The parts of its error that are there.
  public let sources: Set<ErrorSource>
  private let least: Float
  private let greatest: Float
  private let scales: [Float]
  private let hasClipping: Bool
  private let hasRounding: Bool
  private let hasUnderflow: Bool

  /// Keeps the parts in `sources`, of those that single values have.
  public init(_ quantizer: Quantizer, sources: Set<ErrorSource>) {
    self.quantizer = quantizer
    self.sources = sources
    let ladder = quantizer.codec.reference.ladder
    least = Float(ladder.least.value)
    greatest = Float(ladder.greatest.value)
    scales = quantizer.scales
    hasClipping = sources.contains(.clipping)
    hasRounding = sources.contains(.rounding)
    hasUnderflow = sources.contains(.underflow)
  }

  /// The parts of the error of one value.
  ///
  /// - Error: their sum is Q(x) - x, in Double, without any rounding but that of Q.
  public func parts(of value: Float, channel: Int) -> (clipping: Double, rounding: Double, underflow: Double)
  {
    let scale = quantizer.scale(ofChannel: channel)
    let clipped = min(max(value, least * scale), greatest * scale)
    let quantized = quantizer.codec.decode(quantizer.codec.encode(value / scale)) * scale
    let clipping = Double(clipped) - Double(value)
    let rest = Double(quantized) - Double(clipped)
    return quantized == 0 ? (clipping, 0, rest) : (clipping, rest, 0)
  }

  /// The value with the chosen parts of its error; without any, the value itself.
  public func value(_ value: Float, channel: Int) -> Float {
    let parts = parts(of: value, channel: channel)
    return Float(Double(value) + sum(parts))
  }

  /// Rounds whole pixels, as far as the chosen parts go.
  ///
  /// - Shape: `values` is pixels x channels; `output` holds as many elements.
  public func apply(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    quantizer.round(values, channels: channels, unit: 1, into: output)
    let isPerChannel = scales.count > 1
    scales.withUnsafeBufferPointer { scales in
      for pixel in stride(from: 0, to: values.count, by: channels) {
        for channel in 0..<channels {
          let (value, scale) = (values[pixel + channel], scales[isPerChannel ? channel : 0])
          let clipped = min(max(value, least * scale), greatest * scale)
          let quantized = output[pixel + channel] * scale
          let clipping = Double(clipped) - Double(value)
          let rest = Double(quantized) - Double(clipped)
          output[pixel + channel] = Float(
            Double(value) + sum(quantized == 0 ? (clipping, 0, rest) : (clipping, rest, 0))
          )
        }
      }
    }
  }

  /// One output channel of weights, as far as the chosen parts go.
  ///
  /// The mean of the whole error is a part of its own, ``ErrorSource/meanShift``; the others are without their means.
  public func weights(_ weights: ArraySlice<Float>, channel: Int) -> [Float] {
    guard !sources.isEmpty else { return Array(weights) }
    let errors = weights.map { parts(of: $0, channel: channel) }
    let count = Double(max(errors.count, 1))
    let chosenMean = errors.reduce(0) { $0 + sum($1) } / count
    let wholeMean = errors.reduce(0) { $0 + $1.clipping + $1.rounding + $1.underflow } / count
    let shift = (sources.contains(.meanShift) ? wholeMean : 0) - chosenMean
    return zip(weights, errors).map { Float(Double($0) + (sum($1) + shift)) }
  }

  @inline(__always)
  private func sum(_ parts: (clipping: Double, rounding: Double, underflow: Double)) -> Double {
    (hasClipping ? parts.clipping : 0) + (hasRounding ? parts.rounding : 0)
      + (hasUnderflow ? parts.underflow : 0)
  }
}
