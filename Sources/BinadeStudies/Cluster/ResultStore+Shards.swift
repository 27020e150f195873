import Foundation
import GRDB

extension ResultStore {
  /// A study that is run in shards, as far as the shards' stores and Slurm say.
  public struct ShardStates: Sendable, Hashable, Codable {
    /// Shards that have a store: those that have begun.
    public let begunCount: Int
    /// Runs that their stores have and this one not yet.
    public let doneCount: Int
    /// How many jobs are in which state; nil where Slurm does not answer.
    public let slurm: [String: Int]?

    /// In words.
    public var sentence: String {
      let jobs = slurm.map { states in
        states.isEmpty
          ? "Slurm has no jobs of it"
          : "Slurm: "
            + states.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key.lowercased())" }.joined(
              separator: ", "
            )
      }
      return "\(begunCount) shards have begun, \(doneCount) runs are done there and not collected yet; "
        + (jobs ?? "Slurm does not answer")
    }
  }

  /// Takes over what the stores of a study's shards have, and tells tasks that will begin what is known.
  ///
  /// Returns the points that have no result then.
  public func collect(_ study: StudyFile) throws -> [Int] {
    let folder = SlurmArray.folder(ofStudy: study.name, store: path)
    for url in SlurmArray.shardStores(in: folder) {
      try merge(ResultStore(url.path(percentEncoded: false), for: .reading))
    }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try doneKeys().sorted().joined(separator: "\n").write(
        to: SlurmArray.knownFile(in: folder),
        atomically: true,
        encoding: .utf8
      )
    } catch let error as StoreError { throw error } catch {
      throw SlurmError.folder(path: folder.path(percentEncoded: false), reason: "\(error)")
    }
    return try read { db in
      try Int.fetchAll(
        db,
        sql: """
          SELECT position FROM point LEFT JOIN run ON run.key = point.run WHERE study = ? AND run.key IS NULL
          ORDER BY position
          """,
        arguments: [study.name]
      )
    }
  }

  /// Voids all claims: for a store that nobody else works on.
  public func releaseAll() throws(StoreError) { try write { try $0.execute(sql: "DELETE FROM claim") } }

  /// How far the shards of a study are; nil for one that has none.
  public func shardStates(ofStudy name: String) throws(StoreError) -> ShardStates? {
    let stores = SlurmArray.shardStores(in: SlurmArray.folder(ofStudy: name, store: path))
    let states = Slurm.states(ofJobsNamed: SlurmArray.jobName(ofStudy: name))
    guard !stores.isEmpty || states?.isEmpty == false else { return nil }
    let known = try doneKeys()
    var found: Set<String> = []
    for url in stores {
      found.formUnion(try ResultStore(url.path(percentEncoded: false), for: .reading).doneKeys())
    }
    return ShardStates(begunCount: stores.count, doneCount: found.subtracting(known).count, slurm: states)
  }
}
