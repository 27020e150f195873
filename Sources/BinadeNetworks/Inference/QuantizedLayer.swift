import BinadeQuantization

/// A layer after post-training quantization: what its weights and bias have become, and what its input goes through.
///
/// Weights are the values of codes, with a scale and an offset per output channel and, perhaps, bits per channel; inputs
/// likewise. Where one scale holds for the whole input and weights are whole steps, such a layer runs on integers, else in
/// float32 on these values.
public struct QuantizedLayer: Sendable {
  /// As ``FoldedNetwork/Layer/weights``, rounded.
  public var weights: [Float] {
    // What is put in their place is no multiple of the steps that there were.
    didSet { steps = nil }
  }
  /// ``weights`` before what a correction of means added to whole channels.
  public var roundedWeights: [Float]
  /// The least and the greatest value that rounding can give, for each output channel.
  public var weightRanges: [ClosedRange<Float>]
  /// The weights as whole steps, from which integer kernels compute; nil where they are none.
  public internal(set) var steps: WholeSteps?
  /// One per output channel.
  public var bias: [Float]
  /// What the input goes through.
  public var input: InputQuantizer
  /// Bits of a weight, the mean over the output channels; 32 for float32.
  public var meanWeightBitWidth: Double
  /// Bits of scales, offsets and bit widths of the weights.
  public var parameterBitCount: Int

  /// A layer left in float32.
  public init(_ layer: FoldedNetwork.Layer) {
    weights = layer.weights
    roundedWeights = layer.weights
    weightRanges = Array(repeating: -.infinity ... .infinity, count: layer.shape.outputChannels)
    bias = layer.bias
    input = .none
    meanWeightBitWidth = 32
    parameterBitCount = 0
  }
}
