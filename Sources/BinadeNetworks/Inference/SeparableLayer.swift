import BinadeQuantization

/// A layer whose quantization errors can be switched on in parts.
///
/// What a recipe does about means, to weights and to the bias, is a part of ``ErrorSource/meanShift``.
public struct SeparableLayer: Sendable {
  private let layer: FoldedNetwork.Layer
  private let operands: LayerOperands

  /// Takes the errors of `operands` apart.
  public init(_ layer: FoldedNetwork.Layer, _ operands: LayerOperands) {
    self.layer = layer
    self.operands = operands
  }

  /// The layer with some sources of error; without any, the float32 layer.
  public func operands(_ sources: Set<ErrorSource>) -> LayerOperands {
    var result = LayerOperands(layer)
    guard !sources.isEmpty else { return result }
    let separation = ErrorSeparation(sources)
    if let tensor = operands.codedWeights {
      // Without the scales of input channels: parts of an error are real numbers.
      result.weights = .values(operands.released(parts(of: tensor, separation), layer.shape))
    }
    if sources.contains(.meanShift) { result.bias = operands.bias }
    result.activations = operands.activations
    result.activations?.separation = separation
    return result
  }

  /// The weights that were coded, with parts of their errors.
  private func parts(of tensor: CodedTensor, _ separation: ErrorSeparation) -> [Float] {
    let before = operands.prepared(layer).weights
    let rounded = tensor.codedValues
    return (0..<layer.shape.outputChannels).flatMap { channel in
      let row = channel * layer.shape.depth..<(channel + 1) * layer.shape.depth
      let parts = separation.weights(before[row], quantized: Array(rounded[row])) { place in
        let range = tensor.range(ofElement: row.lowerBound + place)
        return (range.lowerBound, range.upperBound)
      }
      guard separation.sources.contains(.meanShift), !tensor.offsets.isEmpty else { return parts }
      return parts.map { $0 + tensor.offsets[channel] }
    }
  }
}
