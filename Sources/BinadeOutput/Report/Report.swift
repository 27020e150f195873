/// A page about results: sections of text, tables and charts, which renderers turn into HTML or Markdown.
public struct Report: Sendable {
  /// A part of the page.
  public struct Section: Sendable {
    /// Its heading.
    public let title: String
    /// What it holds, from top to bottom.
    public let blocks: [Block]

    /// A section.
    public init(_ title: String, _ blocks: [Block]) { (self.title, self.blocks) = (title, blocks) }
  }

  /// Something on the page.
  public enum Block: Sendable {
    case text(String)
    case list([String])
    case table(Table)
    /// A chart, which has its data below it.
    case chart(Chart)
    /// Bars, with their data below.
    case bars(BarChart)
    /// Values of formats as marks on lines, by name: each between -1 and 1.
    case numberLines([(name: String, values: [Double])])
  }

  /// Cells under headings.
  public struct Table: Sendable {
    /// A cell: what it says, and what it is sorted and coloured by.
    public struct Cell: Sendable {
      /// What it says.
      public let text: String
      /// What it is sorted by; nil for its text.
      public var value: Double?
      /// How much of the colour it has, 0 to 1; nil for none.
      public var shade: Double?

      /// A cell.
      public init(_ text: String, value: Double? = nil, shade: Double? = nil) {
        (self.text, self.value, self.shade) = (text, value, shade)
      }
    }

    /// What the table shows, in a line.
    public let caption: String
    /// Headings; those with numbers below them stand on the right.
    public let columns: [(title: String, isNumber: Bool)]
    /// A cell for each column.
    public let rows: [[Cell]]

    /// A table.
    ///
    /// - Precondition: a cell for each column.
    public init(_ caption: String, columns: [(title: String, isNumber: Bool)], rows: [[Cell]]) {
      precondition(
        rows.allSatisfy { $0.count == columns.count },
        "a cell for each of \(columns.count) columns"
      )
      (self.caption, self.columns, self.rows) = (caption, columns, rows)
    }
  }

  /// The heading of the page.
  public let title: String
  /// What stands below it.
  public let lead: String
  /// The page, from top to bottom.
  public let sections: [Section]

  /// A page.
  public init(title: String, lead: String, sections: [Section]) {
    (self.title, self.lead, self.sections) = (title, lead, sections)
  }
}
