import Foundation

extension Report {
  /// The page as one file of HTML, which needs nothing else.
  public var html: String {
    let contents = sections.enumerated().map { index, section in
      "<li><a href=\"#s\(index)\">\(Markup.escaped(section.title))</a></li>"
    }
    let body = sections.enumerated().map { index, section in
      "<section id=\"s\(index)\"><h2>\(Markup.escaped(section.title))</h2>"
        + Self.html(section.blocks) + "</section>"
    }
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(Markup.escaped(title))</title>
      <style>\(ReportStyle.page)
      \(ReportStyle.chart)</style></head>
      <body><header><h1>\(Markup.escaped(title))</h1><p class="lead">\(Markup.escaped(lead))</p></header>
      <nav aria-label="Contents"><ul>\(contents.joined())</ul></nav>
      <main>\(body.joined(separator: "\n"))</main>
      <div id="note" role="status" hidden></div>
      <script>\(ReportStyle.program)</script></body></html>

      """
  }

  /// Charts that follow each other stand side by side where there is room.
  private static func html(_ blocks: [Block]) -> String {
    var (text, isInGrid) = ("", false)
    for block in blocks {
      let isChart = if case .chart = block { true } else { false }
      if isChart != isInGrid { text += isChart ? "<div class=\"charts\">" : "</div>" }
      isInGrid = isChart
      text += html(block) + "\n"
    }
    return text + (isInGrid ? "</div>" : "")
  }

  private static func html(_ block: Block) -> String {
    switch block {
    case .text(let text): return "<p>\(Markup.escaped(text))</p>"
    case .list(let items): return "<ul>\(items.map { "<li>\(Markup.escaped($0))</li>" }.joined())</ul>"
    case .table(let table): return html(table)
    case .chart(let chart):
      return
        "<figure><figcaption>\(Markup.escaped(chart.title))</figcaption>\(chart.svg(isAlone: false))\(chart.legend)"
        + "<details><summary>Data</summary>\(html(chart.table))</details></figure>"
    case .bars(let bars):
      return
        "<figure><figcaption>\(Markup.escaped(bars.title))</figcaption>\(bars.svg(isAlone: false))"
        + "<details><summary>Data</summary>\(html(bars.table))</details></figure>"
    case .numberLines(let lines):
      return "<figure>\(NumberLines.svg(lines, isAlone: false))</figure>"
    }
  }

  private static func html(_ table: Table) -> String {
    let heads = table.columns.map {
      "<th scope=\"col\"\($0.isNumber ? " class=\"n\"" : "")><button type=\"button\">\(Markup.escaped($0.title))</button></th>"
    }
    let rows = table.rows.map { row in
      "<tr>" + zip(row, table.columns).map { cell($0, isNumber: $1.isNumber) }.joined() + "</tr>"
    }
    let caption = Markup.escaped(table.caption)
    return """
      <p class="caption">\(caption)</p><div class="scroll" tabindex="0" role="region" aria-label="\(caption)"><table>\
      <thead><tr>\(heads.joined())</tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
      """
  }

  private static func cell(_ cell: Table.Cell, isNumber: Bool) -> String {
    let classes = (isNumber ? ["n"] : []) + (cell.shade == nil ? [] : ["s"])
    var attributes = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
    if let value = cell.value, value.isFinite { attributes += " data-v=\"\(value)\"" }
    if let shade = cell.shade {
      attributes += " style=\"--v:\(String(format: "%.2f", min(max(shade, 0), 1)))\""
    }
    return "<td\(attributes)>\(Markup.escaped(cell.text))</td>"
  }
}
