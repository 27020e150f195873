/// A float32 convolution and its gradients; weights are packed anew for each step.
package struct TrainableConvolution: Sendable {
  /// The sizes of one image.
  package let shape: ConvolutionShape
  /// Of the inputs.
  package let dataGradient: DataGradient
  /// Of the weights.
  package let weightGradient: WeightGradient
  private let kernel: FloatMicroKernel

  /// Chooses kernels for `shape`.
  package init(_ shape: ConvolutionShape, kernel: FloatMicroKernel = KernelTable.float32()) {
    self.shape = shape
    self.kernel = kernel
    dataGradient = DataGradient(shape, kernel: kernel)
    weightGradient = WeightGradient(shape, features: kernel.features)
  }

  /// The kernel's name, for reports.
  package var kernelName: String { kernel.name }

  /// Weights of one step.
  package struct Weights: Sendable {
    fileprivate let forward: PackedConvolution<FloatMicroKernel>
    /// Nil for a layer whose inputs need no gradient.
    package let backward: DataGradient.Panels?
  }

  /// Packs weights for the forward product and, unless the inputs need no gradient, for theirs.
  ///
  /// - Shape: `weights` is outputChannels x channels per group x kernelHeight x kernelWidth.
  /// - Complexity: O(weights).
  package func pack(_ weights: UnsafePointer<Float>, needsDataGradient: Bool) -> Weights {
    let count = shape.outputChannels * shape.depth
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { ordered in
      guard let ordered = ordered.baseAddress else { preconditionFailure("a convolution without weights") }
      KernelOrder.outputsInnermost(weights, shape, into: ordered)
      let forward = PackedConvolution(shape: shape, ordered: ordered, kernel: kernel)
      guard needsDataGradient else { return Weights(forward: forward, backward: nil) }
      KernelOrder.inputsInnermost(weights, shape, into: ordered)
      return Weights(forward: forward, backward: dataGradient.pack(ordered))
    }
  }

  /// Computes the raw sums of some images, and hands each block over once: pixels, sums, elements between the sums of two pixels.
  ///
  /// - Shape: as ``FloatConvolution/run(_:imageCount:epilogue:addend:into:threads:)``.
  /// - Error: the sums of ``FloatConvolution``, bit for bit.
  package func forward(
    _ paddedImages: UnsafePointer<Float>,
    _ weights: Weights,
    imageCount: Int,
    finish: (Range<Int>, UnsafePointer<Float>, Int) -> Void
  ) {
    weights.forward.run(paddedImages, imageCount: imageCount, threads: 1) { rows, sums, rowStride, _ in
      finish(rows, sums, rowStride)
    }
  }

  /// Writes images within a rim of zeros, line by line as `convert` makes them.
  ///
  /// - Shape: `padded` holds imageCount x ``ConvolutionShape/paddedInputCount`` elements, `images` imageCount x
  ///   ``ConvolutionShape/inputCount``.
  package func pad(
    _ images: UnsafePointer<Float>,
    imageCount: Int,
    into padded: UnsafeMutablePointer<Float>,
    _ convert: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) -> Void
  ) {
    PaddedImage.fill(padded, from: images, imageCount: imageCount, shape: shape, zero: 0) { line, target in
      if let base = line.baseAddress { convert(base, line.count, target) }
    }
  }
}
