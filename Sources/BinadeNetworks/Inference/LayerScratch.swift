import BinadeKernels

/// Working memory for one layer at a time; one per thread.
package final class LayerScratch {
  /// A padded input in the operands of its datapath: as many floats as the largest layer needs.
  private let operands: UnsafeMutableRawPointer
  private let byteCount: Int
  /// A row of pixels divided by its scale.
  let row: UnsafeMutablePointer<Float>

  /// Memory enough for `imageCount` images of every one of `shapes`.
  package init(for shapes: [ConvolutionShape], imageCount: Int = 1) {
    let padded = (shapes.map(\.paddedInputCount).max() ?? 0) * imageCount + ConvolutionShape.readAhead
    byteCount = padded * MemoryLayout<Float>.size
    operands = .allocate(byteCount: byteCount, alignment: 64)
    row = .allocate(capacity: shapes.map { $0.inputWidth * $0.inputHeight * $0.inputChannels }.max() ?? 0)
  }

  deinit {
    operands.deallocate()
    row.deallocate()
  }

  /// The memory as operands of one type.
  func padded<Operand: BitwiseCopyable>(as type: Operand.Type) -> UnsafeMutablePointer<Operand> {
    operands.bindMemory(to: type, capacity: byteCount / MemoryLayout<Operand>.size)
  }
}
