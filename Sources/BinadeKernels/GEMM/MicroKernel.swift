import CBinadeKernels

/// The innermost loop of a matrix product: one tile of C from one panel of A and one of B.
///
/// Panels are contiguous: `tileRows` values of A and `tileColumns` values of B per step of depth, in groups of
/// `depthGroup` consecutive steps per row or column.
///
/// ```
///              b: depth x tileColumns
///            ┌─────────────────────────┐
///            └─────────────────────────┘
///  a: depth  ┌─────────────────────────┐
///     x      │ c: tileRows x           │   c += sum over depth, in order
///  tileRows  │    tileColumns          │
///            └─────────────────────────┘
/// ```
///
/// - Source: Van Zee and van de Geijn, BLIS, ACM TOMS 41(3), 2015.
public protocol MicroKernel: Sendable {
  /// What panels hold.
  associatedtype Operand: Sendable
  /// What tiles of C hold.
  associatedtype Sum: Sendable

  /// For reports.
  var name: String { get }
  /// Consecutive steps of depth stored together; panels are padded with zeros to a multiple.
  static var depthGroup: Int { get }
  /// The zero of an operand.
  static var zero: Operand { get }
  /// The zero of a sum.
  static var zeroSum: Sum { get }

  /// Computes one full tile.
  ///
  /// `groups`: the depth in groups of `depthGroup`.
  /// `accumulate`: whether to start from what `c` holds.
  func computeTile(
    groups: Int,
    a: UnsafePointer<Operand>,
    b: UnsafePointer<Operand>,
    c: UnsafeMutablePointer<Sum>,
    rowStride: Int,
    accumulate: Bool
  )
}

/// The tile that every micro-kernel computes.
public enum Tile {
  /// Rows of a tile (MR).
  public static let rows = Int(BINADE_TILE_ROWS)
  /// Columns of a tile (NR).
  public static let columns = Int(BINADE_TILE_COLUMNS)
}
