/// The page as Markdown, with its pictures as files beside it.
extension Report {
  /// The text, and the pictures that it shows: their names and what is in them.
  ///
  /// `name`: what the names of pictures begin with.
  public func markdown(named name: String) -> (text: String, pictures: [(name: String, svg: String)]) {
    var pictures: [(name: String, svg: String)] = []
    func picture(_ svg: String, _ title: String) -> String {
      pictures.append(("\(name)-\(pictures.count + 1).svg", svg))
      return "![\(Markup.markdown(title))](\(name)-\(pictures.count).svg)"
    }
    var parts = ["# \(Markup.markdown(title))", Markup.markdown(lead)]
    for section in sections {
      parts.append("## \(Markup.markdown(section.title))")
      for block in section.blocks {
        switch block {
        case .text(let text): parts.append(Markup.markdown(text))
        case .list(let items): parts.append(items.map { "- \(Markup.markdown($0))" }.joined(separator: "\n"))
        case .table(let table): parts.append(Self.markdown(table))
        case .chart(let chart):
          parts.append(picture(chart.svg(isAlone: true), chart.title))
          parts.append("<details><summary>Data</summary>\n\n\(Self.markdown(chart.table))\n\n</details>")
        case .bars(let bars):
          parts.append(picture(bars.svg(isAlone: true), bars.title))
          parts.append("<details><summary>Data</summary>\n\n\(Self.markdown(bars.table))\n\n</details>")
        case .numberLines(let lines):
          parts.append(picture(NumberLines.svg(lines, isAlone: true), "Values of formats"))
        }
      }
    }
    return (parts.joined(separator: "\n\n") + "\n", pictures)
  }

  private static func markdown(_ table: Table) -> String {
    func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }
    let heads = line(table.columns.map { Markup.markdown($0.title) })
    let rule = line(table.columns.map { $0.isNumber ? "---:" : "---" })
    let rows = table.rows.map { row in line(row.map { Markup.markdown($0.text) }) }
    return (["\(Markup.markdown(table.caption)):\n", heads, rule] + rows).joined(separator: "\n")
  }
}
