import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// One layer compiled for inference: weights encoded, decoded into packed panels, on the cheapest datapath.
///
/// `y = scale * sum(a * w) + bias`, where a and w are what the codecs' values look like to the kernel, and the
/// scale of an output channel gathers the scales of weights and activations and the units of both.
package struct LayerEngine: Sendable {
  /// How the layer is carried out.
  enum Implementation: Sendable {
    case plain(FloatConvolution)
    case coded(CodedConvolution, Quantizer)
    /// An operand without codes of at most 16 bits: rounded values, in multiples of `unit`.
    case valued(FloatConvolution, Quantizer, unit: Float)
    /// What codes stand for, the scales of blocks included; those of a neighbour without blocks as well.
    case blocked(FloatConvolution, InputQuantizer)
    /// Values after post-training quantization, scales and offsets included.
    case simulated(FloatConvolution, InputQuantizer)
    /// Rounded values as they are: an accumulator's format is absolute.
    case accumulated(RoundedConvolution, Quantizer)
    /// Exact sums of products of codes.
    case exact(ExactConvolution, Quantizer)
    /// Products of codes whose exponents add.
    case logarithmic(LogarithmicConvolution, Quantizer)
  }

  let shape: ConvolutionShape
  /// Quantizes the layer's input; nil leaves it as it is.
  let activations: Quantizer?
  /// The weights' quantizer; nil for unquantized weights.
  let weights: Quantizer?
  package let datapath: Datapath
  /// Why this datapath.
  package let reason: String
  /// What is too narrow about the accumulator that was asked for; nil when none was.
  let accumulatorWarnings: [String]?
  let implementation: Implementation
  /// Without ReLU.
  let plain: Epilogue
  /// With it.
  let rectified: Epilogue

  /// Compiles `layer` for the cheapest datapath.
  ///
  /// With one activation scale per input channel the weights in `layer` must already be multiplied by it, as
  /// ``FoldedNetwork/Layer/absorbing(_:)`` does.
  package init(
    _ layer: FoldedNetwork.Layer,
    weights: Quantizer?,
    activations: Quantizer?,
    features: CPUFeatures
  ) {
    self.init(
      layer,
      weights,
      activations,
      cheapest: Self.cheapest(layer, weights, activations),
      choice: nil,
      accumulatorWarnings: nil,
      features
    )
  }

  /// Compiles `layer` with an accumulator.
  ///
  /// `accumulator`: what products of codes are summed in; nil leaves it to the cheapest datapath.
  ///
  /// Throws `FormatError` when the accumulator does not take values of the formats.
  ///
  /// - Precondition: with an accumulator there are both quantizers.
  package init(
    _ layer: FoldedNetwork.Layer,
    weights: Quantizer?,
    activations: Quantizer?,
    accumulator: LayerAccumulator?,
    features: CPUFeatures
  ) throws(FormatError) {
    let cheapest = Self.cheapest(layer, weights, activations)
    var choice: LayerAccumulator.Choice?
    if let accumulator {
      choice = try Self.choice(accumulator, layer, weights, activations, cheapest.datapath, features)
    }
    self.init(
      layer,
      weights,
      activations,
      cheapest: cheapest,
      choice: choice,
      accumulatorWarnings: accumulator.map { _ in choice?.warnings ?? [] },
      features
    )
  }

  /// A layer of a recipe, whose weights have no quantizer of their own.
  init(
    shape: ConvolutionShape,
    activations: Quantizer?,
    datapath: (datapath: Datapath, reason: String),
    implementation: Implementation,
    scales: [Float],
    bias: [Float],
    _ features: CPUFeatures
  ) {
    self.shape = shape
    self.activations = activations
    weights = nil
    accumulatorWarnings = nil
    (self.datapath, reason) = datapath
    self.implementation = implementation
    plain = Epilogue(scales: scales, bias: bias, appliesReLU: false, features: features)
    rectified = Epilogue(scales: scales, bias: bias, appliesReLU: true, features: features)
  }

  private init(
    _ layer: FoldedNetwork.Layer,
    _ weights: Quantizer?,
    _ activations: Quantizer?,
    cheapest: (datapath: Datapath, reason: String),
    choice: LayerAccumulator.Choice?,
    accumulatorWarnings: [String]?,
    _ features: CPUFeatures
  ) {
    shape = layer.shape
    self.weights = weights
    self.activations = activations
    self.accumulatorWarnings = accumulatorWarnings
    (datapath, reason) = choice.map { ($0.datapath, $0.reason) } ?? cheapest
    let unit: Double
    if let choice, let activations {
      implementation = Self.implementation(choice, layer, weights, activations)
      unit = 1
    } else {
      (implementation, unit) = Self.implementation(layer, weights, activations, features)
    }
    // Per-channel activation scales live in the weights, relative to the greatest, which is left.
    let inputScale = Double(activations?.greatestScale ?? 1)
    // In Double: of a format with a wide range the units are huge and the scales tiny, their product is neither.
    let scales = (0..<shape.outputChannels).map {
      Self.hasBlocks(weights, activations)
        ? 1 : Float(inputScale * Double(weights?.scale(ofChannel: $0) ?? 1) * unit)
    }
    plain = Epilogue(scales: scales, bias: layer.bias, appliesReLU: false, features: features)
    rectified = Epilogue(scales: scales, bias: layer.bias, appliesReLU: true, features: features)
  }

  private static func cheapest(
    _ layer: FoldedNetwork.Layer,
    _ weights: Quantizer?,
    _ activations: Quantizer?
  ) -> (datapath: Datapath, reason: String) {
    if hasBlocks(weights, activations) {
      return (
        .float32, "a scale for every block cannot leave the sum: in float32, on what the codes stand for"
      )
    }
    return Datapath.cheapest(
      weights: weights.map { OperandValues($0.codec) },
      activations: activations.map { OperandValues($0.codec) },
      depth: layer.shape.depth
    )
  }

  private static func hasBlocks(_ weights: Quantizer?, _ activations: Quantizer?) -> Bool {
    weights?.blocks != nil || activations?.blocks != nil
  }

  /// On what codes stand for.
  private static func blocked(
    _ layer: FoldedNetwork.Layer,
    _ weights: Quantizer?,
    _ activations: Quantizer?,
    _ features: CPUFeatures
  ) -> Implementation {
    let convolution = FloatConvolution(
      shape: layer.shape,
      weights: weights.map(layer.realValues) ?? layer.weights,
      kernel: KernelTable.float32(for: features)
    )
    return activations.map { .blocked(convolution, .fitted($0)) } ?? .plain(convolution)
  }

  /// The cheapest datapath, and what one unit of its sums is worth.
  private static func implementation(
    _ layer: FoldedNetwork.Layer,
    _ weights: Quantizer?,
    _ activations: Quantizer?,
    _ features: CPUFeatures
  ) -> (Implementation, unit: Double) {
    if hasBlocks(weights, activations) { return (blocked(layer, weights, activations, features), 1) }
    let weightValues = weights.map { OperandValues($0.codec) }
    let activationValues = activations.map { OperandValues($0.codec) }
    if let weights, let weightValues, let activations, let activationValues,
      weightValues.floats != nil,
      activationValues.floats != nil
    {
      let convolution = CodedConvolution(
        shape: layer.shape,
        activations: activationValues,
        weights: weightValues,
        weightCodes: codes(layer, weights),
        features: features
      )
      return (.coded(convolution, activations), convolution.unit)
    }
    let activationUnit = activationValues?.floatUnit ?? 1
    let weightUnit = weightValues?.floatUnit ?? 1
    let convolution = FloatConvolution(
      shape: layer.shape,
      weights: round(layer, weights, unit: weightUnit),
      kernel: KernelTable.float32(for: features)
    )
    let unit = Double(weightUnit) * Double(activationUnit)
    guard let activations else { return (.plain(convolution), unit) }
    return (.valued(convolution, activations, unit: activationUnit), unit)
  }

  /// What an accumulator chose; its sums are those of the values as they are.
  private static func implementation(
    _ choice: LayerAccumulator.Choice,
    _ layer: FoldedNetwork.Layer,
    _ weights: Quantizer?,
    _ activations: Quantizer
  ) -> Implementation {
    switch choice.method {
    case .rounded(let kernel):
      let rounded = round(layer, weights, unit: 1)
      let convolution = RoundedConvolution(shape: layer.shape, weights: rounded, kernel: kernel)
      return .accumulated(convolution, activations)
    case .exact(let convolution): return .exact(convolution, activations)
    case .logarithmic(let convolution): return .logarithmic(convolution, activations)
    }
  }

  private static func choice(
    _ accumulator: LayerAccumulator,
    _ layer: FoldedNetwork.Layer,
    _ weights: Quantizer?,
    _ activations: Quantizer?,
    _ cheapest: Datapath,
    _ features: CPUFeatures
  ) throws(FormatError) -> LayerAccumulator.Choice? {
    guard let weights, let activations else {
      preconditionFailure(
        "accumulator '\(accumulator.description)' needs quantizers of weights and activations"
      )
    }
    return try accumulator.choice(
      weights: weights.codec,
      activations: activations.codec,
      weightCodes: { codes(layer, weights) },
      shape: layer.shape,
      cheapest: cheapest,
      features: features
    )
  }

  /// What the input goes through.
  var input: InputQuantizer {
    if case .simulated(_, let quantizer) = implementation { return quantizer }
    return activations.map { .fitted($0) } ?? .none
  }

  /// The name of the kernel, for reports.
  var kernelName: String {
    switch implementation {
    case .plain(let convolution), .valued(let convolution, _, _), .simulated(let convolution, _),
      .blocked(let convolution, _):
      convolution.kernelName
    case .coded(let convolution, _): convolution.kernelName
    case .accumulated(let convolution, _): convolution.kernelName
    case .exact(let convolution, _): convolution.kernelName
    case .logarithmic(let convolution, _): convolution.kernelName
    }
  }

  /// The quantizer whose codes of a byte the layer can read instead of float32 values; nil when it needs the values.
  var requantizedInput: Quantizer? {
    guard case .coded(_, let quantizer) = implementation, quantizer.scales.count == 1,
      quantizer.codec.info.bitWidth <= 8
    else { return nil }
    return quantizer
  }

  /// Whether the layer can leave its results as codes.
  var requantizes: Bool { requantizedInput != nil }

  private static func codes(_ layer: FoldedNetwork.Layer, _ quantizer: Quantizer) -> [UInt32] {
    let depth = layer.shape.depth
    return (0..<layer.shape.outputChannels).flatMap { channel in
      let scale = quantizer.scale(ofChannel: channel)
      return layer.weights[channel * depth..<(channel + 1) * depth].map { quantizer.codec.encode($0 / scale) }
    }
  }

  /// Weights rounded, in multiples of `unit`, not scaled back; as they are without a quantizer.
  static func round(_ layer: FoldedNetwork.Layer, _ quantizer: Quantizer?, unit: Float) -> [Float] {
    guard let quantizer else { return layer.weights }
    let depth = layer.shape.depth
    return (0..<layer.shape.outputChannels).flatMap { channel in
      let scale = quantizer.scale(ofChannel: channel)
      return layer.weights[channel * depth..<(channel + 1) * depth].map {
        quantizer.codec.decode(quantizer.codec.encode($0 / scale)) / unit
      }
    }
  }
}

extension FoldedNetwork.Layer {
  /// What the codes of the weights stand for, scales included.
  func realValues(_ quantizer: Quantizer) -> [Float] {
    if let blocks = quantizer.blocks { return rounded(blocks) }
    return LayerEngine.round(self, quantizer, unit: 1).enumerated().map {
      Float(Double($1) * Double(quantizer.scale(ofChannel: $0 / shape.depth)))
    }
  }
}
