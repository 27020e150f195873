import CBinadeKernels

/// The macro-kernel: C = A B for some rows of A and some panels of B, tile by tile.
///
/// A panel of B stays in the first-level cache while the rows go by; the rows stay in the second-level cache while
/// the panels go by. The depth is cut into blocks but never split between threads, and each block goes on from what
/// the block before it left in C: every element is one sum in the order of depth, whatever the blocking.
struct TiledProduct<Kernel: MicroKernel> {
  let kernel: Kernel
  let columns: PackedColumns<Kernel>

  /// Computes `rowCount` rows of the panels `panels`.
  ///
  /// - Shape: `rows` holds `rowCount` addresses; `c` is `rowCount` x `rowStride` and starts at the first column of
  ///   the first panel. Columns beyond ``PackedColumns/columnCount`` are written where `rowStride` has room for
  ///   them, as `allowsPadding` says.
  func run(
    rows: UnsafePointer<UnsafeRawPointer?>,
    rowCount: Int,
    panels: Range<Int>,
    into c: UnsafeMutablePointer<Kernel.Sum>,
    rowStride: Int,
    allowsPadding: Bool
  ) {
    let firstColumn = panels.lowerBound * kernel.tile.columns
    for (index, block) in columns.blocks.enumerated() {
      block.offsets.withUnsafeBufferPointer { offsets in
        var tile = binade_tile_rows(
          rows: rows,
          offsets: offsets.baseAddress,
          tap_count: offsets.count,
          group_count: block.groupCount
        )
        for panel in panels {
          let first = panel * kernel.tile.columns
          let width = columns.width(ofPanel: panel)
          let valid = allowsPadding ? width : min(width, columns.columnCount - first)
          let right = columns.panel(panel, of: block)
          for row in stride(from: 0, to: rowCount, by: kernel.tile.rows) {
            tile.rows = rows + row
            compute(
              &tile,
              panel: right,
              column: first,
              width: width,
              valid: (min(kernel.tile.rows, rowCount - row), valid),
              into: c + (row * rowStride + first - firstColumn),
              rowStride: rowStride,
              accumulate: index > 0
            )
          }
        }
      }
    }
  }

  @inline(__always)
  private func compute(
    _ tile: inout binade_tile_rows,
    panel: UnsafePointer<Kernel.ColumnOperand>,
    column: Int,
    width: Int,
    valid: (rows: Int, columns: Int),
    into c: UnsafeMutablePointer<Kernel.Sum>,
    rowStride: Int,
    accumulate: Bool
  ) {
    if let start = columns.start {
      start.withUnsafeBufferPointer { start in
        computeValid(
          &tile,
          panel,
          start.baseAddress.map { $0 + column },
          width,
          valid,
          c,
          rowStride,
          accumulate
        )
      }
    } else {
      computeValid(&tile, panel, nil, width, valid, c, rowStride, accumulate)
    }
  }

  @inline(__always)
  private func computeValid(
    _ tile: inout binade_tile_rows,
    _ panel: UnsafePointer<Kernel.ColumnOperand>,
    _ start: UnsafePointer<Kernel.Sum>?,
    _ width: Int,
    _ valid: (rows: Int, columns: Int),
    _ c: UnsafeMutablePointer<Kernel.Sum>,
    _ rowStride: Int,
    _ accumulate: Bool
  ) {
    guard valid.rows < kernel.tile.rows || valid.columns < width else {
      kernel.computeTile(
        &tile,
        b: panel,
        start: start,
        c: c,
        rowStride: rowStride,
        columns: width,
        accumulate: accumulate
      )
      return
    }
    computeEdge(&tile, panel, start, width, valid, c, rowStride, accumulate)
  }

  /// Computes a full tile aside and copies the part that exists; missing rows repeat the last one.
  @inline(never)
  private func computeEdge(
    _ tile: inout binade_tile_rows,
    _ panel: UnsafePointer<Kernel.ColumnOperand>,
    _ start: UnsafePointer<Kernel.Sum>?,
    _ width: Int,
    _ valid: (rows: Int, columns: Int),
    _ c: UnsafeMutablePointer<Kernel.Sum>,
    _ rowStride: Int,
    _ accumulate: Bool
  ) {
    let rows = tile.rows
    defer { tile.rows = rows }
    let count = kernel.tile.rows
    withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: count) { addresses in
      for i in 0..<count { addresses[i] = rows?[min(i, valid.rows - 1)] }
      tile.rows = UnsafePointer(addresses.baseAddress)
      withUnsafeTemporaryAllocation(of: Kernel.Sum.self, capacity: count * width) { aside in
        guard let base = aside.baseAddress else { return }
        if accumulate {
          for i in 0..<count {
            for j in 0..<width {
              base[i * width + j] = i < valid.rows && j < valid.columns ? c[i * rowStride + j] : 0
            }
          }
        }
        kernel.computeTile(
          &tile,
          b: panel,
          start: start,
          c: base,
          rowStride: width,
          columns: width,
          accumulate: accumulate
        )
        for i in 0..<valid.rows {
          (c + i * rowStride).update(from: base + i * width, count: valid.columns)
        }
      }
    }
  }
}
