import BinadeKernels

/// Working memory for one layer at a time; one per thread.
package final class LayerScratch {
  let floats: UnsafeMutablePointer<Float>
  let integers: UnsafeMutablePointer<Int16>
  let sums: UnsafeMutablePointer<Int32>
  let plane: UnsafeMutablePointer<Float>

  /// Memory enough for every one of `shapes`.
  package init(for shapes: [ConvolutionShape]) {
    let padded = (shapes.map(\.paddedInputCount).max() ?? 0) + ConvolutionShape.readAhead
    floats = .allocate(capacity: padded)
    integers = .allocate(capacity: padded)
    sums = .allocate(capacity: shapes.map(\.outputCount).max() ?? 0)
    plane = .allocate(capacity: shapes.map { $0.inputHeight * $0.inputWidth }.max() ?? 0)
  }

  deinit {
    floats.deallocate()
    integers.deallocate()
    sums.deallocate()
    plane.deallocate()
  }
}
