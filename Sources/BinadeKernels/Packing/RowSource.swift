/// Something that rows of A can be read from: a matrix, a matrix of codes, or the patches of images.
protocol RowSource<Operand> {
  associatedtype Operand: BitwiseCopyable

  /// Elements of scratch memory that `locate` needs for `rowCount` rows.
  func scratchCount(rowCount: Int) -> Int

  /// Writes the address of each of `rows`, where it lies or in `scratch`.
  ///
  /// A kernel may read up to a whole group of elements at the end of a row.
  func locate(
    _ rows: Range<Int>,
    scratch: UnsafeMutablePointer<Operand>,
    addresses: UnsafeMutablePointer<UnsafeRawPointer?>
  )
}

/// A row-major matrix as the left operand; rows whose length is no multiple of the kernel's group are copied.
struct MatrixRows<Operand: BitwiseCopyable & ExpressibleByIntegerLiteral>: RowSource {
  private let base: UnsafePointer<Operand>
  private let depth: Int
  private let paddedDepth: Int

  /// Views a matrix of `depth` columns; the memory must outlive the source.
  init(_ base: UnsafePointer<Operand>, depth: Int, group: Int) {
    self.base = base
    self.depth = depth
    paddedDepth = (depth + group - 1) / group * group
  }

  func scratchCount(rowCount: Int) -> Int { depth == paddedDepth ? 0 : rowCount * paddedDepth }

  func locate(
    _ rows: Range<Int>,
    scratch: UnsafeMutablePointer<Operand>,
    addresses: UnsafeMutablePointer<UnsafeRawPointer?>
  ) {
    for (index, row) in rows.enumerated() {
      let source = base + row * depth
      guard depth != paddedDepth else {
        addresses[index] = UnsafeRawPointer(source)
        continue
      }
      let copy = scratch + index * paddedDepth
      copy.update(from: source, count: depth)
      for p in depth..<paddedDepth { copy[p] = 0 }
      addresses[index] = UnsafeRawPointer(copy)
    }
  }
}
