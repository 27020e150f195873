/// Every `stride`-th pixel; zero channels evenly before and after.
///
/// - Source: He, Zhang, Ren and Sun, CVPR 2016, section 3.3, option A.
public struct PaddedShortcut: GenericUnweightedLayer {
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

  /// Takes pixels and adds channels.
  @inline(__always)
  public func forward<Scalar: BinaryFloatingPoint>(
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

  /// Pixels that are taken get theirs, the others none.
  @inline(__always)
  public func backward<Scalar: BinaryFloatingPoint>(
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
