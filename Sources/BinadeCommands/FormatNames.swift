import Binade

/// The other names of formats, and those that stand for more than one.
struct FormatNames {
  private let rows: [(names: [String], meaning: String)]

  init(_ catalog: FormatCatalog) {
    let single = catalog.allNames.map { (catalog.aliases(of: $0), $0) }.filter { !$0.0.isEmpty }
    // Names of the same choice share a line.
    var choices: [(names: [String], meanings: [String])] = []
    for alias in catalog.ambiguousNames {
      if let index = choices.firstIndex(where: { $0.meanings == alias.meanings }) {
        choices[index].names.append(alias.name)
      } else {
        choices.append(([alias.name], alias.meanings))
      }
    }
    rows =
      single.map { ($0.0, $0.1) }
      + choices.map { ($0.names, "refused; say " + $0.meanings.joined(separator: " or ")) }
  }

  /// A table: what is also understood, and what it stands for.
  var text: String {
    var table = TextTable(columns: [.init("also called", .left), .init("format", .left)])
    for row in rows { table.append([row.names.joined(separator: ", "), row.meaning]) }
    return table.text
  }
}
