/// A convolution with weights packed once: the one under all element types.
struct PackedConvolution<Kernel: MicroKernel>: Sendable {
  let shape: ConvolutionShape
  let kernel: Kernel
  /// One right operand per group.
  private let columns: [PackedColumns<Kernel>]

  /// Output pixels that are computed, and finished, together: their sums stay in the caches.
  private static var blockRows: Int { 96 }

  /// Packs `weights`, in PyTorch's order.
  ///
  /// `start`: what the sums of an output channel begin with; nil for 0.
  init(
    shape: ConvolutionShape,
    weights: [Kernel.ColumnOperand],
    kernel: Kernel,
    start: [Kernel.Sum]? = nil
  ) {
    precondition(
      weights.count == shape.outputChannels * shape.depth,
      "\(weights.count) weights for \(shape.outputChannels) channels of \(shape.depth)"
    )
    self.shape = shape
    self.kernel = kernel
    columns = weights.withUnsafeBufferPointer { weights in
      guard let base = weights.baseAddress else { return [] }
      return (0..<shape.groups).map { group in
        let channels = group * shape.groupOutputChannels..<(group + 1) * shape.groupOutputChannels
        return PackedColumns(
          WeightColumns(
            weights: base + channels.lowerBound * shape.depth,
            kernelSize: shape.kernelHeight * shape.kernelWidth,
            depth: shape.depth
          ),
          layout: PatchRows<Kernel.RowOperand>.layout(of: shape),
          columnCount: channels.count,
          kernel: kernel,
          start: start.map { Array($0[channels]) }
        )
      }
    }
  }

  /// Sums per output pixel, those of columns added to fill a panel included.
  private var rowStride: Int {
    shape.groups == 1 ? columns.first?.paddedColumnCount ?? 0 : shape.outputChannels
  }

  /// Computes the output pixels of `imageCount` images and hands each block of them to `finish`.
  ///
  /// `finish` gets the pixels, counted through all images, their sums, and the elements between the sums of two
  /// pixels; it is called once for each block, on up to `threads` threads.
  func run(
    _ paddedImages: UnsafePointer<Kernel.RowOperand>,
    imageCount: Int,
    threads: Int,
    finish: (Range<Int>, UnsafePointer<Kernel.Sum>, Int) -> Void
  ) {
    let rowCount = imageCount * shape.outputPixelCount
    let block = Self.blockRows
    ParallelLoop.run(count: (rowCount + block - 1) / block, threads: threads) { index in
      let rows = index * block..<min((index + 1) * block, rowCount)
      withUnsafeTemporaryAllocation(of: Kernel.Sum.self, capacity: block * rowStride) { sums in
        guard let sums = sums.baseAddress else { return }
        compute(rows, of: paddedImages, into: sums, rowStride: rowStride)
        finish(rows, UnsafePointer(sums), rowStride)
      }
    }
  }

  /// Pads each image and computes its output pixels: an image and its results go through the caches once.
  func convolve(
    _ images: UnsafePointer<Kernel.RowOperand>,
    imageCount: Int,
    zero: Kernel.RowOperand,
    threads: Int,
    finish: (Range<Int>, UnsafePointer<Kernel.Sum>, Int) -> Void
  ) {
    guard shape.padding > 0 else {
      run(images, imageCount: imageCount, threads: threads, finish: finish)
      return
    }
    ParallelLoop.run(count: imageCount, threads: threads) { image in
      withUnsafeTemporaryAllocation(
        of: Kernel.RowOperand.self,
        capacity: shape.paddedInputCount + ConvolutionShape.readAhead
      ) { padded in
        guard let padded = padded.baseAddress else { return }
        PaddedImage.fill(
          padded,
          from: images + image * shape.inputCount,
          imageCount: 1,
          shape: shape,
          zero: zero
        ) { line, target in
          if let base = line.baseAddress { target.update(from: base, count: line.count) }
        }
        let first = image * shape.outputPixelCount
        run(padded, imageCount: 1, threads: 1) { rows, sums, rowStride in
          finish(first + rows.lowerBound..<first + rows.upperBound, sums, rowStride)
        }
      }
    }
  }

  /// Computes some output pixels.
  private func compute(
    _ rows: Range<Int>,
    of paddedImages: UnsafePointer<Kernel.RowOperand>,
    into sums: UnsafeMutablePointer<Kernel.Sum>,
    rowStride: Int
  ) {
    withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: rows.count) { addresses in
      withUnsafeTemporaryAllocation(of: Kernel.RowOperand.self, capacity: 1) { scratch in
        guard let addresses = addresses.baseAddress, let scratch = scratch.baseAddress else { return }
        for (group, right) in columns.enumerated() {
          let source = PatchRows(
            images: paddedImages,
            shape: shape,
            firstChannel: group * shape.groupInputChannels
          )
          source.locate(rows, scratch: scratch, addresses: addresses)
          TiledProduct(kernel: kernel, columns: right).run(
            rows: addresses,
            rowCount: rows.count,
            panels: 0..<right.panelCount,
            into: sums + group * shape.groupOutputChannels,
            rowStride: rowStride,
            allowsPadding: shape.groups == 1
          )
        }
      }
    }
  }
}
