import BinadeNetworks
import Foundation
import GRDB

/// Results of runs in an SQLite file: each once, by its key, whole or not at all.
///
/// Any number of processes of a machine may read and write it at the same time.
public final class ResultStore: Sendable {
  /// What a store is opened for.
  public enum Access: Sendable {
    case reading, writing
  }

  /// The file.
  public let path: String
  package let database: DatabasePool
  /// Whether the tables are those of this version.
  private let isCurrent: Bool

  /// Opens a store; for writing, makes it if it is missing.
  ///
  /// Throws ``StoreError``.
  public convenience init(_ path: String, for access: Access) throws(StoreError) {
    try self.init(path, for: access, greatestPageCount: nil)
    guard !isCurrent else { return }
    // Tables of an older version are brought up to this one, once.
    _ = try ResultStore(path, for: .writing, greatestPageCount: nil)
  }

  /// Where the networks that points train are: a folder for each, beside the store.
  public var trainingFolder: URL { URL(filePath: path + ".training", directoryHint: .isDirectory) }

  /// The same; `greatestPageCount`: the greatest size in pages of 4,096 bytes, for tests of full disks.
  package init(_ path: String, for access: Access, greatestPageCount: Int?) throws(StoreError) {
    self.path = path
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if isFolder.boolValue { throw .folder(path: path) }
    if access == .reading, !exists { throw .missing(path: path) }
    if access == .writing, exists, !FileManager.default.isWritableFile(atPath: path) {
      throw .readOnly(path: path)
    }
    var configuration = Configuration()
    configuration.busyMode = .timeout(60)
    configuration.readonly = access == .reading
    configuration.prepareDatabase { db in
      guard !db.configuration.readonly else { return }
      // Claims and the like may be lost with the machine; results ask for more, see add.
      try db.execute(sql: "PRAGMA synchronous = NORMAL")
      if let greatestPageCount { try db.execute(sql: "PRAGMA max_page_count = \(greatestPageCount)") }
    }
    do {
      database = try DatabasePool(path: path, configuration: configuration)
      let migrator = StoreSchema.migrator
      if access == .writing { try database.write(StoreSchema.markEmptyFile) }
      let (isOurs, isNewer) = try database.read { db in
        (
          try Int.fetchOne(db, sql: "PRAGMA application_id") == StoreSchema.applicationID,
          try migrator.hasBeenSuperseded(db)
        )
      }
      guard isOurs else { throw StoreError.notAStore(path: path) }
      guard !isNewer else { throw StoreError.newer(path: path) }
      if access == .writing { try migrator.migrate(database) }
      isCurrent = try access == .writing || database.read { try migrator.hasCompletedMigrations($0) }
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// Reads all pages and looks for contradictions.
  ///
  /// Throws ``StoreError/corrupt(path:reason:)``.
  public func check() throws(StoreError) {
    let found = try read { try String.fetchAll($0, sql: "PRAGMA quick_check(1)") }
    if let fault = found.first, fault != "ok" { throw .corrupt(path: path, reason: fault) }
  }

  func read<Result>(_ body: (Database) throws -> Result) throws(StoreError) -> Result {
    do {
      return try database.read(body)
    } catch {
      throw StoreError(error, path: path)
    }
  }

  func write<Result>(_ body: (Database) throws -> Result) throws(StoreError) -> Result {
    do {
      return try database.write(body)
    } catch {
      throw StoreError(error, path: path)
    }
  }

  // MARK: Runs

  /// Adds a run and gives up the claim to it, both or none; when it returns, they are on the disk.
  ///
  /// A run that is there already stays as it is.
  public func add(_ run: StoredRun) throws(StoreError) {
    do {
      try database.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA synchronous = FULL")
        defer { try? db.execute(sql: "PRAGMA synchronous = NORMAL") }
        try db.inTransaction(.immediate) {
          try Self.insert(run, into: db)
          try db.execute(sql: "DELETE FROM claim WHERE run = ?", arguments: [run.key.digits])
          return .commit
        }
      }
    } catch {
      throw StoreError(error, path: path)
    }
  }

  private static func insert(_ run: StoredRun, into db: Database) throws {
    let key = run.key.digits
    try db.execute(
      sql: "INSERT OR IGNORE INTO run (key, label, identity, failure) VALUES (?, ?, ?, ?)",
      arguments: [key, run.label, run.key.identity, run.failure]
    )
    guard db.changesCount > 0 else { return }
    let provenance = run.provenance
    try db.execute(
      sql: "INSERT INTO provenance VALUES (?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        key, provenance.binadeVersion, provenance.cpuFeatures, provenance.threads, provenance.startedAt,
        provenance.seconds, provenance.host,
      ]
    )
    guard run.failure == nil else { return }
    let names = StoredRun.columns.map(\.name)
    let values: [(any DatabaseValueConvertible)?] = [key] + names.map { run.values[$0]?.inDatabase }
    try db.execute(
      sql: "INSERT INTO metric (run, \(names.map { "\"\($0)\"" }.joined(separator: ", "))) VALUES ("
        + Array(repeating: "?", count: values.count).joined(separator: ", ") + ")",
      arguments: StatementArguments(values)
    )
    for (position, layer) in run.layers.enumerated() {
      try db.execute(
        sql: "INSERT INTO layerMetric VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          key, position, layer.name, layer.datapath, layer.kernel, layer.multiplyAccumulateCount,
          layer.weightSignalToNoise, layer.activationSignalToNoise, layer.weightMeanSquaredError,
          layer.activationMeanSquaredError,
        ]
      )
    }
    for epoch in run.epochs {
      try db.execute(
        sql: "INSERT INTO epoch VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          key, epoch.epoch, epoch.step, epoch.learningRate, epoch.loss, epoch.trainingAccuracy,
          epoch.accuracy,
        ]
      )
    }
    if let document = run.document {
      try db.execute(sql: "INSERT INTO document VALUES (?, ?)", arguments: [key, document])
    }
    for (data, outcomes) in run.outcomes {
      try db.execute(
        sql: "INSERT INTO outcome VALUES (?, ?, ?, ?)",
        arguments: [key, data, outcomes.isRight.count, OutcomeBits.data(outcomes)]
      )
    }
  }

  /// The keys of the runs that are done, failed ones included.
  public func doneKeys() throws(StoreError) -> Set<String> {
    try read { try String.fetchSet($0, sql: "SELECT key FROM run") }
  }

  /// The key that begins with some digits.
  public func key(beginningWith digits: String) throws(StoreError) -> String {
    let keys = try read { db in
      try String.fetchAll(
        db,
        sql: "SELECT key FROM run WHERE substr(key, 1, ?) = ? LIMIT 3",
        arguments: [digits.count, digits]
      )
    }
    guard let key = keys.first, !digits.isEmpty else { throw .noRun(path: path, key: digits) }
    guard keys.count == 1 else { throw .severalRuns(key: digits, count: keys.count) }
    return key
  }

  /// Which images a run got right, by the name of the data.
  public func outcomes(of key: String) throws(StoreError) -> [(data: String, outcomes: Top1Outcomes)] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: "SELECT data, itemCount, bits FROM outcome WHERE run = ? ORDER BY data",
        arguments: [key]
      ).map { ($0[0], OutcomeBits.outcomes($0[2], count: $0[1])) }
    }
  }
}

/// Outcomes as bits: eight images a byte, the first one the highest bit.
package enum OutcomeBits {
  package static func data(_ outcomes: Top1Outcomes) -> Data {
    var bytes = [UInt8](repeating: 0, count: (outcomes.isRight.count + 7) / 8)
    for (index, isRight) in outcomes.isRight.enumerated() where isRight {
      bytes[index / 8] |= 0x80 >> (index % 8)
    }
    return Data(bytes)
  }

  /// As many as `count` says; images that the bits do not reach were not right.
  package static func outcomes(_ data: Data, count: Int) -> Top1Outcomes {
    let bytes = [UInt8](data)
    return Top1Outcomes(
      (0..<max(0, min(count, 8 * bytes.count))).map { bytes[$0 / 8] & 0x80 >> ($0 % 8) != 0 }
    )
  }
}

extension StoredRun.Value {
  var inDatabase: (any DatabaseValueConvertible)? {
    switch self {
    case .text(let text): text
    case .integer(let number): number
    case .real(let number): number
    case .none: nil
    }
  }
}
