import GRDB

/// The tables of a result store, version by version.
///
/// Documentation/studies.md says what they hold.
enum StoreSchema {
  /// What `PRAGMA application_id` of a store is: "Bnde".
  static let applicationID = 0x426E_6465

  /// Marks a file without tables as a store; called within a transaction for writing.
  ///
  /// The migrator makes a table of its own before the first migration, so the mark comes before it: another process may
  /// look between the two. Stores that were marked later may have been left with that table alone.
  static func markEmptyFile(_ db: Database) throws {
    guard
      try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master WHERE tbl_name <> 'grdb_migrations'")
        == 0,
      try Int.fetchOne(db, sql: "PRAGMA application_id") == 0
    else { return }
    try db.execute(sql: "PRAGMA application_id = \(applicationID)")
  }

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      let columns = StoredRun.evaluationColumns.map { "\"\($0.name)\" \($0.type)" }.joined(separator: ", ")
      try db.execute(
        sql: """
          CREATE TABLE study (name TEXT PRIMARY KEY, text TEXT NOT NULL);
          CREATE TABLE point (
            study TEXT NOT NULL REFERENCES study(name), position INTEGER NOT NULL, label TEXT NOT NULL, run TEXT,
            PRIMARY KEY (study, position)
          ) WITHOUT ROWID;
          CREATE TABLE run (key TEXT PRIMARY KEY, label TEXT NOT NULL, identity TEXT NOT NULL, failure TEXT);
          CREATE TABLE metric (run TEXT PRIMARY KEY REFERENCES run(key), \(columns)) WITHOUT ROWID;
          CREATE TABLE layerMetric (
            run TEXT NOT NULL REFERENCES run(key), position INTEGER NOT NULL, layer TEXT NOT NULL, datapath TEXT NOT NULL,
            kernel TEXT NOT NULL, multiplyAccumulateCount INTEGER NOT NULL, weightSignalToNoise REAL,
            activationSignalToNoise REAL, weightMeanSquaredError REAL, activationMeanSquaredError REAL,
            PRIMARY KEY (run, position)
          ) WITHOUT ROWID;
          CREATE TABLE outcome (
            run TEXT NOT NULL REFERENCES run(key), data TEXT NOT NULL, itemCount INTEGER NOT NULL, bits BLOB NOT NULL,
            PRIMARY KEY (run, data)
          ) WITHOUT ROWID;
          CREATE TABLE provenance (
            run TEXT PRIMARY KEY REFERENCES run(key), binadeVersion TEXT NOT NULL, cpuFeatures TEXT NOT NULL,
            threads INTEGER NOT NULL, startedAt TEXT NOT NULL, seconds REAL NOT NULL, host TEXT NOT NULL
          ) WITHOUT ROWID;
          CREATE TABLE claim (
            run TEXT PRIMARY KEY, host TEXT NOT NULL, process INTEGER NOT NULL, processStart TEXT NOT NULL,
            renewedAt REAL NOT NULL
          ) WITHOUT ROWID;
          """
      )
    }
    migrator.registerMigration("2") { db in
      for column in StoredRun.trainingColumns {
        try db.execute(sql: "ALTER TABLE metric ADD COLUMN \"\(column.name)\" \(column.type)")
      }
      try db.execute(
        sql: """
          CREATE TABLE epoch (
            run TEXT NOT NULL REFERENCES run(key), epoch INTEGER NOT NULL, step INTEGER NOT NULL, learningRate REAL NOT NULL,
            loss REAL NOT NULL, trainingAccuracy REAL NOT NULL, accuracy REAL,
            PRIMARY KEY (run, epoch)
          ) WITHOUT ROWID;
          CREATE TABLE document (run TEXT PRIMARY KEY REFERENCES run(key), json TEXT NOT NULL);
          """
      )
    }
    return migrator
  }
}
