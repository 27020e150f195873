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
    forEachBand(layout) { job, input, gradient, target in
      job.inputs = UnsafeRawPointer(inputs + input).assumingMemoryBound(to: Float.self)
      job.gradients = UnsafeRawPointer(gradients + gradient).assumingMemoryBound(to: Float.self)
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
    forEachBand(layout) { job, input, gradient, target in
      (job.inputs, job.gradients) = (inputs.0 + input, gradients.0 + gradient)
      binade_outer_pairs_f32(&job, inputs.1 + input, gradients.1 + gradient, sums + target)
    }
  }

  /// Bands of output rows and, in each, the rows of the kernel: a job without operands, and where inputs, gradients and sums lie.
  private func forEachBand(
    _ layout: WeightGradient.Layout,
    _ body: (inout binade_outer, _ input: Int, _ gradient: Int, _ target: Int) -> Void
  ) {
    let line = shape.paddedWidth * shape.inputChannels
    var job = binade_outer()
    job.features = features.rawValue
    job.pixel_count = shape.outputWidth
    job.input_line = shape.stride * line
    job.input_step = shape.stride * shape.inputChannels
    job.gradient_line = layout.line
    job.gradient_step = shape.outputChannels
    (job.rows, job.columns) = (shape.kernelWidth * shape.inputChannels, shape.outputChannels)
    job.row_stride = shape.outputChannels
    for first in stride(from: 0, to: shape.outputHeight, by: bandHeight) {
      job.line_count = min(bandHeight, shape.outputHeight - first)
      for y in 0..<shape.kernelHeight {
        body(
          &job,
          (first * shape.stride + y) * line,
          layout.start + first * layout.line,
          y * job.rows * shape.outputChannels
        )
      }
    }
  }
}
