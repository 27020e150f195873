/// The right operand of float32 products, laid out for a kernel: packed once, used often.
package struct PackedMatrix: Sendable {
  let columns: PackedColumns<FloatMicroKernel>
  let kernel: FloatMicroKernel
  let depth: Int

  /// Packs a matrix.
  ///
  /// - Shape: `b` is depth x columns, row-major.
  /// - Complexity: O(depth·columns).
  /// - Precondition: the element count fits the shape, which is not empty.
  package init(
    _ b: [Float],
    depth: Int,
    columns: Int,
    kernel: FloatMicroKernel = KernelTable.float32(),
    threads: Int = 1
  ) {
    GEMM.requireFit(depth, b.count, 1, depth, columns)
    precondition(!b.isEmpty, "a matrix of \(depth) x \(columns) has nothing to pack")
    self.kernel = kernel
    self.depth = depth
    self.columns = b.withUnsafeBufferPointer {
      PackedColumns(
        MatrixColumns($0, rowStride: columns),
        layout: DepthLayout(depth: depth),
        columnCount: columns,
        kernel: kernel,
        threads: threads
      )
    }
  }
}

extension GEMM {
  /// Multiplies a float32 matrix by a packed one, in memory of the caller.
  ///
  /// - Shape: `a` is rows x depth of `b`, `c` rows x columns of `b`, both row-major; `c` is written, not read.
  /// - Error: bit for bit the product of matrices that are not packed.
  /// - Complexity: O(m·n·k); the result does not depend on the number of threads.
  package static func multiply(
    _ a: UnsafePointer<Float>,
    _ b: PackedMatrix,
    into c: UnsafeMutablePointer<Float>,
    rows: Int,
    threads: Int = 1
  ) {
    guard rows > 0 else { return }
    MatrixProduct(kernel: b.kernel, columns: b.columns).run(
      MatrixRows(a, depth: b.depth, group: FloatMicroKernel.depthGroup),
      rowCount: rows,
      into: c,
      threads: threads
    )
  }
}
