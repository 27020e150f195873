/// The mean of each channel, summed in the order of pixels.
public struct GlobalAveragePool: UnweightedLayer {
  /// Creates a pooling.
  public init() {}

  /// One pixel.
  public func outputShape(of input: ImageShape) -> ImageShape {
    ImageShape(channels: input.channels, height: 1, width: 1)
  }

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

  /// Every pixel gets its share.
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
    let pixelCount = shape.height * shape.width
    for channel in 0..<shape.channels { output[channel] = 0 }
    for pixel in 0..<pixelCount {
      let values = input + pixel * shape.channels
      for channel in 0..<shape.channels { output[channel] += values[channel] }
    }
    for channel in 0..<shape.channels { output[channel] /= Scalar(pixelCount) }
  }

  @inline(__always)
  private func backward<Scalar: BinaryFloatingPoint>(
    _ gradient: UnsafePointer<Scalar>,
    _ input: UnsafePointer<Scalar>,
    _ shape: ImageShape,
    _ output: UnsafeMutablePointer<Scalar>
  ) {
    let pixelCount = shape.height * shape.width
    for channel in 0..<shape.channels {
      output[channel] = gradient[channel] / Scalar(pixelCount)
    }
    for pixel in 1..<pixelCount {
      (output + pixel * shape.channels).update(from: output, count: shape.channels)
    }
  }

  /// Pixels are taken to be independent.
  public func distributions(of channels: [ChannelDistribution], _ shape: ImageShape)
    -> [ChannelDistribution]?
  {
    channels.map {
      ChannelDistribution(mean: $0.mean, variance: $0.variance / Double(shape.height * shape.width))
    }
  }
}
