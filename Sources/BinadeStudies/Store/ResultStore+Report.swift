import GRDB

extension ResultStore {
  /// All that is known about a run, as text.
  public struct RunReport: Sendable {
    /// Names and values: the run, what determines it, its figures, where it was made.
    public let facts: [(name: String, value: String)]
    /// A row for each layer.
    public let layers: (columns: [String], rows: [[String]])

  }

  /// What is known about the run of a key.
  public func report(of key: String) throws(StoreError) -> RunReport {
    try read { db in
      var facts: [(name: String, value: String)] = []
      func add(_ row: Row?, leaving: Set<String> = []) {
        for (name, value) in row ?? Row() where !value.isNull && !leaving.contains(name) {
          facts.append((name, Self.text(value)))
        }
      }
      let run = try Row.fetchOne(db, sql: "SELECT * FROM run WHERE key = ?", arguments: [key])
      add(run, leaving: ["identity"])
      for line in (run?["identity"] as String? ?? "").split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
        facts.append((parts[0], parts.count > 1 ? String(parts[1].dropFirst()) : ""))
      }
      add(try Row.fetchOne(db, sql: "SELECT * FROM metric WHERE run = ?", arguments: [key]), leaving: ["run"])
      add(
        try Row.fetchOne(db, sql: "SELECT * FROM provenance WHERE run = ?", arguments: [key]),
        leaving: ["run"]
      )
      let layers = try Row.fetchAll(
        db,
        sql: """
          SELECT layer, datapath, kernel, multiplyAccumulateCount AS MACs, round(weightSignalToNoise, 1) AS "SQNR w dB",
          round(activationSignalToNoise, 1) AS "SQNR a dB" FROM layerMetric WHERE run = ? ORDER BY position
          """,
        arguments: [key]
      )
      return RunReport(
        facts: facts,
        layers: (
          columns: ["layer", "datapath", "kernel", "MACs", "SQNR w dB", "SQNR a dB"],
          rows: layers.map { row in row.map { $0.1.isNull ? "-" : Self.text($0.1) } }
        )
      )
    }
  }

  private static func text(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .null: ""
    case .int64(let number): "\(number)"
    case .double(let number): "\(number)"
    case .string(let text): text
    case .blob(let data): "\(data.count) bytes"
    }
  }
}
