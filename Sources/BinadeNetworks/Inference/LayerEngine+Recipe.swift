import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// Layers that post-training quantization has prepared.
extension LayerEngine {
  /// Compiles a layer for integers where its scales leave the sum, else for float32 on what codes stand for.
  ///
  /// Throws `FormatError` for integers of more than 16 bits.
  init(
    _ layer: FoldedNetwork.Layer,
    quantized: QuantizedLayer,
    cache: CodecCache,
    features: CPUFeatures
  ) throws(FormatError) {
    if let steps = quantized.steps, case .affine(let inputs) = quantized.input, inputs.quantizers.count == 1,
      inputs.quantizers[0].bitWidth > 0
    {
      let activations = try Quantizer(inputs.quantizers[0], cache: cache)
      let weights = try cache.codec(for: steps.format(), policy: activations.codec.policy)
      let convolution = CodedConvolution(
        shape: layer.shape,
        activations: OperandValues(activations.codec),
        weights: OperandValues(weights.codec),
        weightCodes: steps.codes,
        features: features
      )
      let unit = Double(activations.scales[0]) * convolution.unit
      self.init(
        shape: layer.shape,
        activations: activations,
        datapath: (convolution.datapath, convolution.reason),
        implementation: .coded(convolution, activations),
        scales: steps.scales.map { Float(Double($0) * unit) },
        bias: quantized.bias,
        features
      )
      return
    }
    let convolution = FloatConvolution(
      shape: layer.shape,
      weights: quantized.weights,
      kernel: KernelTable.float32(for: features)
    )
    let isPlain = if case .none = quantized.input { true } else { false }
    self.init(
      shape: layer.shape,
      activations: nil,
      datapath: (.float32, Self.reason(quantized)),
      implementation: isPlain ? .plain(convolution) : .simulated(convolution, quantized.input),
      scales: [Float](repeating: 1, count: layer.shape.outputChannels),
      bias: quantized.bias,
      features
    )
  }

  /// Why no integer kernel carries a layer out.
  private static func reason(_ quantized: QuantizedLayer) -> String {
    switch quantized.input {
    case .none: return "an operand is not quantized"
    case .affine(let inputs) where inputs.quantizers.count > 1 && quantized.meanWeightBitWidth < 32:
      return
        "scales of input channels cannot leave an integer sum, no integer hardware can carry it (recipe part "
        + "'tensor' has one scale): in float32, on what the codes stand for"
    case .affine where quantized.meanWeightBitWidth < 32:
      return
        "weights that were corrected, split or scaled in vectors are no whole steps: in float32, on their values"
    default: return "in float32, on what the codes stand for"
    }
  }
}
