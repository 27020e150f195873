/// min(max(x, 0), 6), NaN kept.
///
/// - Source: Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10, 2010; what MobileNets have.
public struct ReLU6: GenericUnweightedLayer {
  /// Creates a clip.
  public init() {}

  /// The same.
  public func outputShape(of input: ImageShape) -> ImageShape { input }

  /// Never negative.
  public var isNonnegative: Bool { true }

  /// Clips each value.
  @inline(__always)
  public func forward<Scalar: BinaryFloatingPoint>(
    _ input: UnsafePointer<Scalar>,
    _ shape: ImageShape,
    _ output: UnsafeMutablePointer<Scalar>
  ) {
    for place in 0..<shape.count {
      let value = input[place]
      output[place] = value < 0 ? 0 : value > 6 ? 6 : value
    }
  }

  /// What lies between 0 and 6 passes its gradient.
  @inline(__always)
  public func backward<Scalar: BinaryFloatingPoint>(
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
