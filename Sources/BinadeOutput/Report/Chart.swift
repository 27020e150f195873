/// Points over two axes.
public struct Chart: Sendable {
  /// A point, with the ends of its interval where it has one.
  public struct Point: Sendable {
    /// Where it is.
    public let x: Double, y: Double
    /// The ends of its interval, along y.
    public let interval: ClosedRange<Double>?
    /// What is said of it.
    public let note: String

    /// A point.
    public init(x: Double, y: Double, interval: ClosedRange<Double>? = nil, note: String = "") {
      (self.x, self.y, self.interval, self.note) = (x, y, interval, note)
    }
  }

  /// Points of one kind.
  public struct Series: Sendable {
    /// How points are connected.
    public enum Line: Sendable {
      case none, straight
      /// Along x first: what a front buys.
      case steps
    }

    /// What it is.
    public let name: String
    /// Along x.
    public let points: [Point]
    /// How they are connected.
    public let line: Line
    /// Whether points have marks.
    public let hasMarks: Bool

    /// A series, along x.
    public init(_ name: String, _ points: [Point], line: Line = .none, hasMarks: Bool = true) {
      (self.name, self.line, self.hasMarks) = (name, line, hasMarks)
      self.points = points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    }
  }

  /// What it shows, in a line.
  public let title: String
  /// What the axes are.
  public let x: ChartAxis, y: ChartAxis
  /// What is drawn, the first at the bottom.
  public let series: [Series]

  /// A chart; points that are not finite, or not above 0 on a logarithmic axis, are left out.
  ///
  /// Nil where nothing is left.
  public init?(
    _ title: String,
    x: (title: String, isLogarithmic: Bool),
    y: (title: String, isLogarithmic: Bool),
    _ series: [Series]
  ) {
    func isDrawn(_ value: Double, _ isLogarithmic: Bool) -> Bool {
      value.isFinite && (!isLogarithmic || value > 0)
    }
    let drawn = series.map { series in
      Series(
        series.name,
        series.points.filter { isDrawn($0.x, x.isLogarithmic) && isDrawn($0.y, y.isLogarithmic) },
        line: series.line,
        hasMarks: series.hasMarks
      )
    }.filter { !$0.points.isEmpty }
    let points = drawn.flatMap(\.points)
    let ends = points.flatMap { point -> [Double] in
      guard let interval = point.interval else { return [point.y] }
      return [interval.lowerBound, interval.upperBound, point.y].filter { isDrawn($0, y.isLogarithmic) }
    }
    guard let horizontal = ChartAxis(x.title, points.map(\.x), isLogarithmic: x.isLogarithmic),
      let vertical = ChartAxis(y.title, ends, isLogarithmic: y.isLogarithmic)
    else { return nil }
    (self.title, self.x, self.y, self.series) = (title, horizontal, vertical, drawn)
  }

  /// The points as a table.
  public var table: Report.Table {
    let rows = series.flatMap { series in
      series.points.map { point in
        [
          Report.Table.Cell(series.name), .init(point.note), Self.cell(point.x), Self.cell(point.y),
          point.interval.map { Self.cell($0.lowerBound) } ?? .init("-"),
          point.interval.map { Self.cell($0.upperBound) } ?? .init("-"),
        ]
      }
    }
    return Report.Table(
      title,
      columns: [
        ("series", false), ("point", false), (x.title, true), (y.title, true), ("lower", true),
        ("upper", true),
      ],
      rows: rows
    )
  }

  private static func cell(_ value: Double) -> Report.Table.Cell {
    .init(ChartAxis.text(value, digits: 5), value: value)
  }
}
