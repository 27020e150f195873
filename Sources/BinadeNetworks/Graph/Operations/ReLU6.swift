/// min(max(x, 0), 6), NaN kept.
///
/// - Source: Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10, 2010; what MobileNets have.
public struct ReLU6: UnweightedLayer {
  /// Creates a clip.
  public init() {}

  /// The same.
  public func outputShape(of input: ImageShape) -> ImageShape { input }

  /// Never negative.
  public var isNonnegative: Bool { true }

  /// Computes one image.
  public func compute(
    _ input: UnsafePointer<Float>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Float>
  ) { forward(input, shape, output) }

  /// Computes one image in Double.
  public func compute(
    _ input: UnsafePointer<Double>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Double>
  ) { forward(input, shape, output) }

  /// What lies between 0 and 6 passes its gradient.
  public func propagate(
    _ gradient: UnsafePointer<Float>,
    input: UnsafePointer<Float>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Float>
  ) { backward(gradient, input, shape, output) }

  /// The same in Double.
  public func propagate(
    _ gradient: UnsafePointer<Double>,
    input: UnsafePointer<Double>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Double>
  ) { backward(gradient, input, shape, output) }

  @inline(__always)
  private func forward<Scalar: BinaryFloatingPoint>(
    _ input: UnsafePointer<Scalar>,
    _ shape: ImageShape,
    _ output: UnsafeMutablePointer<Scalar>
  ) {
    for place in 0..<shape.count {
      let value = input[place]
      output[place] = value < 0 ? 0 : value > 6 ? 6 : value
    }
  }

  @inline(__always)
  private func backward<Scalar: BinaryFloatingPoint>(
    _ gradient: UnsafePointer<Scalar>,
    _ input: UnsafePointer<Scalar>,
    _ shape: ImageShape,
    _ output: UnsafeMutablePointer<Scalar>
  ) {
    for place in 0..<shape.count {
      output[place] = input[place] > 0 && input[place] < 6 ? gradient[place] : 0
    }
  }
}
