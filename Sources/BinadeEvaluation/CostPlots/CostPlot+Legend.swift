import BinadeOutput

extension CostPlot {
  struct Legend {
    let width: Double
    let lines: ((width: Double, height: Double)) -> String
  }

  /// A line of the legend: a marker, text.
  private struct Entry {
    var marker: (style: String, colour: String)?
    var text: String
    var isBold = false
    var isNumbered = false
  }

  private var entries: [Entry] {
    var entries = [
      Entry(marker: ("front", "#555555"), text: "Pareto front"),
      Entry(marker: ("full", "#555555"), text: noiseMeaning),
    ]
    if let belowMeaning { entries.append(Entry(marker: ("hollow", "#555555"), text: belowMeaning)) }
    if let line { entries.append(Entry(text: "- - \(line.text)")) }
    entries += notes.map { Entry(text: $0) }
    entries += [Entry(text: ""), Entry(text: "number, format, \(textTitle)")]
    var number = 0
    for (index, family) in families.enumerated() {
      entries.append(Entry(text: ""))
      entries.append(Entry(text: family.name, isBold: true))
      for point in family.points {
        number += 1
        let style = ["front", "full", "hollow"][point.standing.rawValue]
        entries.append(
          Entry(
            marker: (style, Self.colours[index % Self.colours.count]),
            text: "\(number)  \(Self.shortened(point.label))  \(point.text)",
            isBold: point.standing == .onFront,
            isNumbered: true
          )
        )
      }
    }
    return entries
  }

  /// Long names lose their middle; the data file has them whole.
  package static func shortened(_ label: String) -> String {
    label.count <= 44 ? label : label.prefix(28) + "…" + label.suffix(15)
  }

  /// A scale on the right needs room for its title.
  var legendLeft: Double {
    Self.margins.left + Self.area.width + Self.margins.right + (axis.right == nil ? -20 : 50)
  }

  var legend: Legend {
    let entries = entries
    let line = 16.5
    let room = Self.margins.top + Self.area.height + Self.margins.bottom - 60
    let perColumn = max(1, Int(room / line))
    let columns = stride(from: 0, to: entries.count, by: perColumn).map {
      Array(entries[$0..<min($0 + perColumn, entries.count)])
    }
    let widths = columns.map { column in 40 + 7.0 * Double(column.map(\.text.count).max() ?? 0) }
    return Legend(width: widths.reduce(0, +)) { size in
      var left = legendLeft
      var lines: [String] = []
      for (column, width) in zip(columns, widths) {
        for (index, entry) in column.enumerated() where !entry.text.isEmpty {
          let y = 1 - (Self.margins.top - 30 + line * (Double(index) + 0.5)) / size.height
          lines.append(Self.text(entry, x: (left + 10) / size.width, y: y))
          lines += Self.markers(entry, x: left / size.width, y: y)
        }
        left += width
      }
      return lines.joined(separator: "\n")
    }
  }

  private static func text(_ entry: Entry, x: Double, y: Double) -> String {
    "set label \(GnuplotText.quoted(entry.text)) noenhanced at screen \(x), screen \(y) left "
      + "font \"\(entry.isBold ? "Helvetica:Bold" : ""),11\" tc rgb \"\(entry.isNumbered && !entry.isBold ? "#333333" : "#000000")\""
  }

  private static func markers(_ entry: Entry, x: Double, y: Double) -> [String] {
    guard let marker = entry.marker else { return [] }
    func point(_ style: String, _ colour: String) -> String {
      "set label \"\" at screen \(x), screen \(y) point \(style) lc rgb \"\(colour)\""
    }
    switch marker.style {
    case "front": return [point("pt 7 ps 1.75", "black"), point("pt 7 ps 1.25", marker.colour)]
    case "full": return [point("pt 7 ps 1.25", marker.colour)]
    default: return [point("pt 6 ps 1.15 lw 1.5", marker.colour)]
    }
  }
}
