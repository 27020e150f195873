import BinadeQuantization

/// What a layer's operands become while it is trained, and how they learn it.
public struct LayerQuantization: Sendable {
  /// The formats; nil leaves an operand in float32.
  public var weights: QuantizerSpecification?, inputs: QuantizerSpecification?
  /// The format of the gradients of the layer's sums; nil leaves them in float32.
  public var gradients: QuantizerSpecification?
  /// How.
  public var method: TrainingMethod
  /// Formats between which an operand moves until one is chosen, in the place of the one above; nil where that is it.
  public var weightChain: FormatChain?, inputChain: FormatChain?
  /// Whether each output channel of weights has a place on the chain of its own.
  public var isChannelWise = false

  /// Formats and a method.
  public init(
    weights: QuantizerSpecification?,
    inputs: QuantizerSpecification?,
    gradients: QuantizerSpecification? = nil,
    method: TrainingMethod
  ) {
    (self.weights, self.inputs, self.gradients, self.method) = (weights, inputs, gradients, method)
  }
}
