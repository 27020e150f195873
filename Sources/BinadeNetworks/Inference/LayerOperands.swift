import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// What a layer multiplies and adds: made by calibrations or by a recipe, packed by ``LayerEngine``.
public struct LayerOperands: Sendable {
  /// The weights of a layer.
  public enum Weights: Sendable {
    /// Real numbers, as ``FoldedNetwork/Layer/weights``.
    case values([Float])
    /// Codes, in the same order.
    case coded(CodedTensor)
  }

  /// The weights.
  public var weights: Weights
  /// One per output channel.
  public var bias: [Float]
  /// As ``FoldedNetwork/Layer/factors``.
  public var factors: [Double]?
  /// What the input goes through; nil leaves it in float32.
  public var activations: Quantizer?
  /// Whether the weights hold the scales of the input channels, relative to the greatest: a scale inside the sum cannot be taken
  /// out of it.
  public var absorbsInputScales = false

  /// A layer left in float32.
  public init(_ layer: FoldedNetwork.Layer) {
    weights = .values(layer.weights)
    bias = layer.bias
    factors = layer.factors
  }

  /// A layer with quantizers.
  ///
  /// `weights`: of the weights with the scales of input channels in them, where ``LayerAssignment/absorbsInputScales``.
  public init(
    _ layer: FoldedNetwork.Layer,
    weights: Quantizer?,
    activations: Quantizer?,
    absorbing: Bool
  ) {
    self.init(layer)
    self.activations = activations
    absorbsInputScales = absorbing && activations?.scales.isPerChannel ?? false
    let absorbed = absorbsInputScales ? layer.absorbing(activations) : layer
    self.weights = weights.map { .coded(absorbed.coded($0)) } ?? .values(absorbed.weights)
  }

  /// Finds the scales.
  ///
  /// `number`: of the layer in its network, for random words: its weights are tensor 2 x number, its input the next.
  /// `inputSamples`: one per input channel; needed where activations are quantized.
  ///
  /// Throws ``QuantizationFailure`` when a tensor cannot be quantized.
  public init(
    _ layer: FoldedNetwork.Layer,
    _ assignment: LayerAssignment,
    number: Int,
    inputSamples: [TensorSample],
    cache: CodecCache
  ) throws {
    let activations = try assignment.activations.map {
      try Quantizer(
        $0,
        samples: inputSamples,
        operand: .activations,
        name: "\(layer.name).input",
        tensor: UInt32(2 * number + 1),
        cache: cache
      )
    }
    let absorbed = assignment.absorbsInputScales ? layer.absorbing(activations) : layer
    let weights = try assignment.weightQuantizer(absorbed, tensor: UInt32(2 * number), cache: cache)
    self.init(layer, weights: weights, activations: activations, absorbing: assignment.absorbsInputScales)
  }

  /// The layer with weights as these operands hold them before they are rounded: with the scales of input channels, or rotated as
  /// the input is.
  func prepared(_ layer: FoldedNetwork.Layer) -> FoldedNetwork.Layer {
    if let rotation = activations?.rotation { return layer.rotated(rotation) }
    return absorbsInputScales ? layer.absorbing(activations) : layer
  }

  /// The codes of the weights; nil where they are real numbers.
  public var codedWeights: CodedTensor? {
    if case .coded(let tensor) = weights { tensor } else { nil }
  }

  /// What the weights stand for, the scales of input channels in them or not.
  var weightValues: [Float] {
    switch weights {
    case .values(let values): values
    case .coded(let tensor): tensor.values
    }
  }

  /// What the weights stand for, without the scales of input channels; rotated where the input is.
  public func realWeights(_ shape: ConvolutionShape) -> [Float] { released(weightValues, shape) }

  /// Takes the scales of input channels out of weights, if they are in.
  func released(_ weights: [Float], _ shape: ConvolutionShape) -> [Float] {
    guard absorbsInputScales, let activations else { return weights }
    return weights.enumerated().map { index, weight in
      let scale = activations.scales[shape.inputChannel(ofWeight: index)]
      return Float(Double(weight) * Double(activations.greatestScale) / Double(scale))
    }
  }
}

extension ConvolutionShape {
  /// The input channel that a weight multiplies, weights in the order of weight files.
  func inputChannel(ofWeight index: Int) -> Int {
    let (output, place) = index.quotientAndRemainder(dividingBy: depth)
    return output / groupOutputChannels * groupInputChannels + place / (kernelHeight * kernelWidth)
  }
}

extension FoldedNetwork.Layer {
  /// One sample per output channel, with every weight.
  package var weightSamples: [TensorSample] {
    (0..<shape.outputChannels).map { TensorSample(Array(row($0))) }
  }

  /// The layer with its weights multiplied by the activation scales of their input channels, relative to the
  /// greatest, when there is one per channel: a scale inside the sum cannot be taken out of it.
  package func absorbing(_ activations: Quantizer?) -> FoldedNetwork.Layer {
    guard let activations, activations.scales.isPerChannel else { return self }
    var layer = self
    for index in weights.indices {
      layer.weights[index] *=
        activations.scales[shape.inputChannel(ofWeight: index)] / activations.greatestScale
    }
    return layer
  }

  /// The layer with the input channels of every kernel position rotated.
  func rotated(_ rotation: HadamardRotation) -> FoldedNetwork.Layer {
    var layer = self
    layer.weights = rows.flatMap { row in
      shape.fileOrder(rotation.rotated(shape.blockOrder(row), rowLength: shape.groupInputChannels))
    }
    return layer
  }

  /// The weights as codes.
  func coded(_ quantizer: Quantizer) -> CodedTensor {
    guard let blocks = quantizer.blocks else {
      return CodedTensor(weights, quantizer, channelLength: shape.depth)
    }
    return coded(quantizer, blocks)
  }
}
