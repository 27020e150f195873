/// Input pixels of a strided convolution that see the same taps: those of one parity of row and column.
///
/// The input pixel (stride·i + row, stride·j + column) lies under the kernel position (y, x) of the output pixel
/// (i + (row + padding - y) / stride, ...), for the y and x that make the division exact. No zeros are inserted: the phases have
/// together as many taps as the kernel.
struct GradientPhase: Sendable {
  /// The first input pixel.
  let row: Int, column: Int
  /// Rows and columns of input pixels.
  let height: Int, width: Int
  /// Kernel positions, in the order in which their output pixels lie: upwards in memory, so kernels are read turned.
  let kernelRows: [Int], kernelColumns: [Int]
  /// The output pixel of the first input pixel under each.
  let outputRows: [Int], outputColumns: [Int]

  /// All phases of `shape`; a convolution of stride 1 has one.
  static func phases(of shape: ConvolutionShape) -> [GradientPhase] {
    (0..<min(shape.stride, shape.inputHeight)).flatMap { row in
      (0..<min(shape.stride, shape.inputWidth)).map { column in
        let rows = taps(shape.kernelHeight, shape, row)
        let columns = taps(shape.kernelWidth, shape, column)
        return GradientPhase(
          row: row,
          column: column,
          height: (shape.inputHeight - row + shape.stride - 1) / shape.stride,
          width: (shape.inputWidth - column + shape.stride - 1) / shape.stride,
          kernelRows: rows.map(\.position),
          kernelColumns: columns.map(\.position),
          outputRows: rows.map(\.output),
          outputColumns: columns.map(\.output)
        )
      }
    }
  }

  private static func taps(_ extent: Int, _ shape: ConvolutionShape, _ first: Int)
    -> [(position: Int, output: Int)]
  {
    (0..<extent).reversed().compactMap { position in
      let distance = first + shape.padding - position
      return distance % shape.stride == 0 ? (position, distance / shape.stride) : nil
    }
  }

  /// Pixels that taps reach beyond a map of `shape`'s outputs.
  func rim(_ shape: ConvolutionShape) -> Int {
    func reach(_ outputs: [Int], _ count: Int, _ extent: Int) -> Int {
      guard let least = outputs.min(), let greatest = outputs.max() else { return 0 }
      return max(0, -least, greatest + count - extent)
    }
    return max(
      reach(outputRows, height, shape.outputHeight),
      reach(outputColumns, width, shape.outputWidth)
    )
  }
}
