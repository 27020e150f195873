/// Every `stride`-th pixel; zero channels evenly before and after.
///
/// - Source: He, Zhang, Ren and Sun, CVPR 2016, section 3.3, option A.
public struct PaddedShortcut: UnweightedLayer {
  /// Pixels from one that is taken to the next.
  public let stride: Int
  /// Channels with those added.
  public let outputChannels: Int

  /// Creates a shortcut.
  public init(stride: Int, outputChannels: Int) {
    self.stride = stride
    self.outputChannels = outputChannels
  }

  /// Fewer pixels, more channels.
  public func outputShape(of input: ImageShape) -> ImageShape {
    ImageShape(
      channels: outputChannels,
      height: (input.height + stride - 1) / stride,
      width: (input.width + stride - 1) / stride
    )
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

  /// Pixels that are taken get theirs, the others none.
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
    let outputShape = outputShape(of: shape)
    let before = (outputChannels - shape.channels) / 2
    let after = outputChannels - shape.channels - before
    var target = output
    for y in 0..<outputShape.height {
      for x in 0..<outputShape.width {
        target.update(repeating: 0, count: before)
        target += before
        target.update(
          from: input + (y * stride * shape.width + x * stride) * shape.channels,
          count: shape.channels
        )
        target += shape.channels
        target.update(repeating: 0, count: after)
        target += after
      }
    }
  }

  @inline(__always)
  private func backward<Scalar: BinaryFloatingPoint>(
    _ gradient: UnsafePointer<Scalar>,
    _ input: UnsafePointer<Scalar>,
    _ shape: ImageShape,
    _ output: UnsafeMutablePointer<Scalar>
  ) {
    let outputShape = outputShape(of: shape)
    let before = (outputChannels - shape.channels) / 2
    output.update(repeating: 0, count: shape.count)
    for y in 0..<outputShape.height {
      for x in 0..<outputShape.width {
        let source = gradient + ((y * outputShape.width + x) * outputChannels + before)
        (output + (y * stride * shape.width + x * stride) * shape.channels)
          .update(from: source, count: shape.channels)
      }
    }
  }

  /// Zeros in the channels that are added.
  public func distributions(of channels: [ChannelDistribution], _ shape: ImageShape)
    -> [ChannelDistribution]?
  {
    let before = (outputChannels - channels.count) / 2
    return (0..<outputChannels).map {
      channels.indices.contains($0 - before)
        ? channels[$0 - before] : ChannelDistribution(mean: 0, variance: 0)
    }
  }
}
