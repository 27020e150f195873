import Binade

/// Images without rim, and room for padded copies and results: a batch for kernels that take one padded image.
final class BenchBatch<Operand: Numeric & Sendable, Sum: Numeric & Sendable> {
  /// Convolves one padded image.
  typealias Kernel = (UnsafePointer<Operand>, UnsafeMutablePointer<Sum>) -> Void

  private let sizes: ConvolutionSizes
  private let images: [Operand]
  private let threads: Int
  /// One padded image per thread; the rim is zero and stays so.
  private let padded: UnsafeMutablePointer<Operand>
  private let paddedStride: Int
  private let sums: UnsafeMutablePointer<Sum>

  init(_ sizes: ConvolutionSizes, images: [Operand], threads: Int) {
    self.sizes = sizes
    self.images = images
    self.threads = min(threads, sizes.batch)
    paddedStride = sizes.shape.paddedInputCount + ConvolutionShape.readAhead
    padded = .allocate(capacity: self.threads * paddedStride)
    padded.initialize(repeating: 0, count: self.threads * paddedStride)
    sums = .allocate(capacity: sizes.batch * sizes.shape.outputCount)
    sums.initialize(repeating: 0, count: sizes.batch * sizes.shape.outputCount)
  }

  deinit {
    padded.deallocate()
    sums.deallocate()
  }

  /// Pads and convolves every image; returns a sum from the middle of the last result.
  func run(_ kernel: Kernel) -> Sum {
    let (shape, batch) = (sizes.shape, sizes.batch)
    images.withUnsafeBufferPointer { images in
      guard let images = images.baseAddress else { return }
      // Each thread has an even share of the batch and a padded image of its own.
      ParallelLoop.run(count: threads, threads: threads) { thread in
        let target = padded + thread * paddedStride
        for image in thread * batch / threads..<(thread + 1) * batch / threads {
          pad(images + image * shape.inputCount, into: target)
          kernel(target, sums + image * shape.outputCount)
        }
      }
    }
    return sums[batch * shape.outputCount - shape.outputCount / 2 - 1]
  }

  private func pad(_ image: UnsafePointer<Operand>, into target: UnsafeMutablePointer<Operand>) {
    let shape = sizes.shape
    for channel in 0..<shape.inputChannels {
      let plane = target + channel * shape.paddedHeight * shape.paddedWidth
      for row in 0..<shape.inputHeight {
        let line = plane + (row + shape.padding) * shape.paddedWidth + shape.padding
        line.update(
          from: image + (channel * shape.inputHeight + row) * shape.inputWidth,
          count: shape.inputWidth
        )
      }
    }
  }
}
