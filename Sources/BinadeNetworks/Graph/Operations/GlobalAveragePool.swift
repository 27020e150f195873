/// The mean of each channel, summed in the order of pixels.
public struct GlobalAveragePool: GenericUnweightedLayer {
  /// Creates a pooling.
  public init() {}

  /// One pixel.
  public func outputShape(of input: ImageShape) -> ImageShape {
    ImageShape(channels: input.channels, height: 1, width: 1)
  }

  /// The mean of each channel.
  @inline(__always)
  public func forward<Scalar: BinaryFloatingPoint>(
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

  /// Every pixel gets its share.
  @inline(__always)
  public func backward<Scalar: BinaryFloatingPoint>(
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
