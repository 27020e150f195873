/// A dense array of Float32 in row-major order.
public struct Tensor: Sendable, Hashable {
  /// The extent of each dimension.
  public let shape: Shape
  /// The elements, last dimension fastest.
  public var values: [Float]

  /// Creates a tensor.
  ///
  /// - Precondition: `values.count == shape.count`.
  public init(shape: Shape, values: [Float]) {
    precondition(
      values.count == shape.count,
      "\(values.count) values for a tensor of shape \(shape)"
    )
    self.shape = shape
    self.values = values
  }

  /// Creates a tensor with every element equal.
  public init(shape: Shape, repeating value: Float = 0) {
    self.shape = shape
    values = [Float](repeating: value, count: shape.count)
  }
}
