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
  static func layout(of shape: ConvolutionShape) -> DepthLayout {
    DepthLayout(
      tapOffsets: (0..<shape.kernelHeight).flatMap { row in
        (0..<shape.kernelWidth).map { (row * shape.paddedWidth + $0) * shape.inputChannels }
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
  let kernelSize: Int
  let depth: Int

  func row(
    tap: Int,
    channel: Int,
    columns: Range<Int>,
    scratch: UnsafeMutablePointer<Operand>
  ) -> UnsafePointer<Operand> {
    for (index, column) in columns.enumerated() {
      scratch[index] = weights[column * depth + channel * kernelSize + tap]
    }
    return UnsafePointer(scratch)
  }
}
