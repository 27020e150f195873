/// The rows of A cut into panels of ``Tile/rows``, each contiguous over the whole depth; packed once, used often.
public struct PackedRows<Kernel: MicroKernel>: Sendable {
  /// Rows of A.
  public let rowCount: Int
  /// Columns of A: the reduction length.
  public let depth: Int
  /// The depth padded to a multiple of ``MicroKernel/depthGroup``.
  let paddedDepth: Int
  let storage: [Kernel.Operand]

  /// Packs a row-major matrix.
  ///
  /// - Shape: `matrix` has `rowCount * depth` elements.
  public init(_ matrix: [Kernel.Operand], rowCount: Int, depth: Int) {
    precondition(matrix.count == rowCount * depth, "the matrix must be \(rowCount) x \(depth)")
    self.rowCount = rowCount
    self.depth = depth
    let group = Kernel.depthGroup
    paddedDepth = (depth + group - 1) / group * group
    var packed = [Kernel.Operand](
      repeating: Kernel.zero,
      count: (rowCount + Tile.rows - 1) / Tile.rows * Tile.rows * paddedDepth
    )
    for row in 0..<rowCount {
      let panel = row / Tile.rows * Tile.rows * paddedDepth
      for p in 0..<depth {
        let position = (p / group * Tile.rows + row % Tile.rows) * group + p % group
        packed[panel + position] = matrix[row * depth + p]
      }
    }
    storage = packed
  }
}

/// Something that can fill panels of B: a matrix, or the patches of an image.
public protocol ColumnSource<Operand> {
  /// What panels hold.
  associatedtype Operand

  /// Writes the panel of `columns` (at most ``Tile/columns``) and `depth` to `panel`.
  ///
  /// Missing columns, and steps missing to a full group of depth, are written as zeros.
  func pack(
    columns: Range<Int>,
    depth: Range<Int>,
    depthGroup: Int,
    into panel: UnsafeMutablePointer<Operand>
  )
}

/// A row-major matrix as the right operand.
public struct MatrixSource<Operand: ExpressibleByIntegerLiteral>: ColumnSource {
  private let base: UnsafePointer<Operand>
  private let rowStride: Int

  /// Views a matrix of `rowStride` columns; the memory must outlive the source.
  public init(_ base: UnsafePointer<Operand>, rowStride: Int) {
    self.base = base
    self.rowStride = rowStride
  }

  /// Writes one panel, zeros where nothing is.
  public func pack(
    columns: Range<Int>,
    depth: Range<Int>,
    depthGroup: Int,
    into panel: UnsafeMutablePointer<Operand>
  ) {
    let paddedCount = (depth.count + depthGroup - 1) / depthGroup * depthGroup
    for step in 0..<paddedCount {
      let row = base + (depth.lowerBound + step) * rowStride + columns.lowerBound
      let target = panel + step / depthGroup * depthGroup * Tile.columns + step % depthGroup
      let filled = step < depth.count ? columns.count : 0
      for j in 0..<filled { target[j * depthGroup] = row[j] }
      for j in filled..<Tile.columns { target[j * depthGroup] = 0 }
    }
  }
}
