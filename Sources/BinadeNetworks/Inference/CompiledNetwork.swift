import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// What the weights and the input of one layer become.
public struct LayerAssignment: Sendable {
  /// Nil leaves the weights in float32.
  public var weights: QuantizerSpecification?
  /// Nil leaves the layer's input in float32.
  public var activations: QuantizerSpecification?
  /// What products are summed in; nil leaves it to the cheapest datapath.
  public var accumulator: LayerAccumulator?

  /// Creates an assignment.
  public init(
    weights: QuantizerSpecification? = nil,
    activations: QuantizerSpecification? = nil,
    accumulator: LayerAccumulator? = nil
  ) {
    self.weights = weights
    self.activations = activations
    self.accumulator = accumulator
  }

  /// The block format of the weights, else of the activations.
  public var blockFormat: BlockFormat? { weights?.format.blocks ?? activations?.format.blocks }

  /// Whether scales of input channels go into the weights: not beside blocks, whose layers run on what codes stand for.
  package var absorbsInputScales: Bool { blockFormat == nil }
}

/// A network compiled for inference: every layer with its quantizers, on its datapath.
public struct CompiledNetwork: Sendable {
  /// The network in float32.
  public let folded: FoldedNetwork
  let plan: InferencePlan
  let engines: [LayerEngine]
  /// What post-training quantization made of the layers; nil where quantizers alone did it.
  let quantized: [QuantizedLayer]?
  /// What is peculiar: blocks that are cut short, what post-training quantization found.
  public let notes: [String]

  /// The float32 network.
  public init(_ network: FoldedNetwork, features: CPUFeatures = .detected) {
    folded = network
    quantized = nil
    notes = []
    plan = InferencePlan(network)
    engines = network.layers.map {
      LayerEngine($0, weights: nil, activations: nil, features: features)
    }
  }

  /// The quantized network.
  ///
  /// `assignments`: one per layer.
  /// `statistics`: what the layers' inputs look like; needed where activations are quantized.
  ///
  /// Throws ``QuantizationFailure`` when a tensor cannot be quantized, and ``NetworkError`` when an operand of an
  /// accumulator is not quantized, or `FormatError` when its format does not fit the accumulator.
  public init(
    _ network: FoldedNetwork,
    assignments: [LayerAssignment],
    statistics: ActivationStatistics?,
    cache: CodecCache = CodecCache(),
    features: CPUFeatures = .detected
  ) throws {
    precondition(
      assignments.count == network.layers.count,
      "one assignment for each of the layers"
    )
    folded = network
    quantized = nil
    notes = Self.shortBlockNotes(network, assignments)
    plan = InferencePlan(network)
    var engines: [LayerEngine] = []
    for (index, assignment) in assignments.enumerated() {
      var layer = network.layers[index]
      if let accumulator = assignment.accumulator,
        assignment.weights == nil || assignment.activations == nil
      {
        throw NetworkError.accumulatorWithoutFormats(
          layer: layer.name,
          accumulator: accumulator.description
        )
      }
      if let accumulator = assignment.accumulator, let blocks = assignment.blockFormat {
        throw NetworkError.accumulatorOfBlocks(
          layer: layer.name,
          accumulator: accumulator.description,
          format: blocks.name
        )
      }
      var activations: Quantizer?
      if let specification = assignment.activations {
        activations = try Quantizer(
          specification,
          samples: statistics?.samples[index] ?? [],
          operand: .activations,
          name: "\(layer.name).input",
          cache: cache
        )
      }
      if assignment.absorbsInputScales { layer = layer.absorbing(activations) }
      var weights: Quantizer?
      if let specification = assignment.weights {
        weights = try Quantizer(
          specification,
          samples: layer.weightSamples,
          name: "\(layer.name).weight",
          cache: cache
        )
      }
      engines.append(
        try LayerEngine(
          layer,
          weights: weights,
          activations: activations,
          accumulator: assignment.accumulator,
          features: features
        )
      )
    }
    self.engines = engines
  }

  /// The network with layers that post-training quantization has prepared, one for each.
  ///
  /// Throws `FormatError` for integers of more than 16 bits.
  public init(
    _ network: FoldedNetwork,
    quantized: [QuantizedLayer],
    notes: [String] = [],
    cache: CodecCache = CodecCache(),
    features: CPUFeatures = .detected
  ) throws(FormatError) {
    precondition(quantized.count == network.layers.count, "one quantized layer for each of the layers")
    folded = network
    self.quantized = quantized
    self.notes = notes
    plan = InferencePlan(network)
    var engines: [LayerEngine] = []
    for (layer, quantized) in zip(network.layers, quantized) {
      engines.append(try LayerEngine(layer, quantized: quantized, cache: cache, features: features))
    }
    self.engines = engines
  }

  /// The quantizer whose codes a step leaves instead of float32 values; nil when it leaves the values.
  ///
  /// One layer reads them and would encode them so.
  func requantization(ofStep step: Int) -> Quantizer? {
    guard case .layer(let layer) = folded.plan.stages[step].operation, engines[layer].requantizes else {
      return nil
    }
    return plan.onlyReader[step].flatMap { engines[$0].requantizedInput }
  }

  /// How many layers leave codes.
  package var requantizedStepCount: Int {
    folded.plan.stages.indices.count { requantization(ofStep: $0) != nil }
  }

  /// Per layer: which datapath carries it out, with which kernel, and why.
  public var explanation: [(layer: String, datapath: Datapath, kernel: String, reason: String)] {
    zip(folded.layers, engines).map { ($0.name, $1.datapath, $1.kernelName, $1.reason) }
  }

  /// What is too narrow about a layer's accumulator; nil when none was asked for.
  public func accumulatorWarnings(ofLayer index: Int) -> [String]? { engines[index].accumulatorWarnings }

  /// The zero points of a layer's quantizers: what the values of codes are shifted by, 0 for none.
  ///
  /// Recipes have offsets per channel instead.
  public func zeroPoints(ofLayer index: Int) -> (weights: Int, activations: Int) {
    quantized != nil
      ? (0, 0) : (engines[index].weights?.zeroPoint ?? 0, engines[index].activations?.zeroPoint ?? 0)
  }

  /// Whether a layer's input is quantized.
  public func quantizesInput(ofLayer index: Int) -> Bool {
    if case .none = engines[index].input { false } else { true }
  }

  /// Bits of all scales, of weights and of activations, and of offsets and bit widths where there are some.
  public var scaleMemoryBits: Int {
    engines.indices.reduce(0) { sum, index in
      sum + (quantized?[index].input ?? engines[index].input).parameterBitCount
        + (quantized?[index].parameterBitCount ?? weightScaleBits(ofLayer: index))
    }
  }

  private func weightScaleBits(ofLayer index: Int) -> Int {
    let shape = engines[index].shape
    guard let weights = engines[index].weights else { return 0 }
    return weights.scaleBitCount + (weights.blocks?.codec.format.scaleBitCount(of: shape) ?? 0)
  }

  /// Bits of all weights after post-training quantization, whose channels may differ; nil for others.
  public var weightMemoryBits: Int? {
    quantized.map { layers in
      zip(layers, folded.layers).reduce(0) { sum, pair in
        sum + Int((pair.0.meanWeightBitWidth * Double(pair.1.weights.count)).rounded())
      }
    }
  }

  /// A layer with the weights that its quantizer saw: scales of input channels multiplied in where they leave the sum so.
  func quantizedLayer(_ index: Int) -> FoldedNetwork.Layer {
    let inputs = engines[index].activations
    return inputs?.blocks != nil || engines[index].weights?.blocks != nil
      ? folded.layers[index] : folded.layers[index].absorbing(inputs)
  }

  /// How far the weights of a layer moved; nil when they are not quantized.
  ///
  /// Weights that carry activation scales per channel are measured with them.
  public func weightError(ofLayer index: Int) -> QuantizationError? {
    if let quantized { return weightError(ofLayer: index, quantized[index]) }
    guard let quantizer = engines[index].weights else { return nil }
    if let blocks = quantizer.blocks { return folded.layers[index].error(of: blocks) }
    let layer = quantizedLayer(index)
    var error = QuantizationError()
    layer.weights.withUnsafeBufferPointer { weights in
      for channel in 0..<layer.shape.outputChannels {
        let row = UnsafeBufferPointer(
          rebasing: weights[channel * layer.shape.depth..<(channel + 1) * layer.shape.depth]
        )
        error.measure(row, quantizer: quantizer, channel: channel)
      }
    }
    return error
  }
}

extension CompiledNetwork {
  private func weightError(ofLayer index: Int, _ quantized: QuantizedLayer) -> QuantizationError? {
    guard quantized.meanWeightBitWidth < 32 else { return nil }
    let layer = folded.layers[index]
    var error = QuantizationError()
    layer.weights.withUnsafeBufferPointer { weights in
      quantized.weights.withUnsafeBufferPointer { rounded in
        for channel in 0..<layer.shape.outputChannels {
          let row = channel * layer.shape.depth..<(channel + 1) * layer.shape.depth
          let (before, after) = (
            UnsafeBufferPointer(rebasing: weights[row]), UnsafeBufferPointer(rebasing: rounded[row])
          )
          guard let base = after.baseAddress else { continue }
          error.measure(before, quantized: base, range: quantized.weightRanges[channel])
        }
      }
    }
    return error
  }

  /// Adds the error on one image of a layer's input to `error`.
  public func measureInput(
    ofLayer index: Int,
    _ input: ObservedInput,
    into error: inout QuantizationError
  ) {
    engines[index].input.measure(input, into: &error)
  }
}

extension FoldedNetwork.Layer {
  /// One sample per output channel, with every weight.
  package var weightSamples: [TensorSample] {
    (0..<shape.outputChannels).map {
      TensorSample(Array(weights[$0 * shape.depth..<($0 + 1) * shape.depth]))
    }
  }

  /// The layer with its weights multiplied by the activation scales of their input channels, relative to the
  /// greatest, when there is one per channel: a scale inside the sum cannot be taken out of it.
  package func absorbing(_ activations: Quantizer?) -> FoldedNetwork.Layer {
    guard let activations, activations.scales.count > 1 else { return self }
    precondition(
      shape.groups == 1,
      "'\(name)': scales per input channel need every output to see all channels"
    )
    var layer = self
    let kernelSize = shape.kernelHeight * shape.kernelWidth
    for index in weights.indices {
      let scale = activations.scales[index / kernelSize % shape.inputChannels]
      layer.weights[index] *= scale / activations.greatestScale
    }
    return layer
  }
}
