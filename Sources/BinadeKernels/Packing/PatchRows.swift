/// The patches of padded images as rows of the left operand: implicit GEMM, no patch matrix in memory.
///
/// Row i is the output pixel i, image by image in row-major order; the taps are the positions of the kernel and the
/// channels of a pixel lie side by side.
struct PatchRows<Operand: BitwiseCopyable>: RowSource {
  /// Images with their zero padding, channels innermost, followed by ``ConvolutionShape/readAhead`` elements.
  let images: UnsafePointer<Operand>
  let shape: ConvolutionShape
  /// The first channel of the group.
  let firstChannel: Int

  /// Where the taps of a kernel lie, in the order (row, column).
  ///
  /// Without groups, the pixels under one row of the kernel lie side by side in a padded image: one tap for the row.
  static func layout(of shape: ConvolutionShape) -> DepthLayout {
    let rows = (0..<shape.kernelHeight).map { $0 * shape.paddedWidth }
    if shape.groups == 1 {
      return DepthLayout(
        tapOffsets: rows.map { $0 * shape.inputChannels },
        channels: shape.kernelWidth * shape.inputChannels
      )
    }
    return DepthLayout(
      tapOffsets: rows.flatMap { row in
        (0..<shape.kernelWidth).map { (row + $0) * shape.inputChannels }
      },
      channels: shape.groupInputChannels
    )
  }

  func scratchCount(rowCount: Int) -> Int { 0 }

  func locate(
    _ rows: Range<Int>,
    scratch: UnsafeMutablePointer<Operand>,
    addresses: UnsafeMutablePointer<UnsafeRawPointer?>
  ) {
    let step = shape.stride * shape.inputChannels
    let line = shape.stride * shape.paddedWidth * shape.inputChannels
    var image = rows.lowerBound / shape.outputPixelCount
    let pixel = rows.lowerBound % shape.outputPixelCount
    var (y, x) = pixel.quotientAndRemainder(dividingBy: shape.outputWidth)
    for index in 0..<rows.count {
      addresses[index] = UnsafeRawPointer(
        images + (image * shape.paddedInputCount + y * line + x * step + firstChannel)
      )
      x += 1
      guard x == shape.outputWidth else { continue }
      x = 0
      y += 1
      guard y == shape.outputHeight else { continue }
      y = 0
      image += 1
    }
  }
}

/// Weights of one group in PyTorch's order, outputChannels x channels x kernelHeight x kernelWidth, as columns.
struct WeightColumns<Operand>: ColumnSource {
  let weights: UnsafePointer<Operand>
  let shape: ConvolutionShape

  func row(
    tap: Int,
    channel: Int,
    columns: Range<Int>,
    scratch: UnsafeMutablePointer<Operand>
  ) -> UnsafePointer<Operand> {
    let kernelSize = shape.kernelHeight * shape.kernelWidth
    // As `PatchRows.layout` counts taps and channels.
    let position =
      shape.groups == 1
      ? channel % shape.inputChannels * kernelSize + tap * shape.kernelWidth + channel / shape.inputChannels
      : channel * kernelSize + tap
    for (index, column) in columns.enumerated() {
      scratch[index] = weights[column * shape.depth + position]
    }
    return UnsafePointer(scratch)
  }
}
