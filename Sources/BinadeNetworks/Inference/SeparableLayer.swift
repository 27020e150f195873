import BinadeQuantization

/// A layer whose quantization errors can be switched on in parts.
public struct SeparableLayer: Sendable {
  private enum Errors: Sendable {
    /// Those of quantizers. The weights have the activation scales of input channels multiplied in, where there is one each.
    case fitted(absorbed: FoldedNetwork.Layer, weights: Quantizer?, input: Quantizer?, absorbs: Bool)
    /// Those of a recipe.
    case prepared(QuantizedLayer)
  }

  private let layer: FoldedNetwork.Layer
  private let errors: Errors

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
    let input = try assignment.activations.map {
      try Quantizer(
        $0,
        samples: inputSamples,
        operand: .activations,
        name: "\(layer.name).input",
        cache: cache
      )
    }
    let absorbed = assignment.absorbsInputScales ? layer.absorbing(input) : layer
    let weights = try assignment.weights.map {
      try Quantizer($0, samples: absorbed.weightSamples, name: "\(layer.name).weight", cache: cache)
    }
    errors = .fitted(
      absorbed: absorbed,
      weights: weights,
      input: input,
      absorbs: assignment.absorbsInputScales
    )
  }

  /// A layer that post-training quantization has prepared.
  ///
  /// What a recipe does about means, to weights and to the bias, is a part of ``ErrorSource/meanShift``.
  public init(_ layer: FoldedNetwork.Layer, _ quantized: QuantizedLayer) {
    self.layer = layer
    errors = .prepared(quantized)
  }

  /// The layer with some sources of error; without any, the float32 layer.
  public func quantized(_ sources: Set<ErrorSource>) -> QuantizedLayer {
    guard !sources.isEmpty else { return QuantizedLayer(layer) }
    switch errors {
    case .fitted(let absorbed, let weights, let input, let absorbs):
      return fitted(sources, absorbed, weights, input, absorbs: absorbs)
    case .prepared(let whole): return prepared(sources, whole)
    }
  }

  private func fitted(
    _ sources: Set<ErrorSource>,
    _ absorbed: FoldedNetwork.Layer,
    _ weights: Quantizer?,
    _ input: Quantizer?,
    absorbs: Bool
  ) -> QuantizedLayer {
    var result = QuantizedLayer(layer)
    if let weights {
      let separated = SeparatedQuantizer(weights, sources: sources)
      if weights.blocks != nil {
        result.weights = rows.indices.flatMap { blockedWeights(separated, channel: $0) }
      } else {
        let rounded = rows.enumerated().flatMap { separated.weights(absorbed.weights[$1], channel: $0) }
        result.weights = absorbs ? released(rounded, input) : rounded
      }
      result.meanWeightBitWidth = Double(weights.codec.info.bitWidth)
      result.parameterBitCount = weights.scaleBitCount
    }
    if let input { result.input = .separated(SeparatedQuantizer(input, sources: sources)) }
    return result
  }

  private func blockedWeights(_ separated: SeparatedQuantizer, channel: Int) -> [Float] {
    let row = layer.shape.blockOrder(layer.row(channel))
    return layer.shape.fileOrder(
      separated.weights(row, rowLength: layer.shape.groupInputChannels, channel: channel)
    )
  }

  private func prepared(_ sources: Set<ErrorSource>, _ whole: QuantizedLayer) -> QuantizedLayer {
    let separation = ErrorSeparation(sources)
    var result = whole
    // A part of an error is no whole step.
    result.steps = nil
    let hasShift = sources.contains(.meanShift)
    if whole.meanWeightBitWidth < 32 {
      result.weights = rows.enumerated().flatMap { channel, row in
        let parts = separation.weights(
          layer.weights[row],
          quantized: Array(whole.roundedWeights[row]),
          least: whole.weightRanges[channel].lowerBound,
          greatest: whole.weightRanges[channel].upperBound
        )
        guard hasShift else { return parts }
        return zip(parts, row).map { part, index in
          Float(Double(part) + (Double(whole.weights[index]) - Double(whole.roundedWeights[index])))
        }
      }
    }
    if !hasShift { result.bias = layer.bias }
    if case .affine(let channels) = whole.input { result.input = .separatedAffine(channels, separation) }
    return result
  }

  private var rows: [Range<Int>] {
    (0..<layer.shape.outputChannels).map { $0 * layer.shape.depth..<($0 + 1) * layer.shape.depth }
  }

  /// Takes the activation scales out of the weights again.
  private func released(_ weights: [Float], _ input: Quantizer?) -> [Float] {
    guard let input, input.scales.count > 1 else { return weights }
    let kernelSize = layer.shape.kernelHeight * layer.shape.kernelWidth
    return weights.enumerated().map { index, weight in
      let scale = input.scales[index / kernelSize % layer.shape.inputChannels]
      return Float(Double(weight) * Double(input.greatestScale) / Double(scale))
    }
  }
}
