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
  ) {
    let pixelCount = shape.height * shape.width
    for channel in 0..<shape.channels { output[channel] = 0 }
    for pixel in 0..<pixelCount {
      let values = input + pixel * shape.channels
      for channel in 0..<shape.channels { output[channel] += values[channel] }
    }
    for channel in 0..<shape.channels { output[channel] /= Float(pixelCount) }
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
