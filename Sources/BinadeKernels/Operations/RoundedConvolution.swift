/// A convolution whose accumulator is itself a format, with weights packed once.
package struct RoundedConvolution: Sendable {
  private let body: PackedConvolution<RoundedMicroKernel>

  /// Packs `weights`.
  ///
  /// - Shape: `weights` is outputChannels x channels per group x kernelHeight x kernelWidth, row-major.
  /// - Precondition: weights keep to the right bounds that `kernel` was chosen for.
  package init(shape: ConvolutionShape, weights: [Float], kernel: RoundedMicroKernel) {
    body = PackedConvolution(shape: shape, weights: weights.map(\.withOneNaN), kernel: kernel)
  }

  /// The kernel's name, for reports.
  package var kernelName: String { body.kernel.name }

  /// What is summed, and how.
  package var model: AccumulatorModel { body.kernel.model }

  /// Products that the kernel computes for one image, those of the columns that fill up its tiles included.
  package var productCount: Int {
    let shape = body.shape
    let columns = body.kernel.tile.columns
    let filled = (shape.groupOutputChannels + columns - 1) / columns * columns
    return shape.multiplyAccumulateCount / shape.groupOutputChannels * filled
  }

  /// Computes all output channels of some images.
  ///
  /// - Shape: as ``FloatConvolution/run(_:imageCount:epilogue:addend:into:threads:)``.
  /// - Error: none beyond the roundings of the kernel's model, with products in the order (kernel row, kernel column,
  ///   channel), those with the rim included: bit for bit ``ReferenceAccumulation`` on the patches. Then the roundings
  ///   of `epilogue`.
  /// - Complexity: O(``ConvolutionShape/multiplyAccumulateCount``); the result does not depend on the number of threads.
  /// - Precondition: pixels keep to the left bounds that the kernel was chosen for.
  package func run(
    _ paddedImages: UnsafePointer<Float>,
    imageCount: Int = 1,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>? = nil,
    into output: UnsafeMutablePointer<Float>,
    threads: Int = 1
  ) {
    body.run(
      paddedImages,
      imageCount: imageCount,
      into: FinishedOutput(output, epilogue, addend),
      threads: threads
    )
  }

  /// Pads and convolves images without a rim.
  ///
  /// - Shape: `images` is imageCount x inputHeight x inputWidth x inputChannels, followed by
  ///   ``ConvolutionShape/readAhead`` elements where the shape has no padding; the rest as in `run`.
  package func convolve(
    _ images: UnsafePointer<Float>,
    imageCount: Int = 1,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>? = nil,
    into output: UnsafeMutablePointer<Float>,
    threads: Int = 1
  ) {
    body.convolve(
      images,
      imageCount: imageCount,
      zero: 0,
      into: FinishedOutput(output, epilogue, addend),
      threads: threads
    )
  }
}
