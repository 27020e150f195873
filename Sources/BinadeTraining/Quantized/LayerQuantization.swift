import BinadeQuantization

/// What a layer's operands become while it is trained, and how they learn it.
public struct LayerQuantization: Sendable {
  /// The formats; nil leaves an operand in float32.
  public var weights: QuantizerSpecification?, inputs: QuantizerSpecification?
  /// How.
  public var method: TrainingMethod

  /// Formats and a method.
  public init(
    weights: QuantizerSpecification?,
    inputs: QuantizerSpecification?,
    method: TrainingMethod
  ) {
    (self.weights, self.inputs, self.method) = (weights, inputs, method)
  }
}
