import BinadeNumerics

/// What post-training quantization makes of one layer.
public struct LayerTarget: Sendable {
  /// The format of the weights; nil leaves them in float32.
  public var weights: TensorFormat?
  /// The format of the input; nil leaves it in float32.
  public var activations: TensorFormat?
  /// Whether the layer is the first or the last, with formats of its own: ranges from the least to the greatest value, one for
  /// the whole input, nearest rounding, whatever the recipe says of these.
  public var isEnd: Bool
  /// The format of blocks for the recipe part `vectors`.
  public var vectors: BlockFormat?

  /// Creates a target.
  public init(
    weights: TensorFormat?,
    activations: TensorFormat?,
    isEnd: Bool = false,
    vectors: BlockFormat? = nil
  ) {
    self.weights = weights
    self.activations = activations
    self.isEnd = isEnd
    self.vectors = vectors
  }
}
