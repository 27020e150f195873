import Foundation

/// Runs as a command line names them: `FILE`, or `FILE#ROW` of a file with several rows; groups are joined by commas.
public struct RunSelection: Sendable {
  /// The text.
  public let text: String
  /// File and row of each part.
  private let parts: [(file: String, row: String?)]

  /// Reads the text.
  public init(_ text: String) {
    self.text = text
    parts = text.split(separator: ",").map { part in
      let halves = part.split(separator: "#", maxSplits: 1).map(String.init)
      return (halves.first ?? "", halves.count > 1 ? halves[1] : nil)
    }
  }

  /// All runs of the files that are named, whole files where no row is.
  ///
  /// `read`: what a file holds.
  public func allRuns(_ read: (String) throws -> [ItemScores]) throws -> [ItemScores] {
    try parts.flatMap { part in
      let runs = try read(part.file)
      guard let row = part.row else { return runs }
      return [try Self.run(row, of: runs, file: part.file)]
    }
  }

  /// The runs, one for each part.
  ///
  /// Throws ``RunSelectionError`` when a file has several rows and none is named, or the row that is named is not there.
  public func runs(_ read: (String) throws -> [ItemScores]) throws -> [ItemScores] {
    try parts.map { part in
      let runs = try read(part.file)
      if let row = part.row { return try Self.run(row, of: runs, file: part.file) }
      guard runs.count == 1 else {
        throw RunSelectionError.severalRows(file: part.file, rows: runs.map(\.name))
      }
      return runs[0]
    }
  }

  /// The row of a name, or of a number from 1 on.
  private static func run(_ row: String, of runs: [ItemScores], file: String) throws -> ItemScores {
    let named = runs.filter { $0.name == row }
    if let run = named.first, named.count == 1 { return run }
    if named.isEmpty, let number = Int(row), runs.indices.contains(number - 1) { return runs[number - 1] }
    throw RunSelectionError.noRow(file: file, row: row, rows: runs.map(\.name))
  }
}

/// Why a run is not found.
public enum RunSelectionError: Error, Sendable, Hashable, CustomStringConvertible {
  case severalRows(file: String, rows: [String])
  case noRow(file: String, row: String, rows: [String])

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .severalRows(let file, let rows):
      "'\(file)' has \(rows.count) rows; name one as \(file)#ROW, by name or number: \(Self.list(rows))"
    case .noRow(let file, let row, let rows):
      "'\(file)' has no row '\(row)', or more than one; it has \(Self.list(rows))"
    }
  }

  private static func list(_ rows: [String]) -> String {
    let shown = rows.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
    return rows.count > 20 ? "\(shown) and \(rows.count - 20) more" : shown
  }
}
