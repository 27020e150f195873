/// A row-major matrix of codes; which format they belong to, the datapath knows.
public struct CodedMatrix: Sendable, Hashable {
  /// Rows.
  public let rows: Int
  /// Columns.
  public let columns: Int
  /// The codes, row by row.
  public let codes: [UInt32]
  /// The codes as bytes, when they came so: four times as many fit the caches.
  let bytes: [UInt8]?

  /// Creates a matrix of codes of up to 32 bits.
  ///
  /// - Precondition: `codes` holds `rows * columns` elements.
  public init(_ codes: [UInt32], rows: Int, columns: Int) {
    self.init(codes, bytes: nil, rows: rows, columns: columns)
  }

  private init(_ codes: [UInt32], bytes: [UInt8]?, rows: Int, columns: Int) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(
      rows >= 0 && columns >= 0 && !overflow && codes.count == count,
      "\(codes.count) codes are no \(rows) x \(columns) matrix"
    )
    self.rows = rows
    self.columns = columns
    self.codes = codes
    self.bytes = bytes
  }

  /// Creates a matrix of codes of up to 8 bits.
  ///
  /// - Precondition: `codes` holds `rows * columns` elements.
  public init(_ codes: [UInt8], rows: Int, columns: Int) {
    self.init(codes.map(UInt32.init), bytes: codes, rows: rows, columns: columns)
  }

  /// Creates a matrix of codes of up to 16 bits.
  ///
  /// - Precondition: `codes` holds `rows * columns` elements.
  public init(_ codes: [UInt16], rows: Int, columns: Int) {
    self.init(codes.map(UInt32.init), rows: rows, columns: columns)
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
    if let bytes { return bitWidth >= 8 || bytes.reduce(0, |) >> UInt8(bitWidth) == 0 }
    return codes.reduce(0, |) >> 1 < UInt32(1) << UInt32(bitWidth - 1)
  }
}
