import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// A network compiled for inference: every layer with its operands, on its datapath.
public struct CompiledNetwork: Sendable {
  /// The network in float32.
  public let folded: FoldedNetwork
  /// What each layer multiplies and adds.
  public let operands: [LayerOperands]
  let plan: InferencePlan
  let engines: [LayerEngine]
  /// Whether a recipe has made the operands, with bits of their own.
  let isPrepared: Bool
  /// What is peculiar: blocks that are cut short, what post-training quantization found.
  public let notes: [String]

  /// The float32 network.
  public init(_ network: FoldedNetwork, features: CPUFeatures = .detected) {
    do {
      let operands = network.layers.map { LayerOperands($0) }
      let accumulators = [Accumulator?](repeating: nil, count: operands.count)
      try self.init(network, operands, accumulators, isPrepared: false, notes: [], features)
    } catch {
      preconditionFailure("float32 needs neither formats nor accumulators: \(error)")
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
    for (layer, assignment) in zip(network.layers, assignments) {
      try assignment.checkAccumulator(layer: layer.name)
    }
    let operands = try assignments.enumerated().map { index, assignment in
      try LayerOperands(
        network.layers[index],
        assignment,
        number: index,
        inputSamples: statistics?.samples[index] ?? [],
        cache: cache
      )
    }
    try self.init(
      network,
      operands,
      assignments.map(\.accumulator),
      isPrepared: false,
      notes: Self.shortBlockNotes(network, assignments) + Self.randomWordNotes(assignments),
      features
    )
  }

  /// The network with operands that post-training quantization has prepared, one for each layer.
  ///
  /// `accumulator`: what all layers sum products in; nil leaves it to the cheapest datapath.
  ///
  /// Throws ``NetworkError`` and `FormatError` when an accumulator does not take the operands.
  public init(
    _ network: FoldedNetwork,
    operands: [LayerOperands],
    accumulator: Accumulator? = nil,
    notes: [String] = [],
    features: CPUFeatures = .detected
  ) throws {
    precondition(operands.count == network.layers.count, "operands for each of the layers")
    let accumulators = operands.map { _ in accumulator }
    try self.init(network, operands, accumulators, isPrepared: true, notes: notes, features)
  }

  private init(
    _ network: FoldedNetwork,
    _ operands: [LayerOperands],
    _ accumulators: [Accumulator?],
    isPrepared: Bool,
    notes: [String],
    _ features: CPUFeatures
  ) throws {
    folded = network
    self.operands = operands
    self.isPrepared = isPrepared
    self.notes = notes
    plan = InferencePlan(network)
    engines = try operands.indices.map {
      try LayerEngine(
        network.layers[$0],
        operands[$0],
        accumulator: accumulators[$0],
        features: features
      )
    }
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

  /// The zero points of a layer's quantizers: what the values of codes are shifted by, 0 for none and where channels have their
  /// own.
  public func zeroPoints(ofLayer index: Int) -> (weights: Int, activations: Int) {
    (operands[index].codedWeights?.quantizer.zeroPoint ?? 0, operands[index].activations?.zeroPoint ?? 0)
  }

  /// Whether a layer's input is quantized.
  public func quantizesInput(ofLayer index: Int) -> Bool { operands[index].activations != nil }

  /// Bits of all scales, of weights and of activations, and of offsets and bit widths where there are some.
  public var scaleMemoryBits: Int {
    operands.indices.reduce(0) { sum, index in
      sum + (operands[index].activations?.parameterBitCount ?? 0) + weightScaleBits(ofLayer: index)
    }
  }

  private func weightScaleBits(ofLayer index: Int) -> Int {
    guard let weights = operands[index].codedWeights else { return 0 }
    let blocks = weights.quantizer.blocks?.codec.format
    return weights.parameterBitCount + (blocks?.scaleBitCount(of: engines[index].shape) ?? 0)
  }

  /// Bits of all weights after post-training quantization, whose channels may differ; nil for others.
  public var weightMemoryBits: Int? {
    guard isPrepared else { return nil }
    return operands.indices.reduce(0) { sum, index in
      sum + (operands[index].codedWeights?.bitCount ?? 32 * folded.layers[index].weights.count)
    }
  }

  /// How far the weights of a layer moved; nil when they are not quantized.
  ///
  /// Weights that carry activation scales per channel are measured with them, rotated ones rotated.
  public func weightError(ofLayer index: Int) -> QuantizationError? {
    operands[index].codedWeights.map { tensor in
      tensor.error(of: operands[index].prepared(folded.layers[index]).weights)
    }
  }

  /// Adds the error on one image of a layer's input to `error`.
  public func measureInput(
    ofLayer index: Int,
    _ input: ObservedInput,
    into error: inout QuantizationError
  ) {
    guard let quantizer = operands[index].activations else { return }
    if let blocks = quantizer.blocks {
      let elements = Array(input.elements)
      let rotated = quantizer.rotation?.rotated(elements, rowLength: input.channelCount) ?? elements
      rotated.withUnsafeBufferPointer {
        error.measure($0, rowLength: input.channelCount, blocks: blocks)
      }
    } else if quantizer.isStochastic {
      let rounded = quantizedInput(input.elements, image: input.image, ofLayer: index)
      input.forEachChannel { channel, plane in
        let quantized = (0..<plane.count).map { rounded[$0 * input.channelCount + channel] }
        error.measure(plane, quantized: quantized, quantizer: quantizer, channel: channel)
      }
    } else {
      input.forEachChannel { channel, plane in
        error.measure(plane, quantizer: quantizer, channel: channel)
      }
    }
  }

  /// Which random words values are rounded by.
  private static func randomWordNotes(_ assignments: [LayerAssignment]) -> [String] {
    let words = assignments.flatMap { [$0.weights?.words, $0.activations?.words] }.compactMap { $0 }
    return Set(words).map {
      "stochastic rounding: \($0.rounding.bitCount) random bits, variant \($0.rounding.variant.rawValue) of IEEE P3109, "
        + "seed \($0.seed)"
    }.sorted()
  }
}
