/// A row-major matrix of codes; which format they belong to, the datapath knows.
public struct CodedMatrix: Sendable, Hashable {
  /// Rows.
  public let rows: Int
  /// Columns.
  public let columns: Int
  let storage: Storage

  /// The codes, row by row, in the type they came in: of bytes four times as many fit the caches.
  enum Storage: Sendable, Hashable {
    case bytes([UInt8])
    case words([UInt32])
  }

  /// The codes, row by row.
  ///
  /// - Complexity: O(1), or O(n) for a matrix that was made of bytes: keep what it returns.
  public var codes: [UInt32] {
    switch storage {
    case .bytes(let bytes): bytes.map { UInt32($0) }
    case .words(let words): words
    }
  }

  /// Creates a matrix of codes of up to 32 bits.
  ///
  /// - Precondition: `codes` holds `rows * columns` elements.
  public init(_ codes: [UInt32], rows: Int, columns: Int) {
    self.init(.words(codes), count: codes.count, rows: rows, columns: columns)
  }

  /// Creates a matrix of codes of up to 8 bits.
  ///
  /// - Precondition: `codes` holds `rows * columns` elements.
  public init(_ codes: [UInt8], rows: Int, columns: Int) {
    self.init(.bytes(codes), count: codes.count, rows: rows, columns: columns)
  }

  /// Creates a matrix of codes of up to 16 bits.
  ///
  /// - Precondition: `codes` holds `rows * columns` elements.
  public init(_ codes: [UInt16], rows: Int, columns: Int) {
    self.init(codes.map { UInt32($0) }, rows: rows, columns: columns)
  }

  private init(_ storage: Storage, count found: Int, rows: Int, columns: Int) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(
      rows >= 0 && columns >= 0 && !overflow && found == count,
      "\(found) codes are no \(rows) x \(columns) matrix"
    )
    self.rows = rows
    self.columns = columns
    self.storage = storage
  }

  /// Stops when a code has more bits than its format.
  func requireFit(bitWidth: Int) {
    precondition(fits(bitWidth: bitWidth), "a code has more than \(bitWidth) bits")
  }

  /// Returns how many elements the product with `other` has.
  ///
  /// - Precondition: the shapes fit, and codes are below 2^bitWidth of their format.
  func productCount(with other: CodedMatrix, bitWidths: (left: Int, right: Int)) -> Int {
    precondition(
      columns == other.rows,
      "a \(rows) x \(columns) matrix cannot be multiplied by a \(other.rows) x \(other.columns) one"
    )
    precondition(
      fits(bitWidth: bitWidths.left) && other.fits(bitWidth: bitWidths.right),
      "a code has more bits than its format"
    )
    let (count, overflow) = rows.multipliedReportingOverflow(by: other.columns)
    precondition(!overflow, "a result of \(rows) x \(other.columns) elements is too large")
    return count
  }

  private func fits(bitWidth: Int) -> Bool {
    switch storage {
    case .bytes(let bytes): bitWidth >= 8 || bytes.reduce(0, |) >> UInt8(bitWidth) == 0
    case .words(let words): words.reduce(0, |) >> 1 < UInt32(1) << UInt32(bitWidth - 1)
    }
  }
}
