import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// One layer compiled for inference: its operands packed for kernels, on the cheapest datapath.
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
    /// What codes stand for, scales and offsets included.
    case real(FloatConvolution, Quantizer)
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

  /// Compiles a layer.
  ///
  /// `accumulator`: what products of codes are summed in; nil leaves it to the cheapest datapath.
  ///
  /// Throws ``NetworkError`` when an accumulator meets operands that are no codes, and `FormatError` when it does not take
  /// values of their formats.
  package init(
    _ layer: FoldedNetwork.Layer,
    _ operands: LayerOperands,
    accumulator: Accumulator? = nil,
    features: CPUFeatures
  ) throws {
    let obstacle = operands.obstacleToCodes
    let kernel = LayerKernel(
      layer.shape,
      weights: operands.codedWeights?.quantizer.codec,
      activations: operands.activations?.codec,
      features: features
    )
    if let accumulator {
      guard let weights = operands.codedWeights, let activations = operands.activations else {
        throw NetworkError.accumulatorWithoutFormats(layer: layer.name, accumulator: accumulator.description)
      }
      if let obstacle {
        throw NetworkError.accumulatorWithoutCodes(
          layer: layer.name,
          accumulator: accumulator.description,
          reason: obstacle
        )
      }
      let choice = try accumulator.choice(
        weights: weights.quantizer.codec,
        activations: activations.codec,
        weightCodes: { weights.codes },
        shape: layer.shape,
        cheapest: kernel.datapath,
        features: features
      )
      if let choice {
        self.init(layer.shape, operands, choice, weights, activations, features)
        return
      }
    }
    let warnings = accumulator.map { _ in [String]() }
    if let obstacle {
      let convolution = FloatConvolution(
        shape: layer.shape,
        weights: operands.realWeights(layer.shape),
        kernel: KernelTable.float32(for: features)
      )
      self.init(
        layer.shape,
        operands,
        operands.activations.map { .real(convolution, $0) } ?? .plain(convolution),
        (.float32, "\(obstacle): in float32, on what the codes stand for"),
        warnings,
        scales: operands.factors?.map { Float($0) }
          ?? [Float](repeating: 1, count: layer.shape.outputChannels),
        features
      )
      return
    }
    let (implementation, unit) = kernel.packed(operands)
    self.init(
      layer.shape,
      operands,
      implementation,
      (kernel.datapath, kernel.reason),
      warnings,
      scales: Self.scales(layer.shape, operands, unit: unit),
      features
    )
  }

  /// With an accumulator; its sums are those of the values as they are.
  private init(
    _ shape: ConvolutionShape,
    _ operands: LayerOperands,
    _ choice: Accumulator.Choice,
    _ weights: CodedTensor,
    _ activations: Quantizer,
    _ features: CPUFeatures
  ) {
    let implementation: Implementation =
      switch choice.method {
      case .rounded(let kernel):
        .accumulated(
          RoundedConvolution(shape: shape, weights: weights.unscaledValues(), kernel: kernel),
          activations
        )
      case .exact(let convolution): .exact(convolution, activations)
      case .logarithmic(let convolution): .logarithmic(convolution, activations)
      }
    self.init(
      shape,
      operands,
      implementation,
      (choice.datapath, choice.reason),
      choice.warnings,
      scales: Self.scales(shape, operands, unit: 1),
      features
    )
  }

  private init(
    _ shape: ConvolutionShape,
    _ operands: LayerOperands,
    _ implementation: Implementation,
    _ datapath: (datapath: Datapath, reason: String),
    _ accumulatorWarnings: [String]?,
    scales: [Float],
    _ features: CPUFeatures
  ) {
    self.shape = shape
    activations = operands.activations
    (self.datapath, reason) = datapath
    self.accumulatorWarnings = accumulatorWarnings
    self.implementation = implementation
    plain = Epilogue(scales: scales, bias: operands.bias, appliesReLU: false, features: features)
    rectified = Epilogue(scales: scales, bias: operands.bias, appliesReLU: true, features: features)
  }

  /// What a sum of one output channel is multiplied by.
  private static func scales(_ shape: ConvolutionShape, _ operands: LayerOperands, unit: Double) -> [Float] {
    // Scales of input channels live in the weights, relative to the greatest, which is left.
    let inputScale = Double(operands.activations?.greatestScale ?? 1)
    let weights = operands.codedWeights?.quantizer
    // In Double: of a format with a wide range the units are huge and the scales tiny, their product is neither.
    return (0..<shape.outputChannels).map {
      let factor = operands.factors?[$0] ?? 1
      return Float(inputScale * Double(weights?.scale(ofChannel: $0) ?? 1) * unit * factor)
    }
  }

  /// The name of the kernel, for reports.
  var kernelName: String {
    switch implementation {
    case .plain(let convolution), .valued(let convolution, _, _), .real(let convolution, _):
      convolution.kernelName
    case .coded(let convolution, _): convolution.kernelName
    case .accumulated(let convolution, _): convolution.kernelName
    case .exact(let convolution, _): convolution.kernelName
    case .logarithmic(let convolution, _): convolution.kernelName
    }
  }

  /// The quantizer whose codes the layer can read instead of float32 values; nil when it needs the values.
  var requantizedInput: Quantizer? {
    guard case .coded(_, let quantizer) = implementation, !quantizer.isStochastic
    else { return nil }
    return quantizer
  }

  /// Whether the layer can leave its results as codes.
  var requantizes: Bool { requantizedInput != nil }
}

extension LayerOperands {
  /// Whether scales of input channels are left with the inputs.
  var keepsInputScales: Bool { !absorbsInputScales && activations?.scales.isPerChannel ?? false }

  /// Why the sum cannot be one of products of codes, its scales taken out; nil where it can, and where nothing is coded.
  var obstacleToCodes: String? {
    if codedWeights?.quantizer.blocks != nil || activations?.blocks != nil {
      return "a scale for every block cannot leave the sum"
    }
    if let tensor = codedWeights, !tensor.offsets.isEmpty {
      return "what corrects the means of weights is no multiple of their steps"
    }
    if activations?.separation != nil { return "parts of an error are no codes" }
    if keepsInputScales {
      return "scales of input channels cannot leave an integer sum, no integer hardware can carry it"
    }
    return nil
  }
}
