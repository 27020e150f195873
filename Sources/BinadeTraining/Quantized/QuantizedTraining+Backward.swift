import BinadeKernels
import BinadeNetworks
import BinadeQuantization

/// Gradients on their way through quantizers, and what scales learn from them.
extension QuantizedTraining {
  /// Whether the gradients of a layer's sums are quantized.
  func tracksGradients(ofLayer index: Int) -> Bool { layers[index].gradients != nil }

  /// What the gradients of a layer's sums are rounded by in this step; nil where they stay as they are.
  func gradientQuantizer(ofLayer index: Int) -> Quantizer? {
    step.flatMap { layers[index].gradients?.quantizer(step: $0) }
  }

  /// Takes the gradients of a step into account.
  func note(greatestGradient: Float, ofLayer index: Int) {
    layers[index].gradients?.note(greatest: greatestGradient)
  }

  /// How gradients pass the quantizer of a layer's inputs.
  struct InputRule {
    let rule: QuantizerGradient
    /// Whether the scale is learned.
    let learns: Bool
    /// The mixture of formats whose place is learned; nil for a single format.
    var mixture: FractionalQuantizer?
  }

  /// The gradient rule of a layer's inputs; nil where the gradient passes as it is: where they are not quantized, and in blocks without a
  /// scale above them.
  func inputRule(ofLayer index: Int) -> InputRule? {
    let layer = layers[index]
    func clipping(at bound: Float, _ clips: Bool) -> QuantizerGradient {
      QuantizerGradient(clips: clips, scale: 1, unit: 1, least: -bound, greatest: bound)
    }
    if let bound = layer.search?.inputs?.bound, let mixture = layer.inputRounding?.mixture {
      return InputRule(rule: clipping(at: Float(bound), true), learns: true, mixture: mixture)
    }
    guard let trainable = layer.inputs, let quantizer = layer.inputRounding?.quantizer else { return nil }
    if trainable.isBlocked {
      return trainable.outerBound.map {
        InputRule(rule: clipping(at: $0, trainable.clipsGradients), learns: false)
      }
    }
    let scale = quantizer.greatestScale
    return InputRule(
      rule: trainable.gradientRule(scale: scale, unit: layer.isReal ? nil : layer.inputUnit),
      learns: trainable.rule.isLearned
    )
  }

  /// Turns the gradient of what a layer's weights became into that of the weights.
  func passWeights(
    _ index: Int,
    _ range: Range<Int>,
    _ parameters: NetworkParameters,
    gradient: inout [Float]
  ) {
    if layers[index].search?.weights != nil {
      passSearchedWeights(index, range, parameters, gradient: &gradient)
      return
    }
    guard let trainable = layers[index].weights, !trainable.isBlocked,
      let quantizer = layers[index].weightQuantizer, let operands = layers[index].operands
    else { return }
    let unit = layers[index].isReal ? nil : layers[index].weightUnit
    let replaced = layers[index].replacedWeights
    let depth = layers[index].shape.depth
    let channelCount = range.count / depth
    let learns = trainable.rule.isLearned
    var sums = (0..<(trainable.isPerChannel ? channelCount : 1)).map { _ in ScaleSums() }
    gradient.withUnsafeMutableBufferPointer { whole in
      parameters.values.withUnsafeBufferPointer { parameters in
        operands.withUnsafeBufferPointer { operands in
          let gradient = UnsafeMutableBufferPointer(rebasing: whole[range])
          let weights = UnsafeBufferPointer(rebasing: parameters[range])
          func apply(_ values: UnsafeBufferPointer<Float>) {
            guard let gradient = gradient.baseAddress, let values = values.baseAddress,
              let operands = operands.baseAddress
            else { return }
            for channel in 0..<channelCount {
              let place = channel * depth
              var lanes = QuantizerGradient.Sums(channels: learns ? depth : 0)
              let scale = quantizer.scale(ofChannel: channel)
              trainable.gradientRule(scale: scale, unit: unit).apply(
                gradient + place,
                gradientStride: depth,
                values: values + place,
                learns: learns,
                rounded: learns || trainable.halvesEnds ? operands + place : nil,
                rowCount: 1,
                channels: depth,
                into: gradient + place,
                &lanes
              )
              sums[trainable.isPerChannel ? channel : 0] += ScaleSums(lanes)
            }
          }
          for channel in layers[index].prunedChannels {
            gradient.baseAddress?.advanced(by: channel * depth).update(repeating: 0, count: depth)
          }
          if let replaced { replaced.withUnsafeBufferPointer(apply) } else { apply(weights) }
          trainable.propagate(gradient, weights: weights)
        }
      }
    }
    guard learns else { return }
    let factor = trainable.gradientFactor(elementCount: range.count)
    layers[index].weightGradient = trainable.scaleGradients(sums).map { $0 * factor }
  }

  /// Notes what the shards found for the scale of a layer's inputs.
  ///
  /// `products`: Σg·Q_i of each shard for each format of a mixture, where formats are searched.
  func addInputs(_ index: Int, _ shards: [QuantizerGradient.Sums], products: [[Double]]) {
    if layers[index].search?.inputs != nil {
      addSearchedInputs(index, shards, products: products)
      return
    }
    guard let trainable = layers[index].inputs, trainable.rule.isLearned else { return }
    let sum = shards.reduce(into: ScaleSums()) { $0 += ScaleSums($1) }
    let factor = trainable.gradientFactor(elementCount: layers[index].shape.inputCount)
    layers[index].inputGradient = trainable.scaleGradients([sum]).map { $0 * factor }
  }

  /// Moves learned scales and places along their gradients, as SGD with the step's rate and momentum, without decay.
  func update(_ values: StepValues) {
    updateSearch(values)
    do {
      for index in layers.indices {
        let layer = layers[index]
        (layers[index].weights, layers[index].weightMomentum) =
          try Self.moved(layer.weights, layer.weightGradient, layer.weightMomentum, values)
        (layers[index].inputs, layers[index].inputMomentum) =
          try Self.moved(layer.inputs, layer.inputGradient, layer.inputMomentum, values)
      }
    } catch { failure = error }
  }

  private static func moved(
    _ trainable: TrainableQuantizer?,
    _ gradient: [Double],
    _ momentum: [Double],
    _ values: StepValues
  ) throws -> (TrainableQuantizer?, [Double]) {
    guard var learned = trainable, learned.rule.isLearned, !gradient.isEmpty else {
      return (trainable, momentum)
    }
    let before = momentum.isEmpty ? gradient.map { _ in 0 } : momentum
    let momentum = zip(before, gradient).map { values.momentum * $0 + $1 }
    let parameters = learned.parameters
    try learned.move(
      to: parameters.indices.map {
        parameters[$0] - values.learningRate * (gradient[$0] + values.momentum * momentum[$0])
      }
    )
    return (learned, momentum)
  }
}

extension ScaleSums {
  /// The sums of all channels.
  init(_ sums: QuantizerGradient.Sums) {
    self.init()
    inside = sums.inside.reduce(0, +)
    above = sums.above.reduce(0, +)
    below = sums.below.reduce(0, +)
  }
}
