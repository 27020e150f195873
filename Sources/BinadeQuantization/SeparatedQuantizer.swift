import BinadeNumerics

/// A quantizer of whose error only chosen parts are there.
public struct SeparatedQuantizer: Sendable {
  /// The whole quantizer.
  public let quantizer: Quantizer
  /// The parts of its error that are there.
  public let separation: ErrorSeparation
  private let least: Float
  private let greatest: Float
  private let scales: [Float]

  /// Keeps the parts in `sources`, of those that single values have.
  public init(_ quantizer: Quantizer, sources: Set<ErrorSource>) {
    self.quantizer = quantizer
    separation = ErrorSeparation(sources)
    let ladder = quantizer.codec.reference.ladder
    least = Float(ladder.least.value)
    greatest = Float(ladder.greatest.value)
    scales = quantizer.scales
  }

  /// The parts of the error of one value; of no value in a block, which does not stand alone.
  ///
  /// - Error: their sum is Q(x) - x, in Double, without any rounding but that of Q.
  public func parts(of value: Float, channel: Int) -> ErrorSeparation.Parts {
    let scale = quantizer.scale(ofChannel: channel)
    return ErrorSeparation.parts(
      value,
      quantized: quantized(value, scale),
      least: least * scale,
      greatest: greatest * scale
    )
  }

  /// The value with the chosen parts of its error; without any, the value itself.
  public func value(_ value: Float, channel: Int) -> Float {
    let scale = quantizer.scale(ofChannel: channel)
    return separation.value(
      value,
      quantized: quantized(value, scale),
      least: least * scale,
      greatest: greatest * scale
    )
  }

  /// Rounds whole pixels, as far as the chosen parts go.
  ///
  /// - Shape: `values` is pixels x channels; `output` holds as many elements.
  public func apply(
    _ values: UnsafeBufferPointer<Float>,
    channels: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    if let blocks = quantizer.blocks {
      blocks.fakeQuantize(values, rowLength: channels, into: output)
      blocks.forEachBlock(of: values, rowLength: channels) { block, least, greatest in
        for index in block {
          output[index] = separation.value(
            values[index],
            quantized: output[index],
            least: least,
            greatest: greatest
          )
        }
      }
      return
    }
    quantizer.round(values, channels: channels, unit: 1, into: output)
    let isPerChannel = scales.count > 1
    scales.withUnsafeBufferPointer { scales in
      for pixel in stride(from: 0, to: values.count, by: channels) {
        for channel in 0..<channels {
          let scale = scales[isPerChannel ? channel : 0]
          output[pixel + channel] = separation.value(
            values[pixel + channel],
            quantized: output[pixel + channel] * scale,
            least: least * scale,
            greatest: greatest * scale
          )
        }
      }
    }
  }

  /// One output channel of weights, as far as the chosen parts go.
  public func weights(_ weights: ArraySlice<Float>, channel: Int) -> [Float] {
    let scale = quantizer.scale(ofChannel: channel)
    return separation.weights(
      weights,
      quantized: weights.map { quantized($0, scale) },
      least: least * scale,
      greatest: greatest * scale
    )
  }

  /// One output channel of weights in rows of blocks, as far as the chosen parts go.
  ///
  /// - Precondition: the quantizer has blocks.
  public func weights(_ weights: [Float], rowLength: Int, channel: Int) -> [Float] {
    guard let blocks = quantizer.blocks else { preconditionFailure("rows of blocks without blocks") }
    var quantized = weights
    var limits = [(least: Float, greatest: Float)](repeating: (0, 0), count: weights.count)
    weights.withUnsafeBufferPointer { input in
      quantized.withUnsafeMutableBufferPointer { output in
        guard let base = output.baseAddress else { return }
        blocks.fakeQuantize(input, rowLength: rowLength, channel: channel, into: base)
      }
      blocks.forEachBlock(of: input, rowLength: rowLength, channel: channel) { block, least, greatest in
        for index in block { limits[index] = (least, greatest) }
      }
    }
    return separation.weights(weights[...], quantized: quantized) { limits[$0] }
  }

  private func quantized(_ value: Float, _ scale: Float) -> Float {
    quantizer.codec.decode(quantizer.codec.encode(value / scale)) * scale
  }
}
