import CBinadeKernels

/// The macro-kernel of a product of powers: one panel of columns of B meets all rows of A, a block of depth at a time.
///
/// Each block goes on from what the block before it left in C: every element is one sum in the order of depth.
struct LogarithmicBlock {
  let kernel: LogarithmicMicroKernel
  let planeCount: Int
  /// By code and plane.
  let planes: [Float]
  let rows: [binade_logarithmic_factor]
  let rowCount: Int
  /// B, `depth` x `columnCount`.
  let codes: [UInt32]
  let depth: Int
  let columnCount: Int

  /// Steps of depth per block: a panel of all planes takes 24 KB.
  private var blockDepth: Int { max(8, 6144 / (planeCount * kernel.tileColumns)) }

  /// Computes the columns `columns`, at most a tile of them.
  ///
  /// - Shape: `c` is `rowCount` x `columnCount`.
  func run(columns: Range<Int>, into c: UnsafeMutablePointer<Float>) {
    let capacity = blockDepth * planeCount * kernel.tileColumns
    withUnsafeTemporaryAllocation(of: Float.self, capacity: capacity) { panel in
      panel.initialize(repeating: 0)
      guard let scratch = panel.baseAddress else { return }
      for start in stride(from: 0, to: self.depth, by: blockDepth) {
        let depth = start..<min(start + blockDepth, self.depth)
        pack(columns: columns, depth: depth, into: scratch)
        multiply(scratch, columns: columns, depth: depth, into: c)
      }
    }
  }

  /// Writes every plane of the values; columns that are missing stay zero.
  private func pack(columns: Range<Int>, depth: Range<Int>, into panel: UnsafeMutablePointer<Float>) {
    let width = kernel.tileColumns
    codes.withUnsafeBufferPointer { codes in
      planes.withUnsafeBufferPointer { planes in
        guard let codes = codes.baseAddress, let planes = planes.baseAddress else { return }
        for (step, p) in depth.enumerated() {
          let row = codes + p * columnCount + columns.lowerBound
          let target = panel + step * planeCount * width
          for j in 0..<columns.count {
            let values = planes + Int(row[j]) * planeCount
            for plane in 0..<planeCount { target[plane * width + j] = values[plane] }
          }
        }
      }
    }
  }

  private func multiply(
    _ panel: UnsafePointer<Float>,
    columns: Range<Int>,
    depth: Range<Int>,
    into c: UnsafeMutablePointer<Float>
  ) {
    let (tileRows, tileColumns) = (kernel.tileRows, kernel.tileColumns)
    rows.withUnsafeBufferPointer { rows in
      guard let base = rows.baseAddress else { return }
      for first in stride(from: 0, to: rowCount, by: tileRows) {
        let a = base + first * self.depth + depth.lowerBound * tileRows
        let target = c + first * columnCount + columns.lowerBound
        let height = min(tileRows, rowCount - first)
        if height == tileRows && columns.count == tileColumns {
          kernel.computeTile(
            depth: depth.count,
            planes: planeCount,
            a: a,
            b: panel,
            c: target,
            rowStride: columnCount,
            accumulate: depth.lowerBound > 0
          )
        } else {
          computeEdge(panel, a, depth: depth, into: target, height: height, width: columns.count)
        }
      }
    }
  }

  /// Computes a full tile aside and copies the part that exists.
  private func computeEdge(
    _ panel: UnsafePointer<Float>,
    _ a: UnsafePointer<binade_logarithmic_factor>,
    depth: Range<Int>,
    into c: UnsafeMutablePointer<Float>,
    height: Int,
    width: Int
  ) {
    let tileColumns = kernel.tileColumns
    withUnsafeTemporaryAllocation(of: Float.self, capacity: kernel.tileRows * tileColumns) { tile in
      tile.initialize(repeating: 0)
      guard let base = tile.baseAddress else { return }
      if depth.lowerBound > 0 {
        for i in 0..<height {
          for j in 0..<width { base[i * tileColumns + j] = c[i * columnCount + j] }
        }
      }
      kernel.computeTile(
        depth: depth.count,
        planes: planeCount,
        a: a,
        b: panel,
        c: base,
        rowStride: tileColumns,
        accumulate: depth.lowerBound > 0
      )
      for i in 0..<height {
        for j in 0..<width { c[i * columnCount + j] = base[i * tileColumns + j] }
      }
    }
  }
}
