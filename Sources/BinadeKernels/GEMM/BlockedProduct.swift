/// The macro-kernel: C = A B for some columns of B, tile by tile.
///
/// One panel of B is packed into the first-level cache and meets every panel of A before the next one is packed.
/// The depth is cut into blocks but never split between threads, and each block goes on from what the block
/// before it left in C: every element is one sum in the order of depth, whatever the blocking.
struct BlockedProduct<Kernel: MicroKernel> {
  /// Steps of depth per block: a panel of B (24 columns) takes 24 KB as float32.
  static var blockDepth: Int { 256 }

  let kernel: Kernel
  let rows: PackedRows<Kernel>

  /// Elements of scratch memory that `run` needs: a panel, and slack for packing that writes whole vectors.
  static var panelCapacity: Int { blockDepth * Tile.columns + 16 }

  /// Computes the columns `columns` of C.
  ///
  /// - Shape: `c` is `rows.rowCount` x `rowStride`; `panel` has `panelCapacity` elements.
  func run<Source: ColumnSource<Kernel.Operand>>(
    _ source: Source,
    columns: Range<Int>,
    into c: UnsafeMutablePointer<Kernel.Sum>,
    rowStride: Int,
    panel: UnsafeMutablePointer<Kernel.Operand>
  ) {
    let group = Kernel.depthGroup
    var start = 0
    repeat {
      let end = min(start + Self.blockDepth, rows.depth)
      let groups = (end - start + group - 1) / group
      for first in stride(from: columns.lowerBound, to: columns.upperBound, by: Tile.columns) {
        let tileColumns = first..<min(first + Tile.columns, columns.upperBound)
        source.pack(columns: tileColumns, depth: start..<end, depthGroup: group, into: panel)
        multiplyPanel(
          panel,
          columns: tileColumns,
          groups: groups,
          depthStart: start,
          into: c,
          rowStride: rowStride
        )
      }
      start = end
    } while start < rows.depth
  }

  /// Multiplies all panels of A with one panel of B.
  private func multiplyPanel(
    _ panel: UnsafePointer<Kernel.Operand>,
    columns: Range<Int>,
    groups: Int,
    depthStart: Int,
    into c: UnsafeMutablePointer<Kernel.Sum>,
    rowStride: Int
  ) {
    rows.storage.withUnsafeBufferPointer { storage in
      guard let base = storage.baseAddress else { return }
      for firstRow in stride(from: 0, to: rows.rowCount, by: Tile.rows) {
        let a = base + firstRow * rows.paddedDepth + depthStart * Tile.rows
        let target = c + firstRow * rowStride + columns.lowerBound
        let rowCount = min(Tile.rows, rows.rowCount - firstRow)
        if rowCount == Tile.rows && columns.count == Tile.columns {
          kernel.computeTile(
            groups: groups,
            a: a,
            b: panel,
            c: target,
            rowStride: rowStride,
            accumulate: depthStart > 0
          )
        } else {
          computeEdgeTile(
            groups: groups,
            a: a,
            b: panel,
            into: target,
            rowStride: rowStride,
            rowCount: rowCount,
            columnCount: columns.count,
            accumulate: depthStart > 0
          )
        }
      }
    }
  }

  /// Computes a full tile aside and copies the part that exists.
  private func computeEdgeTile(
    groups: Int,
    a: UnsafePointer<Kernel.Operand>,
    b: UnsafePointer<Kernel.Operand>,
    into c: UnsafeMutablePointer<Kernel.Sum>,
    rowStride: Int,
    rowCount: Int,
    columnCount: Int,
    accumulate: Bool
  ) {
    withUnsafeTemporaryAllocation(of: Kernel.Sum.self, capacity: Tile.rows * Tile.columns) {
      tile in
      tile.initialize(repeating: Kernel.zeroSum)
      guard let base = tile.baseAddress else { return }
      if accumulate {
        for i in 0..<rowCount {
          for j in 0..<columnCount { base[i * Tile.columns + j] = c[i * rowStride + j] }
        }
      }
      kernel.computeTile(
        groups: groups,
        a: a,
        b: b,
        c: base,
        rowStride: Tile.columns,
        accumulate: accumulate
      )
      for i in 0..<rowCount {
        for j in 0..<columnCount { c[i * rowStride + j] = base[i * Tile.columns + j] }
      }
    }
  }
}
