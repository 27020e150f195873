import CBinadeKernels

/// The gradient of a convolution's weights: for each weight, the sum over output pixels of the input under it times the
/// gradient of the output.
///
/// Inputs are read where they lie in a padded image, channels innermost: the pixels under a row of the kernel are neighbours, so
/// that each row of the kernel is one product of (kernelWidth·channels) x outputChannels, over the pixels.
///
/// - Error: one fused multiply-add per product, in the order of images, rows and columns: bit for bit the same on every
///   instruction set, whatever the blocking.
struct WeightGradient: Sendable {
  /// The sizes of one image.
  let shape: ConvolutionShape
  private let features: CPUFeatures

  /// A gradient for `shape`.
  init(_ shape: ConvolutionShape, features: CPUFeatures = .detected) {
    self.shape = shape
    self.features = features
  }

  /// Weights.
  var count: Int { shape.depth * shape.outputChannels }

  /// Where the gradients of output pixels lie: a map within a rim, or without one.
  struct Layout: Sendable {
    /// Elements from one row of pixels to the next, and from one image to the next.
    let line: Int, image: Int
    /// Elements before the first pixel.
    let start: Int

    /// A map of the outputs of `shape` with `rim` pixels around it.
    init(_ shape: ConvolutionShape, rim: Int) {
      line = (shape.outputWidth + 2 * rim) * shape.outputChannels
      image = (shape.outputHeight + 2 * rim) * line
      start = rim * (line + shape.outputChannels)
    }
  }

  /// Output rows whose inputs and gradients stay in the first-level cache.
  private var bandHeight: Int {
    let line =
      shape.stride * shape.paddedWidth * shape.inputChannels + shape.outputWidth * shape.outputChannels
    return max(1, 6144 / line)
  }

  /// Adds the products of some images.
  ///
  /// - Shape: `paddedImages` is imageCount x paddedHeight x paddedWidth x inputChannels, `gradients` as `layout` says, `sums`
  ///   kernelHeight x kernelWidth x channels per group x outputChannels.
  /// - Complexity: O(``ConvolutionShape/multiplyAccumulateCount``).
  func accumulate(
    _ paddedImages: UnsafePointer<Float>,
    _ gradients: UnsafePointer<Float>,
    _ layout: Layout,
    imageCount: Int,
    into sums: UnsafeMutablePointer<Float>
  ) {
    var job = binade_outer()
    job.features = features.rawValue
    job.input_step = shape.stride * shape.inputChannels
    job.gradient_step = shape.outputChannels
    job.row_stride = shape.outputChannels
    let gradients = gradients + layout.start
    if shape.outputPixelCount == 1 {
      // Fully connected layers: the images are the pixels.
      job.input_line = shape.paddedInputCount
      job.gradient_line = layout.image
      (job.line_count, job.pixel_count) = (imageCount, 1)
      accumulate(&job, paddedImages, gradients, sums)
      return
    }
    job.input_line = shape.stride * shape.paddedWidth * shape.inputChannels
    job.gradient_line = layout.line
    job.pixel_count = shape.outputWidth
    for image in 0..<imageCount {
      for first in stride(from: 0, to: shape.outputHeight, by: bandHeight) {
        job.line_count = min(bandHeight, shape.outputHeight - first)
        accumulate(
          &job,
          paddedImages + (image * shape.paddedInputCount + first * job.input_line),
          gradients + (image * layout.image + first * layout.line),
          sums
        )
      }
    }
  }

  /// Adds the products of some lines, for all taps.
  private func accumulate(
    _ job: inout binade_outer,
    _ inputs: UnsafePointer<Float>,
    _ gradients: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>
  ) {
    let line = shape.paddedWidth * shape.inputChannels
    if shape.groups == 1 {
      job.gradients = gradients
      job.columns = shape.outputChannels
      job.rows = shape.kernelWidth * shape.inputChannels
      for y in 0..<shape.kernelHeight {
        job.inputs = inputs + y * line
        binade_outer_f32(&job, sums + y * job.rows * shape.outputChannels)
      }
      return
    }
    for tap in 0..<shape.kernelHeight * shape.kernelWidth {
      let (y, x) = tap.quotientAndRemainder(dividingBy: shape.kernelWidth)
      let under = inputs + (y * line + x * shape.inputChannels)
      let target = sums + tap * shape.groupInputChannels * shape.outputChannels
      if shape.isDepthwise {
        (job.inputs, job.gradients, job.rows) = (under, gradients, shape.outputChannels)
        binade_diagonal_f32(&job, target)
        continue
      }
      (job.rows, job.columns) = (shape.groupInputChannels, shape.groupOutputChannels)
      for group in 0..<shape.groups {
        job.inputs = under + group * shape.groupInputChannels
        job.gradients = gradients + group * shape.groupOutputChannels
        binade_outer_f32(&job, target + group * shape.groupOutputChannels)
      }
    }
  }
}
