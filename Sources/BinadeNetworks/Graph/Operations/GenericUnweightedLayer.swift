/// A layer without weights whose arithmetic is written once, for float32 and for the Double of references.
public protocol GenericUnweightedLayer: UnweightedLayer {
  /// Computes one image.
  ///
  /// - Shape: `input` is height x width x channels of `shape`; `output` as ``outputShape(of:)`` says.
  func forward<Scalar: BinaryFloatingPoint>(
    _ input: UnsafePointer<Scalar>,
    _ shape: ImageShape,
    _ output: UnsafeMutablePointer<Scalar>
  )

  /// Computes the gradient of one image's input from that of its output.
  func backward<Scalar: BinaryFloatingPoint>(
    _ gradient: UnsafePointer<Scalar>,
    _ input: UnsafePointer<Scalar>,
    _ shape: ImageShape,
    _ output: UnsafeMutablePointer<Scalar>
  )
}

// Requirements of one type each: a generic one, called on any layer, would not be specialised.
extension GenericUnweightedLayer {
  /// ``forward(_:_:_:)``.
  public func compute(
    _ input: UnsafePointer<Float>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Float>
  ) { forward(input, shape, output) }

  /// ``forward(_:_:_:)``.
  public func compute(
    _ input: UnsafePointer<Double>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Double>
  ) { forward(input, shape, output) }

  /// ``backward(_:_:_:_:)``.
  public func propagate(
    _ gradient: UnsafePointer<Float>,
    input: UnsafePointer<Float>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Float>
  ) { backward(gradient, input, shape, output) }

  /// ``backward(_:_:_:_:)``.
  public func propagate(
    _ gradient: UnsafePointer<Double>,
    input: UnsafePointer<Double>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Double>
  ) { backward(gradient, input, shape, output) }
}
