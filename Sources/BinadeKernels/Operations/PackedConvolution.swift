/// A convolution with weights packed once: the one under all element types.
///
/// The public types around it are concrete, as public generics are not specialised across modules.
struct PackedConvolution<Kernel: ConvolutionKernel>: Sendable {
  let shape: ConvolutionShape
  let kernel: Kernel
  /// One right operand per group; none for a depthwise convolution.
  private let columns: [PackedColumns<Kernel>]
  /// The weights of a depthwise convolution, which is no product of matrices.
  private let depthwise: DepthwiseWeights<Kernel>?

  /// Output pixels that are computed, and finished, together: their sums stay in the caches.
  ///
  /// A multiple of every tile's rows.
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
    depthwise =
      shape.isDepthwise && Kernel.hasDepthwiseLoop
      ? DepthwiseWeights(weights, shape: shape, start: start) : nil
    guard depthwise == nil else {
      columns = []
      return
    }
    columns = weights.withUnsafeBufferPointer { weights in
      guard let base = weights.baseAddress else { return [] }
      return (0..<shape.groups).map { group in
        let channels = group * shape.groupOutputChannels..<(group + 1) * shape.groupOutputChannels
        return PackedColumns(
          WeightColumns(
            weights: base + channels.lowerBound * shape.depth,
            shape: shape
          ),
          layout: PatchRows<Kernel.RowOperand>.layout(of: shape),
          columnCount: channels.count,
          kernel: kernel,
          start: start.map { Array($0[channels]) }
        )
      }
    }
  }

  /// Packs weights whose output channels lie side by side.
  ///
  /// - Shape: `ordered` is kernelHeight x kernelWidth x channels per group x outputChannels.
  init(shape: ConvolutionShape, ordered: UnsafePointer<Kernel.ColumnOperand>, kernel: Kernel) {
    self.shape = shape
    self.kernel = kernel
    guard !(shape.isDepthwise && Kernel.hasDepthwiseLoop) else {
      depthwise = DepthwiseWeights(ordered: ordered, shape: shape)
      columns = []
      return
    }
    depthwise = nil
    let layout = PatchRows<Kernel.RowOperand>.layout(of: shape)
    columns = (0..<shape.groups).map { group in
      PackedColumns(
        OrderedWeightColumns(
          weights: ordered + group * shape.groupOutputChannels,
          tapChannels: layout.channels,
          rowStride: shape.outputChannels
        ),
        layout: layout,
        columnCount: shape.groupOutputChannels,
        kernel: kernel
      )
    }
  }

  /// For reports.
  var kernelName: String { depthwise == nil ? kernel.name : Kernel.depthwiseName(kernel.features) }

  /// Sums per output pixel, those of columns added to fill a panel included.
  private var rowStride: Int {
    shape.groups == 1 && depthwise == nil ? columns.first?.paddedColumnCount ?? 0 : shape.outputChannels
  }

  /// Computes the output pixels of `imageCount` images, block by block, on up to `threads` threads.
  func run(
    _ paddedImages: UnsafePointer<Kernel.RowOperand>,
    imageCount: Int,
    into output: FinishedOutput,
    threads: Int
  ) {
    precondition(
      output.channels == shape.outputChannels,
      "an epilogue for \(output.channels) channels after a convolution of \(shape.outputChannels)"
    )
    let spare = output.needsScratch ? Self.blockRows * output.channels : 0
    run(paddedImages, imageCount: imageCount, threads: threads, spare: spare) {
      pixels,
      sums,
      rowStride,
      scratch in
      output.write(sums, rowStride: rowStride, pixels: pixels, scratch: scratch)
    }
  }

  /// Computes the sums of the output pixels of `imageCount` images, block by block, on up to `threads` threads.
  ///
  /// `spare`: floats of working memory for `finish`.
  /// `finish`: called with pixels, their sums, the distance between the sums of two pixels and its working memory, for
  /// each block once.
  @inline(__always)
  func run(
    _ paddedImages: UnsafePointer<Kernel.RowOperand>,
    imageCount: Int,
    threads: Int,
    spare: Int = 0,
    finish: (Range<Int>, UnsafePointer<Kernel.Sum>, Int, UnsafeMutablePointer<Float>) -> Void
  ) {
    let rowCount = imageCount * shape.outputPixelCount
    let block = Self.blockRows
    let blockCount = (rowCount + block - 1) / block
    // Working memory is allocated once for several blocks: for a single one it would cost as much as finishing it.
    let run = threads > 1 ? min(8, max(1, blockCount / threads)) : max(1, blockCount)
    let sumBytes = block * rowStride * MemoryLayout<Kernel.Sum>.stride
    ParallelLoop.run(count: (blockCount + run - 1) / run, threads: threads) { index in
      withUnsafeTemporaryAllocation(
        byteCount: sumBytes + spare * MemoryLayout<Float>.stride,
        alignment: 64
      ) { memory in
        guard let memory = memory.baseAddress else { return }
        let sums = memory.bindMemory(to: Kernel.Sum.self, capacity: block * rowStride)
        let scratch = (memory + sumBytes).bindMemory(to: Float.self, capacity: spare)
        for first in stride(
          from: index * run * block,
          to: min((index + 1) * run * block, rowCount),
          by: block
        ) {
          let rows = first..<min(first + block, rowCount)
          compute(rows, of: paddedImages, into: sums, rowStride: rowStride)
          finish(rows, UnsafePointer(sums), rowStride, scratch)
        }
      }
    }
  }

  /// Pads each image and computes its output pixels: an image and its results go through the caches once.
  func convolve(
    _ images: UnsafePointer<Kernel.RowOperand>,
    imageCount: Int,
    zero: Kernel.RowOperand,
    into output: FinishedOutput,
    threads: Int
  ) {
    guard shape.padding > 0 else {
      run(images, imageCount: imageCount, into: output, threads: threads)
      return
    }
    // Small images go together: their pixels fill whole tiles.
    let together = shape.outputPixelCount < 512 ? max(3, 192 / max(shape.outputPixelCount, 1)) : 1
    let group = max(1, min(together, imageCount / max(threads, 1)))
    ParallelLoop.run(count: (imageCount + group - 1) / group, threads: threads) { index in
      let range = index * group..<min((index + 1) * group, imageCount)
      withUnsafeTemporaryAllocation(
        of: Kernel.RowOperand.self,
        capacity: range.count * shape.paddedInputCount + ConvolutionShape.readAhead
      ) { padded in
        guard let padded = padded.baseAddress else { return }
        PaddedImage.fill(
          padded,
          from: images + range.lowerBound * shape.inputCount,
          imageCount: range.count,
          shape: shape,
          zero: zero
        ) { line, target in
          if let base = line.baseAddress { target.update(from: base, count: line.count) }
        }
        run(
          padded,
          imageCount: range.count,
          into: output.from(pixel: range.lowerBound * shape.outputPixelCount),
          threads: 1
        )
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
    // Whole tiles: the rows that are missing repeat the last one, and their sums are never looked at.
    let tileRows = kernel.tile.rows
    let padded = shape.groups == 1 ? (rows.count + tileRows - 1) / tileRows * tileRows : rows.count
    withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: padded) { addresses in
      withUnsafeTemporaryAllocation(of: Kernel.RowOperand.self, capacity: 1) { scratch in
        guard let addresses = addresses.baseAddress, let scratch = scratch.baseAddress else { return }
        if let depthwise {
          PatchRows(images: paddedImages, shape: shape, firstChannel: 0)
            .locate(rows, scratch: scratch, addresses: addresses)
          depthwise.run(
            addresses,
            rowCount: rows.count,
            kernel: kernel,
            into: sums,
            rowStride: rowStride
          )
          return
        }
        for (group, right) in columns.enumerated() {
          let source = PatchRows(
            images: paddedImages,
            shape: shape,
            firstChannel: group * shape.groupInputChannels
          )
          source.locate(rows, scratch: scratch, addresses: addresses)
          for index in rows.count..<padded { addresses[index] = addresses[rows.count - 1] }
          TiledProduct(kernel: kernel, columns: right).run(
            rows: addresses,
            rowCount: padded,
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
