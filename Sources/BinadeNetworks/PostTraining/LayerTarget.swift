import BinadeNumerics

/// What post-training quantization makes of one layer.
public struct LayerTarget: Sendable {
  /// Bits of a weight, 2 to 8; nil leaves weights in float32.
  public var weightBitWidth: Int?
  /// Bits of an element of the input, 2 to 8; nil leaves it in float32.
  public var inputBitWidth: Int?
  /// Whether the layer is the first or the last, with bits of its own: min/max ranges, one for the whole input, nearest
  /// rounding, whatever the recipe says of these.
  public var isEnd: Bool
  /// Rounds weights for the recipe part `vectors`.
  public var vectorCodec: BlockCodec?

  /// Creates a target.
  public init(weightBitWidth: Int?, inputBitWidth: Int?, isEnd: Bool = false, vectorCodec: BlockCodec? = nil)
  {
    self.weightBitWidth = weightBitWidth
    self.inputBitWidth = inputBitWidth
    self.isEnd = isEnd
    self.vectorCodec = vectorCodec
  }
}
