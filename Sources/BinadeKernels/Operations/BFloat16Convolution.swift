import CBinadeKernels

/// A convolution of bfloat16 operands with weights packed once: that of float32, bit for bit, faster.
///
/// - Shape: as ``FloatConvolution/run(_:imageCount:epilogue:addend:into:threads:)``; the channels of a pixel lie in pairs as
///   `BFloat16.arrange` orders them.
/// - Error: as ``FloatConvolution/run(_:imageCount:epilogue:addend:into:threads:)``, the same bits, for operands that
///   ``BFloat16Values`` has proved fit.
struct BFloat16Convolution: Sendable {
  let body: PackedConvolution<BFloat16MicroKernel>

  /// Whether no pair of steps reaches across taps.
  ///
  /// A pair that is not whole would multiply the next pixel by 0, and infinity times 0 is NaN.
  static func takes(_ shape: ConvolutionShape) -> Bool { shape.groupInputChannels.isMultiple(of: 2) }

  /// Packs `weights`.
  ///
  /// - Shape: `weights` is outputChannels x channels per group x kernelHeight x kernelWidth, row-major.
  /// - Precondition: ``takes(_:)`` the shape.
  init(shape: ConvolutionShape, weights: [BFloat16], kernel: BFloat16MicroKernel) {
    precondition(Self.takes(shape), "pairs of \(shape.groupInputChannels) channels")
    body = PackedConvolution(shape: shape, weights: weights, kernel: kernel)
  }

  /// The kernel's name, for reports.
  var kernelName: String { body.kernelName }
}

/// Two channels or more per group: never depthwise.
extension BFloat16MicroKernel: ConvolutionKernel {
  static var hasDepthwiseLoop: Bool { false }
  var features: CPUFeatures { [] }

  static func depthwiseName(_ features: CPUFeatures) -> String {
    preconditionFailure("pairs of channels have no depthwise loop")
  }

  static func computeDepthwise(
    _ job: inout binade_depthwise,
    weights: UnsafePointer<BFloat16>,
    start: UnsafePointer<Float>?,
    into sums: UnsafeMutablePointer<Float>
  ) {
    preconditionFailure("pairs of channels have no depthwise loop")
  }
}
