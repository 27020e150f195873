import GRDB

extension ResultStore {
  /// How far a study is.
  public struct StudyStatus: Sendable, Hashable, Codable {
    /// The study's name.
    public let study: String
    /// Runs that it asks for.
    public let pointCount: Int
    /// Runs that are done, failed ones included.
    public let doneCount: Int
    /// Runs that have a reason instead of a result.
    public let failedCount: Int
    /// Runs that processes are at.
    public let runningCount: Int
    /// The most accurate run so far.
    public let bestLabel: String?
    /// Its top-1 accuracy, 0 to 1.
    public let bestAccuracy: Double?
    /// The time of the runs that are done.
    public let seconds: Double
    /// The study's shards on a cluster; nil where it has none.
    public var shards: ShardStates?
  }

  /// Notes the points of a study; their runs are known by key when they are begun.
  ///
  /// `acceptsChange`: whether a study of the same name that was another is replaced; its runs stay.
  ///
  /// Throws ``StoreError/otherStudy(name:change:)`` otherwise.
  public func register(_ study: StudyFile, acceptsChange: Bool) throws(StoreError) {
    let labels = study.points.map(\.label)
    try write { db in
      let known = try String.fetchAll(
        db,
        sql: "SELECT label FROM point WHERE study = ? ORDER BY position",
        arguments: [study.name]
      )
      if !known.isEmpty, known != labels {
        guard acceptsChange else {
          throw StoreError.otherStudy(name: study.name, change: Self.change(known, labels))
        }
        try db.execute(sql: "DELETE FROM point WHERE study = ?", arguments: [study.name])
      }
      try db.execute(sql: "INSERT OR REPLACE INTO study VALUES (?, ?)", arguments: [study.name, study.text])
      guard known != labels else { return }
      for (position, label) in labels.enumerated() {
        try db.execute(
          sql: "INSERT INTO point (study, position, label) VALUES (?, ?, ?)",
          arguments: [study.name, position, label]
        )
      }
    }
  }

  /// The first difference between two lists of points, in words.
  private static func change(_ known: [String], _ wanted: [String]) -> String {
    for (position, (old, new)) in zip(known, wanted).enumerated() where old != new {
      return "point \(position + 1) was '\(old)' and is '\(new)'"
    }
    return "it had \(known.count) points and has \(wanted.count)"
  }

  /// Says which run a point of a study is.
  public func note(run key: RunKey, ofPoint position: Int, study: String) throws(StoreError) {
    try write {
      try $0.execute(
        sql: "UPDATE point SET run = ? WHERE study = ? AND position = ? AND run IS NOT ?",
        arguments: [key.digits, study, position, key.digits]
      )
    }
  }

  /// The names of all studies.
  public func studyNames() throws(StoreError) -> [String] {
    try read { try String.fetchAll($0, sql: "SELECT name FROM study ORDER BY name") }
  }

  /// How far studies are: of one, or of all.
  public func status(of name: String? = nil) throws(StoreError) -> [StudyStatus] {
    let names = try studyNames()
    if let name, !names.contains(name) { throw .noStudy(path: path, name: name, known: names) }
    return try read { db in
      try (name.map { [$0] } ?? names).map { name in
        let counts = try Row.fetchOne(
          db,
          sql: """
            SELECT COUNT(*), COUNT(run.key), COUNT(run.failure), COUNT(claim.run), TOTAL(provenance.seconds) FROM point
            LEFT JOIN run ON run.key = point.run LEFT JOIN claim ON claim.run = point.run
            LEFT JOIN provenance ON provenance.run = point.run WHERE study = ?
            """,
          arguments: [name]
        )
        let best = try Row.fetchOne(
          db,
          sql: """
            SELECT point.label, top1Accuracy FROM point JOIN metric ON metric.run = point.run WHERE study = ?
            ORDER BY top1Accuracy DESC, position LIMIT 1
            """,
          arguments: [name]
        )
        return StudyStatus(
          study: name,
          pointCount: counts?[0] ?? 0,
          doneCount: counts?[1] ?? 0,
          failedCount: counts?[2] ?? 0,
          runningCount: counts?[3] ?? 0,
          bestLabel: best?[0],
          bestAccuracy: best?[1],
          seconds: counts?[4] ?? 0
        )
      }
    }
  }
}
