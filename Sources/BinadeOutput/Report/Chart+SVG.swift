import Foundation

/// Charts as pictures that take their colours from the page.
extension Chart {
  /// Colours and marks are given out in this order: eight colours, four marks.
  private static let colourCount = 8

  /// The size that coordinates are in; pictures are as wide as there is room.
  private static let width = 480.0, height = 330.0
  private static let left = 72.0, right = 12.0, top = 10.0, bottom = 46.0

  /// The picture.
  ///
  /// `isAlone`: whether it is a file of its own, with the colours in it.
  func svg(isAlone: Bool) -> String {
    let legendHeight = isAlone ? 18 * series.count + 6 : 0
    var text =
      "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height) + legendHeight)\" role=\"group\" aria-label=\"\(Markup.escaped(title))\""
    text += isAlone ? " xmlns=\"http://www.w3.org/2000/svg\"><style>\(ReportStyle.chart)</style>" : ">"
    text += axes
    for (index, series) in series.enumerated() { text += Self.group(index) + draw(series, index) + "</g>" }
    guard isAlone else { return text + "</svg>" }
    for (index, series) in series.enumerated() {
      let place = Self.height + 18 * Double(index) + 10
      text += Self.group(index) + Self.mark(index, 16, place) + "</g>"
      text +=
        "<text class=\"middle\" x=\"28\" y=\"\(Self.number(place))\">\(Markup.escaped(String(series.name.prefix(62))))</text>"
    }
    return text + "</svg>"
  }

  /// What the colours and marks are, as HTML.
  var legend: String {
    guard series.count > 1 || series.contains(where: { !$0.name.isEmpty }) else { return "" }
    let items = series.enumerated().map { index, series in
      let mark =
        series.hasMarks
        ? Self.mark(index, 8, 8) : "<line class=\"line\" x1=\"1\" y1=\"8\" x2=\"15\" y2=\"8\"/>"
      return
        "<li><svg class=\"key\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">\(Self.group(index))\(mark)</g></svg>"
        + "\(Markup.escaped(series.name))</li>"
    }
    return "<ul class=\"legend\">\(items.joined())</ul>"
  }

  private static func group(_ index: Int) -> String { "<g class=\"c\(index % colourCount)\">" }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }

  private func across(_ value: Double) -> Double {
    Self.left + x.place(value) * (Self.width - Self.left - Self.right)
  }

  private func down(_ value: Double) -> Double {
    Self.height - Self.bottom - y.place(value) * (Self.height - Self.top - Self.bottom)
  }

  private var axes: String {
    let (end, floor) = (Self.width - Self.right, Self.height - Self.bottom)
    var text = "<g class=\"axes\">"
    for tick in y.ticks {
      let place = Self.number(floor - tick.place * (floor - Self.top))
      text += "<line x1=\"\(Int(Self.left))\" y1=\"\(place)\" x2=\"\(Int(end))\" y2=\"\(place)\"/>"
      text +=
        "<text x=\"\(Int(Self.left) - 6)\" y=\"\(place)\" class=\"end middle\">\(Markup.escaped(tick.text))</text>"
    }
    for tick in x.ticks {
      let place = Self.number(Self.left + tick.place * (end - Self.left))
      text += "<line x1=\"\(place)\" y1=\"\(Int(Self.top))\" x2=\"\(place)\" y2=\"\(Int(floor))\"/>"
      text +=
        "<text x=\"\(place)\" y=\"\(Int(floor) + 16)\" class=\"centre\">\(Markup.escaped(tick.text))</text>"
    }
    let middle = Self.number((Self.left + end) / 2)
    text +=
      "<text x=\"\(middle)\" y=\"\(Int(Self.height) - 8)\" class=\"centre title\">\(Markup.escaped(x.title))</text>"
    let half = Self.number((floor + Self.top) / 2)
    text +=
      "<text transform=\"translate(13 \(half)) rotate(-90)\" class=\"centre title\">\(Markup.escaped(y.title))</text>"
    return text + "</g>"
  }

  private func draw(_ series: Series, _ index: Int) -> String {
    var text = path(series)
    for point in series.points {
      let (horizontal, vertical) = (across(point.x), down(point.y))
      if let interval = point.interval {
        let place = Self.number(horizontal)
        let (lower, upper) = (Self.number(down(interval.lowerBound)), Self.number(down(interval.upperBound)))
        text += "<line class=\"bar\" x1=\"\(place)\" y1=\"\(lower)\" x2=\"\(place)\" y2=\"\(upper)\"/>"
      }
      guard series.hasMarks else { continue }
      let note = [
        series.name, point.note, "\(x.title): \(ChartAxis.text(point.x, digits: 4))",
        "\(y.title): \(self.text(point))",
      ]
      .filter { !$0.isEmpty }.joined(separator: "\n")
      text +=
        "<g class=\"point\" tabindex=\"0\" role=\"img\" aria-label=\"\(Markup.escaped(note))\">"
        + Self.mark(index, horizontal, vertical) + "<title>\(Markup.escaped(note))</title></g>"
    }
    return text
  }

  private func text(_ point: Point) -> String {
    let value = ChartAxis.text(point.y, digits: 4)
    guard let interval = point.interval else { return value }
    return
      "\(value) (\(ChartAxis.text(interval.lowerBound, digits: 4)) to \(ChartAxis.text(interval.upperBound, digits: 4)))"
  }

  private func path(_ series: Series) -> String {
    guard series.line != .none, series.points.count > 1 else { return "" }
    var commands: [String] = []
    for point in series.points {
      let (horizontal, vertical) = (Self.number(across(point.x)), Self.number(down(point.y)))
      switch series.line {
      case _ where commands.isEmpty: commands.append("M\(horizontal) \(vertical)")
      case .steps: commands.append("H\(horizontal)V\(vertical)")
      case .straight, .none: commands.append("L\(horizontal) \(vertical)")
      }
    }
    return "<path class=\"line\" d=\"\(commands.joined())\"/>"
  }

  /// A mark around a place: its shape goes on where colours begin again.
  private static func mark(_ index: Int, _ x: Double, _ y: Double) -> String {
    func corners(_ places: [(Double, Double)]) -> String {
      let text = places.map { "\(number(x + $0.0)),\(number(y + $0.1))" }.joined(separator: " ")
      return "<polygon points=\"\(text)\"/>"
    }
    switch index / colourCount % 4 {
    case 0: return "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"4\"/>"
    case 1: return corners([(-4, -4), (4, -4), (4, 4), (-4, 4)])
    case 2: return corners([(0, -5), (5, 4), (-5, 4)])
    default: return corners([(0, -5), (5, 0), (0, 5), (-5, 0)])
    }
  }
}
