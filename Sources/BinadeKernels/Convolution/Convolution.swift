/// A float32 convolution with weights packed once, run on one padded image at a time.
public struct FloatConvolution: Sendable {
  private let body: PackedConvolution<FloatMicroKernel>

  /// Packs `weights`.
  ///
  /// - Shape: `weights` is outputChannels x inputChannels x kernelHeight x kernelWidth, row-major.
  public init(shape: ConvolutionShape, weights: [Float], kernel: FloatMicroKernel) {
    body = PackedConvolution(shape: shape, weights: weights, kernel: kernel)
  }

  /// The kernel's name, for reports.
  public var kernelName: String { body.kernel.name }

  /// Computes all output channels of one image.
  ///
  /// - Shape: `paddedImage` is inputChannels x paddedHeight x paddedWidth with zeros on the rim, followed by
  ///   ``ConvolutionShape/readAhead`` elements that may hold anything; `sums` is outputChannels x outputHeight x
  ///   outputWidth.
  /// - Error: one fused multiply-add per product in the order (channel, kernel row, kernel column), bounded as
  ///   in ``GEMM``.
  /// - Complexity: O(``ConvolutionShape/multiplyAccumulateCount``); 24 KB of scratch memory on the stack.
  public func run(
    _ paddedImage: UnsafePointer<Float>,
    into sums: UnsafeMutablePointer<Float>
  ) {
    body.run(paddedImage, into: sums)
  }
}

/// An integer convolution: int16 operands, exact int32 sums.
public struct IntegerConvolution: Sendable {
  private let body: PackedConvolution<Int16MicroKernel>

  /// Packs `weights`.
  ///
  /// - Shape: `weights` is outputChannels x inputChannels x kernelHeight x kernelWidth, row-major.
  public init(shape: ConvolutionShape, weights: [Int16], kernel: Int16MicroKernel) {
    body = PackedConvolution(shape: shape, weights: weights, kernel: kernel)
  }

  /// The kernel's name, for reports.
  public var kernelName: String { body.kernel.name }

  /// Computes all output channels of one image.
  ///
  /// - Shape: as ``FloatConvolution/run(_:into:)``.
  /// - Error: none while depth·max|image|·max|weight| < 2^31, which the caller guarantees.
  /// - Complexity: O(``ConvolutionShape/multiplyAccumulateCount``); 12 KB of scratch memory on the stack.
  public func run(
    _ paddedImage: UnsafePointer<Int16>,
    into sums: UnsafeMutablePointer<Int32>
  ) {
    body.run(paddedImage, into: sums)
  }
}

/// The one convolution under both.
struct PackedConvolution<Kernel: MicroKernel>: Sendable where Kernel.Operand: PatchOperand {
  let shape: ConvolutionShape
  let kernel: Kernel
  private let rows: PackedRows<Kernel>

  init(shape: ConvolutionShape, weights: [Kernel.Operand], kernel: Kernel) {
    self.shape = shape
    self.kernel = kernel
    rows = PackedRows<Kernel>(weights, rowCount: shape.outputChannels, depth: shape.depth)
  }

  func run(
    _ paddedImage: UnsafePointer<Kernel.Operand>,
    into sums: UnsafeMutablePointer<Kernel.Sum>
  ) {
    let product = BlockedProduct(kernel: kernel, rows: rows)
    let source = PatchSource(image: paddedImage, shape: shape)
    withUnsafeTemporaryAllocation(
      of: Kernel.Operand.self,
      capacity: BlockedProduct<Kernel>.panelCapacity
    ) { panel in
      guard let scratch = panel.baseAddress else { return }
      product.run(
        source,
        columns: 0..<shape.outputPixelCount,
        into: sums,
        rowStride: shape.outputPixelCount,
        panel: scratch
      )
    }
  }
}
