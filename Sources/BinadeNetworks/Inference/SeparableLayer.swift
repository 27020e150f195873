import BinadeQuantization

/// A layer with its quantizers, whose errors can be switched on in parts.
public struct SeparableLayer: Sendable {
  private let layer: FoldedNetwork.Layer
  /// With the activation scales of input channels multiplied in, where there is one for each.
  private let absorbed: FoldedNetwork.Layer
  private let weights: Quantizer?
  private let input: Quantizer?

  /// Finds the scales, as ``CompiledNetwork`` does.
  ///
  /// `inputSamples`: one per input channel.
  ///
  /// Throws `QuantizationFailure` when a tensor cannot be quantized.
  public init(
    _ layer: FoldedNetwork.Layer,
    _ assignment: LayerAssignment,
    inputSamples: [TensorSample],
    cache: CodecCache
  ) throws {
    self.layer = layer
    input = try assignment.activations.map {
      try Quantizer($0, samples: inputSamples, name: "\(layer.name).input", cache: cache)
    }
    let absorbed = layer.absorbing(input)
    self.absorbed = absorbed
    weights = try assignment.weights.map {
      try Quantizer($0, samples: absorbed.weightSamples, name: "\(layer.name).weight", cache: cache)
    }
  }

  /// The layer with some sources of error; without any, the float32 layer.
  public func quantized(_ sources: Set<ErrorSource>) -> QuantizedLayer {
    var result = QuantizedLayer(layer)
    guard !sources.isEmpty else { return result }
    if let weights {
      let separated = SeparatedQuantizer(weights, sources: sources)
      let depth = layer.shape.depth
      let rounded = (0..<layer.shape.outputChannels).flatMap { channel in
        separated.weights(absorbed.weights[channel * depth..<(channel + 1) * depth], channel: channel)
      }
      result.weights = released(rounded)
      result.meanWeightBitWidth = Double(weights.codec.info.bitWidth)
      result.parameterBitCount = weights.scaleBitCount
    }
    if let input { result.input = .separated(SeparatedQuantizer(input, sources: sources)) }
    return result
  }

  /// Takes the activation scales out of the weights again.
  private func released(_ weights: [Float]) -> [Float] {
    guard let input, input.scales.count > 1 else { return weights }
    let kernelSize = layer.shape.kernelHeight * layer.shape.kernelWidth
    return weights.enumerated().map { index, weight in
      let scale = input.scales[index / kernelSize % layer.shape.inputChannels]
      return Float(Double(weight) * Double(input.greatestScale) / Double(scale))
    }
  }
}
