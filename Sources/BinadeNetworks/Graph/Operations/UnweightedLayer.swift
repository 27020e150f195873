/// A layer of one input without weights, such as a pooling: all that networks need to know of it, in one file each.
public protocol UnweightedLayer: Sendable {
  /// What it produces.
  func outputShape(of input: ImageShape) -> ImageShape

  /// Computes one image.
  ///
  /// - Shape: `input` is height x width x channels of `shape`; `output` as ``outputShape(of:)`` says.
  func compute(
    _ input: UnsafePointer<Float>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Float>
  )

  /// The same in Double, for the reference implementation of training.
  func compute(
    _ input: UnsafePointer<Double>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Double>
  )

  /// Computes the gradient of one image's input from that of its output.
  ///
  /// - Shape: `input` and `output` are height x width x channels of `shape`; `gradient` as ``outputShape(of:)`` says.
  func propagate(
    _ gradient: UnsafePointer<Float>,
    input: UnsafePointer<Float>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Float>
  )

  /// The same in Double.
  func propagate(
    _ gradient: UnsafePointer<Double>,
    input: UnsafePointer<Double>,
    _ shape: ImageShape,
    into output: UnsafeMutablePointer<Double>
  )

  /// Whether max(x, 0) may as well be taken after it.
  var commutesWithReLU: Bool { get }

  /// Whether its output never is negative, whatever its input is.
  var isNonnegative: Bool { get }

  /// What becomes of the distribution of each channel; nil where that does not follow.
  func distributions(of channels: [ChannelDistribution], _ shape: ImageShape) -> [ChannelDistribution]?
}

extension UnweightedLayer {
  /// No.
  public var commutesWithReLU: Bool { false }

  /// No.
  public var isNonnegative: Bool { false }

  /// It does not follow.
  public func distributions(of channels: [ChannelDistribution], _ shape: ImageShape)
    -> [ChannelDistribution]?
  { nil }
}

/// Mean and variance of the elements of a channel.
public struct ChannelDistribution: Sendable, Hashable {
  /// The mean.
  public var mean: Double
  /// The square of the standard deviation.
  public var variance: Double

  /// Creates a distribution.
  public init(mean: Double, variance: Double) {
    self.mean = mean
    self.variance = variance
  }
}
