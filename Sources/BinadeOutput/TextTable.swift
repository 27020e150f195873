/// A table for a terminal: columns as wide as their widest cell.
public struct TextTable: Sendable {
  /// Where a cell's text stands.
  public enum Alignment: Sendable { case left, right }

  /// A column.
  public struct Column: Sendable {
    let title: String
    let alignment: Alignment

    /// Creates a column; numbers stand on the right.
    public init(_ title: String, _ alignment: Alignment = .right) {
      self.title = title
      self.alignment = alignment
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  /// Columns.
  public var columnCount: Int { columns.count }

  /// Creates a table without rows.
  public init(columns: [Column]) {
    self.columns = columns
  }

  /// Appends a row.
  ///
  /// - Precondition: one cell per column.
  public mutating func append(_ row: [String]) {
    precondition(row.count == columns.count, "\(row.count) cells for \(columns.count) columns")
    // Names and sources come from outside; one cell is one line.
    rows.append(row.map { $0.visible() })
  }

  /// The lines: titles, a rule, the rows.
  public var text: String {
    let widths = columns.indices.map { column in
      ([columns[column].title] + rows.map { $0[column] }).map(\.count).max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      var text = ""
      for (index, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        text += index > 0 ? "  " : ""
        text += columns[index].alignment == .left ? cell + padding : padding + cell
      }
      while text.last == " " { text.removeLast() }
      return text
    }
    let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
    return ([line(columns.map(\.title)), rule] + rows.map(line)).joined(separator: "\n")
  }
}
