import GRDB

extension ResultStore {
  /// Takes over all runs and studies of another store: what is here already stays, so merging again changes nothing.
  ///
  /// Returns how many runs were new.
  @discardableResult
  public func merge(_ other: ResultStore) throws(StoreError) -> Int {
    let tables = ["metric", "layerMetric", "epoch", "document", "outcome", "provenance"]
    do {
      return try database.writeWithoutTransaction { db in
        try db.execute(sql: "ATTACH DATABASE ? AS other", arguments: [other.path])
        defer { try? db.execute(sql: "DETACH DATABASE other") }
        var count = 0
        try db.inTransaction(.immediate) {
          let before = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM run") ?? 0
          try db.execute(sql: "INSERT OR IGNORE INTO study SELECT * FROM other.study")
          try db.execute(sql: "INSERT OR IGNORE INTO run SELECT * FROM other.run")
          for table in tables {
            try db.execute(sql: "INSERT OR IGNORE INTO \(table) SELECT * FROM other.\(table)")
          }
          try db.execute(
            sql: """
              INSERT INTO point SELECT * FROM other.point WHERE TRUE
              ON CONFLICT (study, position) DO UPDATE SET run = coalesce(point.run, excluded.run)
              """
          )
          try db.execute(sql: "DELETE FROM claim WHERE run IN (SELECT key FROM run)")
          count = (try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM run") ?? 0) - before
          return .commit
        }
        return count
      }
    } catch {
      throw StoreError(error, path: path)
    }
  }
}
