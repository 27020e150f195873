import BinadeKernels

/// Working memory for one layer at a time; one per thread.
package final class LayerScratch {
  /// A padded input in the operands of its datapath: as many floats as the largest layer needs.
  let operands: UnsafeMutableRawPointer
  /// As many values as the largest unpadded input.
  let values: UnsafeMutablePointer<Float>
  private let codeMemory: UnsafeMutableRawPointer
  private let valueCount: Int
  /// Bytes allocated.
  let byteCount: Int

  /// Memory enough for `imageCount` images of every one of `shapes`.
  package init(for shapes: [ConvolutionShape], imageCount: Int = 1) {
    let padded = (shapes.map(\.paddedInputCount).max() ?? 0) * imageCount + ConvolutionShape.readAhead
    operands = .allocate(byteCount: padded * MemoryLayout<Float>.size, alignment: 64)
    valueCount = (shapes.map(\.inputCount).max() ?? 0) * imageCount + ConvolutionShape.readAhead
    values = .allocate(capacity: valueCount)
    codeMemory = .allocate(byteCount: valueCount * MemoryLayout<UInt16>.size, alignment: 64)
    byteCount =
      padded * MemoryLayout<Float>.size + valueCount * (MemoryLayout<Float>.size + MemoryLayout<UInt16>.size)
  }

  deinit {
    operands.deallocate()
    values.deallocate()
    codeMemory.deallocate()
  }

  /// Memory for the codes of the largest input.
  func codes<Code: BitwiseCopyable>(as type: Code.Type) -> UnsafeMutablePointer<Code> {
    codeMemory.bindMemory(to: type, capacity: valueCount)
  }
}
