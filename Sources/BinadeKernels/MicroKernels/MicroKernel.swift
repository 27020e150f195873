import CBinadeKernels

/// The innermost loop of a matrix product: one tile of C from some rows of A and one panel of B.
///
/// Rows of A are read where they lie, at one offset per tap: the positions of a convolution's kernel, or one tap for
/// a plain matrix. Panels of B are contiguous: `columns` values per step of depth, in groups of `depthGroup`
/// consecutive steps per column.
///
/// ```
///                   b: depth x columns
///                 ┌─────────────────────────┐
///                 └─────────────────────────┘
///  a: row 0  ──── ┌─────────────────────────┐
///     row 1  ──── │ c: tile.rows x columns  │   c += sum over taps and steps, in order
///     ...         └─────────────────────────┘
/// ```
///
/// - Source: Van Zee and van de Geijn, BLIS, ACM TOMS 41(3), 2015; Dukhan, The Indirect Convolution Algorithm, 2019.
protocol MicroKernel: Sendable {
  /// What rows of A hold.
  associatedtype RowOperand: BitwiseCopyable & Sendable
  /// What panels of B hold.
  associatedtype ColumnOperand: BitwiseCopyable & Sendable & ExpressibleByIntegerLiteral
  /// What tiles of C hold.
  associatedtype Sum: BitwiseCopyable & Sendable & ExpressibleByIntegerLiteral

  /// For reports.
  var name: String { get }
  /// The tile it computes.
  var tile: TileShape { get }
  /// Consecutive steps of depth stored together; panels are padded with zeros to a multiple.
  static var depthGroup: Int { get }
  /// Where a step of a group lies within the group.
  static func place(ofMember member: Int) -> Int
  /// Whether it computes tiles of half its columns.
  static var halvesPanels: Bool { get }
  /// Steps of depth per block, so that a panel of B stays in the first-level cache; `Int.max` for kernels that must
  /// see the whole depth at once.
  var depthBlock: Int { get }

  /// Computes one tile.
  ///
  /// `a`: addresses of `tile.rows` rows.
  /// `start`: what the sums begin with, one per column; nil for 0. Only kernels of shifted operands take it.
  /// `columns`: `tile.columns`, or half of that where `halvesPanels` says so.
  /// `accumulate`: whether to go on from what `c` holds.
  func computeTile(
    _ a: inout binade_tile_rows,
    b: UnsafePointer<ColumnOperand>,
    start: UnsafePointer<Sum>?,
    c: UnsafeMutablePointer<Sum>,
    rowStride: Int,
    columns: Int,
    accumulate: Bool
  )
}

extension MicroKernel {
  static var halvesPanels: Bool { true }

  @inline(__always)
  static func place(ofMember member: Int) -> Int { member }
}

/// Rows (MR) and columns (NR) of the tile that a micro-kernel computes.
package struct TileShape: Sendable, Hashable {
  /// Rows of a tile.
  package let rows: Int
  /// Columns of a tile; even.
  package let columns: Int
}

extension binade_tile_rows {
  /// Reads an operand: the portable kernels' way through the structure.
  @inline(__always)
  func operand<Operand: BitwiseCopyable>(row: Int, tap: Int, step: Int, as: Operand.Type) -> Operand {
    guard let address = rows[row] else { preconditionFailure("row \(row) has no address") }
    return (address + offsets[tap]).loadUnaligned(
      fromByteOffset: step * MemoryLayout<Operand>.size,
      as: Operand.self
    )
  }
}
