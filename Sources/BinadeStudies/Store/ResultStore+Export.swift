import Foundation
import GRDB

extension ResultStore {
  /// The file that an export is.
  public enum ExportKind: String, Sendable, CaseIterable {
    case csv, json, jsonl
  }

  /// The columns of an export: of a point of the study, then of the result.
  static var exportColumns: [String] {
    ["study", "position", "point", "run", "failure"] + StoredRun.columns.map(\.name)
  }

  /// Hands over the results of a study, or of all, in the order of their points, as text, piece by piece.
  ///
  /// What is exported depends on the results alone: not on when, where or in which order they were made.
  public func export(_ kind: ExportKind, study: String? = nil, _ write: (String) throws -> Void)
    throws(StoreError)
  {
    let names = try studyNames()
    if let study, !names.contains(study) { throw .noStudy(path: path, name: study, known: names) }
    let columns = Self.exportColumns
    let metrics = StoredRun.columns.map { "metric.\"\($0.name)\"" }.joined(separator: ", ")
    let sql = """
      SELECT point.study, point.position, point.label, run.key, run.failure, \(metrics) FROM point
      JOIN run ON run.key = point.run LEFT JOIN metric ON metric.run = run.key
      WHERE ?1 IS NULL OR point.study = ?1 ORDER BY point.study, point.position
      """
    try read { db in
      if kind == .csv { try write(columns.joined(separator: ",") + "\n") }
      if kind == .json { try write("[") }
      let rows = try Row.fetchCursor(db, sql: sql, arguments: [study])
      var isFirst = true
      var lines = ""
      while let row = try rows.next() {
        switch kind {
        case .csv: lines += columns.indices.map { Self.cell(row, $0) }.joined(separator: ",") + "\n"
        case .json: lines += (isFirst ? "\n" : ",\n") + Self.object(row, columns)
        case .jsonl: lines += Self.object(row, columns) + "\n"
        }
        isFirst = false
        if lines.utf8.count > 1 << 16 {
          try write(lines)
          lines = ""
        }
      }
      try write(lines)
      if kind == .json { try write("\n]\n") }
    }
  }

  private static func cell(_ row: Row, _ column: Int) -> String {
    switch (row[column] as DatabaseValue).storage {
    case .null: ""
    case .int64(let number): "\(number)"
    case .double(let number): "\(number)"
    case .string(let text): quoted(text)
    case .blob: ""
    }
  }

  /// As RFC 4180 has it.
  private static func quoted(_ text: String) -> String {
    guard text.utf8.contains(where: { [UInt8(ascii: ","), UInt8(ascii: "\""), 10, 13].contains($0) }) else {
      return text
    }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  private static func object(_ row: Row, _ columns: [String]) -> String {
    let members = columns.indices.compactMap { column -> String? in
      switch (row[column] as DatabaseValue).storage {
      case .null, .blob: nil
      case .int64(let number): "\"\(columns[column])\": \(number)"
      case .double(let number): "\"\(columns[column])\": " + (number.isFinite ? "\(number)" : "\"\(number)\"")
      case .string(let text): "\"\(columns[column])\": \(json(text))"
      }
    }
    return "{" + members.joined(separator: ", ") + "}"
  }

  private static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
