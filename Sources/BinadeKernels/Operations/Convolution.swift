/// A float32 convolution with weights packed once.
public struct FloatConvolution: Sendable {
  let body: PackedConvolution<FloatMicroKernel>

  /// Packs `weights`.
  ///
  /// - Shape: `weights` is outputChannels x channels per group x kernelHeight x kernelWidth, row-major.
  public init(shape: ConvolutionShape, weights: [Float], features: CPUFeatures = .detected) {
    self.init(shape: shape, weights: weights, kernel: KernelTable.float32(for: features))
  }

  /// Packs `weights` for a kernel.
  package init(shape: ConvolutionShape, weights: [Float], kernel: FloatMicroKernel) {
    body = PackedConvolution(shape: shape, weights: weights, kernel: kernel)
  }

  /// The kernel's name, for reports.
  public var kernelName: String { body.kernelName }

  /// Computes all output channels of some images.
  ///
  /// - Shape: `paddedImages` is imageCount x paddedHeight x paddedWidth x inputChannels with zeros on the rim, followed
  ///   by ``ConvolutionShape/readAhead`` elements that may hold anything; `output` is imageCount x outputHeight x
  ///   outputWidth x outputChannels, and so is `addend`.
  /// - Error: one fused multiply-add per product in the order (kernel row, kernel column, channel), bounded as
  ///   in ``GEMM``; then the roundings of `epilogue`.
  /// - Complexity: O(``ConvolutionShape/multiplyAccumulateCount``); 96 sums per output channel on the stack.
  public func run(
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
  public func convolve(
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

/// An integer convolution: int16 operands, exact int32 sums.
public struct IntegerConvolution: Sendable {
  let body: PackedConvolution<Int16MicroKernel>

  /// Packs `weights`.
  ///
  /// - Shape: `weights` is outputChannels x channels per group x kernelHeight x kernelWidth, row-major.
  public init(shape: ConvolutionShape, weights: [Int16], features: CPUFeatures = .detected) {
    self.init(shape: shape, weights: weights, kernel: KernelTable.int16(for: features))
  }

  /// Packs `weights` for a kernel.
  package init(shape: ConvolutionShape, weights: [Int16], kernel: Int16MicroKernel) {
    body = PackedConvolution(shape: shape, weights: weights, kernel: kernel)
  }

  /// The kernel's name, for reports.
  public var kernelName: String { body.kernelName }

  /// Computes all output channels of some images.
  ///
  /// - Shape: as ``FloatConvolution/run(_:imageCount:epilogue:addend:into:threads:)``.
  /// - Error: sums are exact while depth·max|image|·max|weight| < 2^31, which the caller guarantees; then the
  ///   roundings of `epilogue`.
  /// - Complexity: O(``ConvolutionShape/multiplyAccumulateCount``).
  public func run(
    _ paddedImages: UnsafePointer<Int16>,
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
  public func convolve(
    _ images: UnsafePointer<Int16>,
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

/// An integer convolution: unsigned bytes times signed bytes, exact int32 sums.
package struct ByteConvolution: Sendable {
  let body: PackedConvolution<ByteMicroKernel>
  private let zero: UInt8

  /// Packs `weights`.
  ///
  /// `zero`: the byte that stands for 0 in images; every byte stands for itself minus this.
  ///
  /// - Shape: `weights` is outputChannels x channels per group x kernelHeight x kernelWidth, row-major.
  package init(shape: ConvolutionShape, weights: [Int8], zero: UInt8, kernel: ByteMicroKernel) {
    self.zero = zero
    // sum (a - zero) w = sum a w - zero sum w
    let start = (0..<shape.outputChannels).map { channel in
      weights[channel * shape.depth..<(channel + 1) * shape.depth].reduce(Int32(0)) {
        $0 - Int32(zero) * Int32($1)
      }
    }
    body = PackedConvolution(shape: shape, weights: weights, kernel: kernel, start: start)
  }

  /// The kernel's name, for reports.
  package var kernelName: String { body.kernelName }

  /// Computes all output channels of some images.
  ///
  /// - Shape: as ``FloatConvolution/run(_:imageCount:epilogue:addend:into:threads:)``, with `zero` on the rim.
  /// - Error: sums are exact while 2·depth·max(image)·max|weight| < 2^31, which the caller guarantees; then the
  ///   roundings of `epilogue`.
  /// - Complexity: O(``ConvolutionShape/multiplyAccumulateCount``).
  package func run(
    _ paddedImages: UnsafePointer<UInt8>,
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
    _ images: UnsafePointer<UInt8>,
    imageCount: Int = 1,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>? = nil,
    into output: UnsafeMutablePointer<Float>,
    threads: Int = 1
  ) {
    body.convolve(
      images,
      imageCount: imageCount,
      zero: zero,
      into: FinishedOutput(output, epilogue, addend),
      threads: threads
    )
  }
}
