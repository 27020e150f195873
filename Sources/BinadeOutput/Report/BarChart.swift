import Foundation

/// Lengths side by side, in groups: what has which share.
public struct BarChart: Sendable {
  /// A bar.
  public struct Bar: Sendable {
    /// What it is.
    public let name: String
    /// How long it is, 0 to 1; nil for what was not measured.
    public let share: Double?
    /// What stands behind it.
    public let text: String

    /// A bar.
    public init(_ name: String, share: Double?, text: String) {
      (self.name, self.share, self.text) = (name, share, text)
    }
  }

  /// What it shows, in a line.
  public let title: String
  /// Bars under a heading.
  public let groups: [(name: String, bars: [Bar])]

  /// A chart.
  public init(_ title: String, _ groups: [(name: String, bars: [Bar])]) {
    (self.title, self.groups) = (title, groups)
  }

  private static let width = 480, rowHeight = 20, left = 130, barWidth = 220

  /// The picture.
  ///
  /// `isAlone`: whether it is a file of its own, with the colours in it.
  func svg(isAlone: Bool) -> String {
    let rowCount = groups.reduce(0) { $0 + $1.bars.count + 1 }
    var text =
      "<svg viewBox=\"0 0 \(Self.width) \(rowCount * Self.rowHeight + 8)\" role=\"img\" aria-label=\"\(Markup.escaped(title))\""
    text += isAlone ? " xmlns=\"http://www.w3.org/2000/svg\"><style>\(ReportStyle.chart)</style>" : ">"
    var row = 0
    func line(_ name: String, indent: Int) -> String {
      row += 1
      return "<text x=\"\(indent)\" y=\"\(row * Self.rowHeight - 4)\">\(Markup.escaped(name))</text>"
    }
    for group in groups {
      text += line(group.name, indent: 4)
      for (index, bar) in group.bars.enumerated() {
        text += line(bar.name, indent: 16)
        let top = row * Self.rowHeight - 17
        if let share = bar.share {
          let length = String(format: "%.1f", min(max(share, 0), 1) * Double(Self.barWidth))
          text +=
            "<g class=\"c\(index % 8)\"><rect class=\"length\" x=\"\(Self.left)\" y=\"\(top)\" width=\"\(length)\" height=\"14\"/></g>"
        }
        text +=
          "<text x=\"\(Self.left + Self.barWidth + 8)\" y=\"\(row * Self.rowHeight - 4)\">\(Markup.escaped(bar.text))</text>"
      }
    }
    return text + "</svg>"
  }

  /// The bars as a table.
  var table: Report.Table {
    Report.Table(
      title,
      columns: [("of", false), ("what", false), ("share", true), ("figure", false)],
      rows: groups.flatMap { group in
        group.bars.map { bar in
          [
            .init(group.name), .init(bar.name),
            .init(bar.share.map { String(format: "%.3f", $0) } ?? "-", value: bar.share), .init(bar.text),
          ]
        }
      }
    )
  }
}
