/// The gradient of a convolution's inputs: a convolution of the gradients of its outputs with its kernels turned by 180°,
/// input and output channels exchanged; one for each ``GradientPhase``.
///
/// - Error: one fused multiply-add per product, in the order in which gradients lie in memory (row, column, channel): bit for
///   bit the same on every instruction set.
struct DataGradient<Kernel: MicroKernel>: Sendable where Kernel.Sum == Float {
  /// The sizes of one image.
  let shape: ConvolutionShape
  /// Pixels of zeros around the maps of gradients that it reads.
  let rim: Int
  private let kernel: Kernel
  private let phases: [GradientPhase]

  /// Pixels that are computed, and finished, together.
  private static var blockRows: Int { 96 }

  /// A gradient for `shape`.
  init(_ shape: ConvolutionShape, kernel: Kernel) {
    self.shape = shape
    self.kernel = kernel
    phases = GradientPhase.phases(of: shape)
    rim = phases.map { $0.rim(shape) }.max() ?? 0
  }

  /// Elements of the gradient of an image's outputs with its rim.
  var paddedCount: Int {
    (shape.outputHeight + 2 * rim) * (shape.outputWidth + 2 * rim) * shape.outputChannels
  }

  /// Weights, packed for each phase and group.
  struct Panels: Sendable {
    fileprivate let columns: [[PackedColumns<Kernel>]]
  }

  /// Packs weights.
  ///
  /// - Shape: `weights` is kernelHeight x kernelWidth x outputChannels x channels per group.
  func pack(_ weights: UnsafePointer<Kernel.ColumnOperand>) -> Panels {
    Panels(
      columns: phases.map { phase in
        (0..<shape.groups).map { group in
          PackedColumns(
            TurnedWeightColumns(weights: weights, shape: shape, phase: phase, group: group),
            layout: layout(of: phase),
            columnCount: shape.groupInputChannels,
            kernel: kernel
          )
        }
      }
    )
  }

  /// Elements from one row of a padded map to the next.
  private var line: Int { (shape.outputWidth + 2 * rim) * shape.outputChannels }

  /// Where the taps of a phase lie, from the output pixel with the numbers of the phase's pixel.
  ///
  /// Without groups, the pixels under one row of the kernel lie side by side: one tap for the row.
  private func layout(of phase: GradientPhase) -> DepthLayout {
    let rows = phase.outputRows.map { $0 * line }
    let columns = phase.outputColumns.map { $0 * shape.outputChannels }
    guard shape.groups == 1 else {
      return DepthLayout(
        tapOffsets: rows.flatMap { row in columns.map { row + $0 } },
        channels: shape.groupOutputChannels
      )
    }
    guard let first = columns.first else { return DepthLayout(tapOffsets: [], channels: 0) }
    return DepthLayout(tapOffsets: rows.map { $0 + first }, channels: columns.count * shape.outputChannels)
  }

  /// Computes the gradients of the input pixels of some images, and hands each block over once.
  ///
  /// - Shape: `gradients` is imageCount x ``paddedCount``, followed by ``ConvolutionShape/readAhead`` elements.
  @inline(__always)
  func run(
    _ gradients: UnsafePointer<Kernel.RowOperand>,
    _ panels: Panels,
    imageCount: Int,
    finish: (GradientBlock) -> Void
  ) {
    let tileRows = kernel.tile.rows
    for (phase, columns) in zip(phases, panels.columns) {
      let rowCount = imageCount * phase.height * phase.width
      let rowStride = shape.groups == 1 ? columns.first?.paddedColumnCount ?? 0 : shape.inputChannels
      let capacity = Self.blockRows + tileRows
      withUnsafeTemporaryAllocation(of: Float.self, capacity: capacity * rowStride) { sums in
        withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: capacity) { addresses in
          guard let sums = sums.baseAddress, let addresses = addresses.baseAddress else { return }
          for first in stride(from: 0, to: rowCount, by: Self.blockRows) {
            let rows = first..<min(first + Self.blockRows, rowCount)
            compute(rows, phase, gradients, columns, addresses, into: sums, rowStride: rowStride)
            handOver(rows, phase, sums, rowStride, finish)
          }
        }
      }
    }
  }

  private func compute(
    _ rows: Range<Int>,
    _ phase: GradientPhase,
    _ gradients: UnsafePointer<Kernel.RowOperand>,
    _ columns: [PackedColumns<Kernel>],
    _ addresses: UnsafeMutablePointer<UnsafeRawPointer?>,
    into sums: UnsafeMutablePointer<Float>,
    rowStride: Int
  ) {
    guard !phase.kernelRows.isEmpty, !phase.kernelColumns.isEmpty else {
      sums.update(repeating: 0, count: rows.count * rowStride)
      return
    }
    let tileRows = kernel.tile.rows
    let padded = shape.groups == 1 ? (rows.count + tileRows - 1) / tileRows * tileRows : rows.count
    for (group, right) in columns.enumerated() {
      let start = gradients + (rim * (line + shape.outputChannels) + group * shape.groupOutputChannels)
      let (number, column) = rows.lowerBound.quotientAndRemainder(dividingBy: phase.width)
      var (image, y) = number.quotientAndRemainder(dividingBy: phase.height)
      var x = column
      var address = start + (image * paddedCount + y * line + x * shape.outputChannels)
      for index in 0..<rows.count {
        addresses[index] = UnsafeRawPointer(address)
        x += 1
        address += shape.outputChannels
        guard x == phase.width else { continue }
        (x, y) = (0, y + 1)
        if y == phase.height { (y, image) = (0, image + 1) }
        address = start + (image * paddedCount + y * line)
      }
      for index in rows.count..<padded { addresses[index] = addresses[rows.count - 1] }
      TiledProduct(kernel: kernel, columns: right).run(
        rows: addresses,
        rowCount: padded,
        panels: 0..<right.panelCount,
        into: sums + group * shape.groupInputChannels,
        rowStride: rowStride,
        allowsPadding: shape.groups == 1
      )
    }
  }

  /// Hands over a block, cut where pixels are not evenly spaced: at the ends of lines of strided convolutions.
  private func handOver(
    _ rows: Range<Int>,
    _ phase: GradientPhase,
    _ sums: UnsafePointer<Float>,
    _ rowStride: Int,
    _ finish: (GradientBlock) -> Void
  ) {
    if shape.stride == 1 {
      finish(
        GradientBlock(
          pixel: rows.lowerBound,
          pixelStep: 1,
          count: rows.count,
          sums: sums,
          rowStride: rowStride
        )
      )
      return
    }
    var row = rows.lowerBound
    while row < rows.upperBound {
      let (number, x) = row.quotientAndRemainder(dividingBy: phase.width)
      let (image, y) = number.quotientAndRemainder(dividingBy: phase.height)
      let count = min(phase.width - x, rows.upperBound - row)
      let inputRow = (image * shape.inputHeight + shape.stride * y + phase.row) * shape.inputWidth
      finish(
        GradientBlock(
          pixel: inputRow + shape.stride * x + phase.column,
          pixelStep: shape.stride,
          count: count,
          sums: sums + (row - rows.lowerBound) * rowStride,
          rowStride: rowStride
        )
      )
      row += count
    }
  }
}

/// Some input pixels at even distances whose gradients are complete.
package struct GradientBlock {
  /// The first pixel, counted through all images, and the distance of the others.
  package let pixel: Int, pixelStep: Int
  /// How many.
  package let count: Int
  /// count x rowStride.
  package let sums: UnsafePointer<Float>
  /// Elements from one pixel's sums to the next.
  package let rowStride: Int
}

/// The weights that a phase sees, input channels as columns.
private struct TurnedWeightColumns<Operand>: ColumnSource {
  let weights: UnsafePointer<Operand>
  let shape: ConvolutionShape
  let phase: GradientPhase
  let group: Int

  func row(
    tap: Int,
    channel: Int,
    columns: Range<Int>,
    scratch: UnsafeMutablePointer<Operand>
  ) -> UnsafePointer<Operand> {
    // As `DataGradient.layout(of:)` counts taps and channels.
    let (y, x, output): (Int, Int, Int)
    if shape.groups == 1 {
      (y, x, output) = (tap, channel / shape.outputChannels, channel % shape.outputChannels)
    } else {
      let count = phase.kernelColumns.count
      (y, x, output) = (tap / count, tap % count, group * shape.groupOutputChannels + channel)
    }
    let position = phase.kernelRows[y] * shape.kernelWidth + phase.kernelColumns[x]
    return weights
      + ((position * shape.outputChannels + output) * shape.groupInputChannels + columns.lowerBound)
  }
}
