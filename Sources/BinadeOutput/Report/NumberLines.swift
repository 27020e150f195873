import Foundation

/// The values of formats as marks on lines, one below the other, from -1 to 1.
enum NumberLines {
  private static let width = 480.0, rowHeight = 40.0

  /// The picture.
  ///
  /// `isAlone`: whether it is a file of its own, with the colours in it.
  static func svg(_ lines: [(name: String, values: [Double])], isAlone: Bool) -> String {
    let height = Int(rowHeight * Double(lines.count) + 24)
    var text =
      "<svg viewBox=\"0 0 \(Int(width)) \(height)\" role=\"img\" aria-label=\"Values of \(Markup.escaped(lines.map(\.name).joined(separator: ", ")))\""
    text += isAlone ? " xmlns=\"http://www.w3.org/2000/svg\"><style>\(ReportStyle.chart)</style>" : ">"
    for (index, line) in lines.enumerated() {
      let top = rowHeight * Double(index)
      text += "<text x=\"12\" y=\"\(Int(top) + 14)\">\(Markup.escaped(line.name))</text>"
      // Marks nearer than a third of a unit are one.
      let places = Set(line.values.map { (3 * across($0)).rounded() }).sorted()
      let marks = places.map { String(format: "M%.1f %dV%d", $0 / 3, Int(top) + 20, Int(top) + 36) }
      text += "<g class=\"c\(index % 8)\"><path class=\"values\" d=\"\(marks.joined())\"/></g>"
    }
    for value in [-1, -0.5, 0, 0.5, 1] {
      text +=
        "<text class=\"centre\" x=\"\(Int(across(value)))\" y=\"\(height - 8)\">\(String(format: "%g", value))</text>"
    }
    return text + "</svg>"
  }

  private static func across(_ value: Double) -> Double {
    16 + (min(max(value, -1), 1) + 1) / 2 * (width - 32)
  }
}
