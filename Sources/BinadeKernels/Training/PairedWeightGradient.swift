import CBinadeKernels

/// The gradient of a convolution's weights from two images at a time: at every pixel the product of the first image, then that
/// of the second.
///
/// Two images are pairs whatever position of the kernel looks at them; that lets VDPBF16PS add up two products at once. The
/// float32 form computes the same on operands that are bfloat16 values.
///
/// - Error: one fused multiply-add per product, in the order (row, column, image of the pair); subnormal operands, sums and
///   results count as 0.
/// - Precondition: no groups.
struct PairedWeightGradient: Sendable {
  let shape: ConvolutionShape
  private let features: CPUFeatures

  init(_ shape: ConvolutionShape, features: CPUFeatures) {
    precondition(shape.groups == 1, "pairs of images are for convolutions without groups")
    self.shape = shape
    self.features = features
  }

  /// Output rows whose pairs of inputs and gradients stay in the first-level cache.
  private var bandHeight: Int {
    let line =
      shape.stride * shape.paddedWidth * shape.inputChannels + shape.outputWidth * shape.outputChannels
    return max(1, 6144 / line)
  }

  /// Adds the products of one pair of images, as pairs of bfloat16, the first in the upper half.
  ///
  /// - Shape: as ``WeightGradient/accumulate(_:_:_:imageCount:into:)``, an element of two images at each place.
  func accumulate(
    pairs inputs: UnsafePointer<UInt32>,
    _ gradients: UnsafePointer<UInt32>,
    _ layout: WeightGradient.Layout,
    into sums: UnsafeMutablePointer<Float>
  ) {
    forEachBand { first, count, y, inputPlace, gradientPlace, target in
      var job = binade_outer_bf16()
      job.inputs = inputs + inputPlace
      job.gradients = gradients + layout.start + gradientPlace(layout)
      (job.line_count, job.pixel_count) = (count, shape.outputWidth)
      job.input_line = shape.stride * shape.paddedWidth * shape.inputChannels
      job.input_step = shape.stride * shape.inputChannels
      job.gradient_line = layout.line
      job.gradient_step = shape.outputChannels
      (job.rows, job.columns) = (shape.kernelWidth * shape.inputChannels, shape.outputChannels)
      job.row_stride = shape.outputChannels
      binade_outer_bf16_avx512(&job, sums + target)
    }
  }

  /// The same of float32 operands that are bfloat16 values.
  func accumulate(
    _ inputs: (UnsafePointer<Float>, UnsafePointer<Float>),
    _ gradients: (UnsafePointer<Float>, UnsafePointer<Float>),
    _ layout: WeightGradient.Layout,
    into sums: UnsafeMutablePointer<Float>
  ) {
    let before = binade_flush_begin()
    defer { binade_flush_end(before) }
    forEachBand { first, count, y, inputPlace, gradientPlace, target in
      let gradient = layout.start + gradientPlace(layout)
      var job = binade_outer()
      job.features = features.rawValue
      job.inputs = inputs.0 + inputPlace
      job.gradients = gradients.0 + gradient
      (job.line_count, job.pixel_count) = (count, shape.outputWidth)
      job.input_line = shape.stride * shape.paddedWidth * shape.inputChannels
      job.input_step = shape.stride * shape.inputChannels
      job.gradient_line = layout.line
      job.gradient_step = shape.outputChannels
      (job.rows, job.columns) = (shape.kernelWidth * shape.inputChannels, shape.outputChannels)
      job.row_stride = shape.outputChannels
      binade_outer_pairs_f32(&job, inputs.1 + inputPlace, gradients.1 + gradient, sums + target)
    }
  }

  /// Bands of output rows, and the rows of the kernel: first row, rows, kernel row, and where inputs, gradients and sums lie.
  private func forEachBand(
    _ body: (Int, Int, Int, Int, (WeightGradient.Layout) -> Int, Int) -> Void
  ) {
    let line = shape.paddedWidth * shape.inputChannels
    for first in stride(from: 0, to: shape.outputHeight, by: bandHeight) {
      for y in 0..<shape.kernelHeight {
        body(
          first,
          min(bandHeight, shape.outputHeight - first),
          y,
          (first * shape.stride + y) * line,
          { first * $0.line },
          y * shape.kernelWidth * shape.inputChannels * shape.outputChannels
        )
      }
    }
  }
}
