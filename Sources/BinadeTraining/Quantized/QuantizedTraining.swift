import BinadeKernels
import BinadeNetworks
import BinadeQuantization

/// The quantizers of a network in training: what each step makes of them, and what their scales learn from it.
///
/// Operands are in units of the kernels, as inference has them: sums of whole codes are exact in float32 up to 2^24, so the training
/// forward and the deployed network give the same bits. Where elements lie in blocks, operands are what the codes stand for, in both.
/// Not Sendable: one owner, whose loops only read.
package final class QuantizedTraining {
  /// A layer.
  package struct Layer {
    package let name: String
    let shape: ConvolutionShape
    package var weights: TrainableQuantizer?
    package var inputs: TrainableQuantizer?
    package var gradients: GradientQuantizer?
    /// What one unit of an operand of the kernel is worth, in values of the format.
    var weightUnit: Float, inputUnit: Float
    /// Whether operands are what codes stand for: scales of blocks cannot leave the sum, and mixtures of formats have none.
    var isReal: Bool
    /// Output channels whose weights have no bits.
    package internal(set) var prunedChannels: [Int] = []
    /// The operands whose formats are searched; nil once they have them.
    package var search: LayerSearch?
    /// Of this step: what is rounded in the place of the weights, what it becomes, and by which quantizer.
    var replacedWeights: [Float]?
    var operands: [Float]?
    var weightQuantizer: Quantizer?
    var inputRounding: InputRounding?
    /// Momentum of learned scales.
    var weightMomentum: [Double] = [], inputMomentum: [Double] = []
    /// Gradients of learned scales of this step.
    package internal(set) var weightGradient: [Double] = [], inputGradient: [Double] = []
  }

  package var layers: [Layer]
  /// What each layer becomes, as it was asked for.
  let quantizations: [LayerQuantization?]
  /// The search of formats; nil where they are given.
  var search: FormatSearch?
  /// A choice of formats that is measured in the place of mixtures; nil for these.
  var measuredChoice: [ResourceModel.Places]?
  /// Of random words.
  let seed: UInt64
  /// The formats that were chosen, by their numbers; nil as long as they are searched.
  var chosenPlaces: [ResourceModel.Places]?
  /// Whether the inputs of each layer never are negative.
  let hasNonnegativeInputs: [Bool]
  /// Whether batch norm follows each layer.
  let isNormalized: [Bool]
  let cache: CodecCache
  /// Steps in which inputs' extremes are tracked.
  let trackedStepCount: Int
  /// The step that is under way; nil where the network is only run.
  var step: Int?
  /// What a layer could not be quantized for.
  var failure: (any Error)?

  /// Quantizers without scales.
  ///
  /// `trackedStepCount`: steps in which inputs stay as they are while their extremes are tracked. `seed`: of random words.
  ///
  /// Throws what ``TrainableQuantizer`` throws.
  init(
    _ plan: TrainingPlan,
    _ quantizations: [LayerQuantization?],
    trackedStepCount: Int,
    seed: UInt64 = 0
  ) throws {
    precondition(quantizations.count == plan.layers.count, "a quantization for each layer")
    self.trackedStepCount = trackedStepCount
    // Only channels that nothing else needs may have no bits.
    let quantizations = quantizations.enumerated().map { index, quantization -> LayerQuantization? in
      guard var quantization, let chain = quantization.weightChain else { return quantization }
      if !quantization.isChannelWise || plan.readerOfPrunable(index) == nil {
        quantization.weightChain = chain.withoutNothing
      }
      return quantization
    }
    (self.quantizations, self.seed) = (quantizations, seed)
    let cache = CodecCache()
    self.cache = cache
    let nonnegative = Self.nonnegativeInputs(plan)
    hasNonnegativeInputs = nonnegative
    isNormalized = plan.layers.map { $0.normalization != nil }
    let hasGradient = Self.inputsWithGradient(plan)
    layers = try plan.layers.enumerated().map { index, layer in
      func quantizer(_ specification: QuantizerSpecification?, _ operand: Operand) throws
        -> TrainableQuantizer?
      {
        guard let specification, let method = quantizations[index]?.method else { return nil }
        return try TrainableQuantizer(
          specification,
          method,
          operand: operand,
          isNonnegative: operand == .activations && nonnegative[index],
          isNormalized: layer.normalization != nil,
          hasGradient: operand == .weights || hasGradient[index],
          name: layer.name,
          cache: cache
        )
      }
      let weights = try quantizer(quantizations[index]?.weights, .weights)
      let inputs = try quantizer(quantizations[index]?.inputs, .activations)
      if let inputs, inputs.isPerChannel {
        throw TrainingError.invalidRecipe(
          parameter: "activations",
          found: "a scale for each channel ('\(layer.name)')",
          allowed: "a scale for each tensor, which integer sums can carry"
        )
      }
      if let gradients = quantizations[index]?.gradients, case .element = gradients.format,
        gradients.granularity == .channel
      {
        throw TrainingError.invalidRecipe(
          parameter: "gradients",
          found: gradients.description,
          allowed: "one scale for each layer, such as float8_e5m2:tensor:max"
        )
      }
      return Layer(
        name: layer.name,
        shape: layer.shape,
        weights: weights,
        inputs: inputs,
        gradients: try quantizations[index]?.gradients.map {
          try GradientQuantizer($0, layer: index, seed: seed, name: layer.name, cache: cache)
        },
        weightUnit: weights.map { OperandValues($0.codec).floatUnit } ?? 1,
        inputUnit: inputs.map { OperandValues($0.codec).floatUnit } ?? 1,
        isReal: weights?.isBlocked ?? false || inputs?.isBlocked ?? false
      )
    }
    for index in layers.indices { try beginSearch(ofLayer: index) }
  }

  /// Whether the input of each layer never is negative: behind ReLU, and what poolings make of that.
  private static func nonnegativeInputs(_ plan: TrainingPlan) -> [Bool] {
    var isNonnegative: [Bool] = []
    var result = plan.layers.map { _ in false }
    for (index, stage) in plan.stages.enumerated() {
      let inputs = stage.inputs.map { isNonnegative[$0] }
      switch stage.operation {
      case .input: isNonnegative.append(false)
      case .layer(let layer):
        result[layer] = inputs[0]
        isNonnegative.append(plan.stages[index].appliesReLU)
      case .unweighted(let layer): isNonnegative.append(stage.appliesReLU || layer.isNonnegative || inputs[0])
      case .add: isNonnegative.append(stage.appliesReLU || inputs.allSatisfy { $0 })
      case .relu: isNonnegative.append(true)
      }
    }
    return result
  }

  /// Whether the gradient of each layer's input is computed: not that of images.
  private static func inputsWithGradient(_ plan: TrainingPlan) -> [Bool] {
    var result = plan.layers.map { _ in false }
    for stage in plan.stages {
      if case .layer(let layer) = stage.operation { result[layer] = plan.needsGradient[stage.inputs[0]] }
    }
    return result
  }

  // MARK: Forward

  /// Makes the quantizers of a step, and what weights become.
  func prepare(_ parameters: NetworkParameters) {
    prepareSearch()
    let layout = parameters.layout
    for index in layers.indices {
      let hasQuantizer = layers[index].weights != nil || layers[index].search?.weights != nil
      guard hasQuantizer, let entry = layout["\(layers[index].name).weight"] else { continue }
      parameters.values[entry.range].withUnsafeBufferPointer { observe(index, $0) }
    }
    for index in layers.indices { prepareInputs(index) }
  }

  private func prepareInputs(_ index: Int) {
    let layer = layers[index]
    if let inputs = layer.search?.inputs {
      layers[index].inputRounding = inputs.quantizer.map { InputRounding($0) }
      return
    }
    layers[index].inputRounding = layer.inputs?.quantizer.map {
      InputRounding($0, unit: layer.isReal ? nil : layer.inputUnit)
    }
  }

  private func observe(_ index: Int, _ values: UnsafeBufferPointer<Float>) {
    let depth = layers[index].shape.depth
    if let mixed = layers[index].search?.weights?.mix(values, depth: depth) {
      layers[index].operands = mixed
      return
    }
    let replaced = layers[index].weights?.observe(weights: values, channelLength: depth)
    layers[index].replacedWeights = replaced
    if let replaced {
      replaced.withUnsafeBufferPointer { prepare(index, $0) }
    } else {
      prepare(index, values)
    }
  }

  private func prepare(_ index: Int, _ values: UnsafeBufferPointer<Float>) {
    let depth = layers[index].shape.depth
    guard let quantizer = layers[index].weights?.quantizer else { return }
    layers[index].weightQuantizer = quantizer
    guard !layers[index].isReal else {
      layers[index].operands = Self.represented(values, quantizer, layers[index].shape)
      return
    }
    let unit = layers[index].weightUnit
    let operands = [Float](unsafeUninitializedCapacity: values.count) { buffer, count in
      for channel in 0..<values.count / depth {
        guard let base = buffer.baseAddress else { return }
        let row = UnsafeBufferPointer(rebasing: values[channel * depth..<(channel + 1) * depth])
        quantizer.alone(channel: channel).round(
          row,
          channels: depth,
          unit: unit,
          into: base + channel * depth
        )
      }
      for channel in layers[index].prunedChannels {
        buffer.baseAddress?.advanced(by: channel * depth).update(repeating: 0, count: depth)
      }
      count = values.count
    }
    layers[index].operands = operands
  }

  /// What weights stand for once they are codes.
  private static func represented(
    _ values: UnsafeBufferPointer<Float>,
    _ quantizer: Quantizer,
    _ shape: ConvolutionShape
  ) -> [Float] {
    (0..<shape.outputChannels).flatMap { channel in
      let row = Array(values[channel * shape.depth..<(channel + 1) * shape.depth])
      func rounded(_ row: [Float], _ round: (UnsafeBufferPointer<Float>, UnsafeMutablePointer<Float>) -> Void)
        -> [Float]
      {
        [Float](unsafeUninitializedCapacity: row.count) { output, count in
          row.withUnsafeBufferPointer { row in
            if let base = output.baseAddress { round(row, base) }
          }
          count = row.count
        }
      }
      guard let blocks = quantizer.blocks else {
        return rounded(row) { quantizer.fakeQuantize($0, channel: channel, into: $1) }
      }
      let blocked = rounded(shape.blockOrder(row[...])) {
        blocks.fakeQuantize($0, rowLength: shape.groupInputChannels, channel: channel, into: $1)
      }
      return shape.fileOrder(blocked)
    }
  }

  /// What a layer's weights become, in units of the kernel; nil where they stay as they are.
  func weights(ofLayer index: Int) -> [Float]? { layers[index].operands }

  /// What rounds a layer's inputs.
  func inputQuantizer(ofLayer index: Int) -> InputRounding? { layers[index].inputRounding }

  /// What one unit of the sums of each output channel is worth; nil where they are real numbers.
  ///
  /// In the order of operations of `LayerEngine`.
  func unit(ofLayer index: Int) -> [Double]? {
    let layer = layers[index]
    guard !layer.isReal, layer.weightQuantizer != nil || layer.inputRounding != nil else { return nil }
    let unit =
      (layer.weightQuantizer == nil ? 1 : Double(layer.weightUnit))
      * (layer.inputRounding == nil ? 1 : Double(layer.inputUnit))
    let inputScale = Double(layer.inputRounding?.quantizer?.greatestScale ?? 1)
    return (0..<layer.shape.outputChannels).map {
      inputScale * Double(layer.weightQuantizer?.scale(ofChannel: $0) ?? 1) * unit
    }
  }

  /// Whether the inputs of a layer are to be looked at in this step.
  func needsInputs(ofLayer index: Int) -> Bool {
    guard let step else { return false }
    if let inputs = layers[index].search?.inputs { return inputs.bound == nil }
    return layers[index].inputs?.needsInputs(trackingIsOver: step >= trackedStepCount) ?? false
  }

  /// Takes the inputs of a step into account.
  func observe(inputs samples: [TensorSample], ofLayer index: Int) {
    guard let step else { return }
    let name = "\(layers[index].name).input"
    defer { prepareInputs(index) }
    if layers[index].search?.inputs != nil {
      layers[index].search?.begin(samples.reduce(into: TensorSample()) { $0.merge($1) })
      return
    }
    do {
      try layers[index].inputs?.observe(
        inputs: samples,
        isLastTracked: step + 1 >= trackedStepCount,
        name: name
      )
    } catch {
      if failure == nil { failure = error }
    }
  }

  // MARK: Deployment

  /// What the layers of the deployed network multiply and add: the quantizers as they are, weights as codes.
  ///
  /// `network`: of the parameters, batch norm in the epilogue.
  func operands(_ network: FoldedNetwork) -> [LayerOperands] {
    zip(network.layers, layers).map { folded, layer in
      // Scales that follow the weights are those of the weights as they are now.
      var (folded, weights) = (folded, layer.weights)
      let replaced = folded.weights.withUnsafeBufferPointer {
        weights?.observe(weights: $0, channelLength: folded.shape.depth)
      }
      if let replaced { folded.weights = replaced }
      return LayerOperands(
        folded,
        weights: weights?.quantizer,
        activations: layer.inputs?.quantizer,
        absorbing: false
      )
    }
  }
}

extension TrainingPass {
  /// Looks at the inputs of a layer before they are quantized, where its quantizer asks for it.
  func observeInputs(of layer: Int, _ stage: Int) {
    guard let quantized, quantized.needsInputs(ofLayer: layer) else { return }
    let convert = inputs(ofStage: stage, quantizes: false)
    let shape = plan.stages[plan.stages[stage].inputs[0]].shape
    let samples = ParallelLoop.map(count: shards.count, threads: threads) { shard in
      var sample = TensorSample()
      scratch.with(shape.count) { room in
        for image in shards.images(ofShard: shard) {
          let values = convert(image * shape.count, shape.count, room)
          sample.add(UnsafeBufferPointer(start: values, count: shape.count), keeping: 1024, phase: image)
        }
      }
      return sample
    }
    // Tensor by tensor: inputs have one scale.
    quantized.observe(
      inputs: [samples.reduce(into: TensorSample()) { $0.merge($1) }],
      ofLayer: layer
    )
  }
}
