/// C = A B, shared out among threads in blocks of rows and, where there are few rows, of columns.
struct MatrixProduct<Kernel: MicroKernel> {
  let kernel: Kernel
  let columns: PackedColumns<Kernel>

  /// Rows that stay in the second-level cache together; a multiple of every tile's rows.
  private static var blockRows: Int { 96 }

  /// Computes all of C.
  ///
  /// `finish` gets each block of C when it is complete: its first element, its rows and its columns.
  ///
  /// - Shape: `c` is `rowCount` x `columns.columnCount`, row-major.
  func run<Source: RowSource<Kernel.RowOperand>>(
    _ source: Source,
    rowCount: Int,
    into c: UnsafeMutablePointer<Kernel.Sum>,
    threads: Int,
    finish: (UnsafeMutablePointer<Kernel.Sum>, Int, Int) -> Void = { _, _, _ in }
  ) {
    let product = TiledProduct(kernel: kernel, columns: columns)
    let rowStride = columns.columnCount
    let rowBlocks = (rowCount + Self.blockRows - 1) / Self.blockRows
    let columnBlocks =
      rowBlocks >= 2 * threads ? 1 : min(columns.panelCount, (2 * threads + rowBlocks - 1) / rowBlocks)
    ParallelLoop.run(count: rowBlocks * columnBlocks, threads: threads) { index in
      let (rowBlock, columnBlock) = index.quotientAndRemainder(dividingBy: columnBlocks)
      let first = rowBlock * Self.blockRows
      let rows = first..<min(first + Self.blockRows, rowCount)
      let panels =
        columnBlock * columns.panelCount / columnBlocks..<(columnBlock + 1) * columns.panelCount
        / columnBlocks
      withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: rows.count) { addresses in
        withUnsafeTemporaryAllocation(
          of: Kernel.RowOperand.self,
          capacity: max(1, source.scratchCount(rowCount: rows.count))
        ) { scratch in
          guard let addresses = addresses.baseAddress, let scratch = scratch.baseAddress else { return }
          source.locate(rows, scratch: scratch, addresses: addresses)
          let firstColumn = panels.lowerBound * kernel.tile.columns
          let block = c + (first * rowStride + firstColumn)
          product.run(
            rows: addresses,
            rowCount: rows.count,
            panels: panels,
            into: block,
            rowStride: rowStride,
            allowsPadding: false
          )
          let lastColumn = min(panels.upperBound * kernel.tile.columns, columns.columnCount)
          finish(block, rows.count, lastColumn - firstColumn)
        }
      }
    }
  }
}
