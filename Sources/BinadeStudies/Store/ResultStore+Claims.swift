import Foundation
import GRDB

/// Who works on a run: a process of a host.
public struct RunOwner: Sendable, Hashable {
  package let host: String
  package let process: Int
  /// When the process was started, as the system says it: numbers of processes are used again.
  let processStart: String

  package init(host: String, process: Int, processStart: String) {
    (self.host, self.process, self.processStart) = (host, process, processStart)
  }

  /// This process.
  public static let current = RunOwner(
    host: ProcessInfo.processInfo.hostName,
    process: Int(ProcessInfo.processInfo.processIdentifier),
    processStart: start(ofProcess: Int(ProcessInfo.processInfo.processIdentifier)) ?? "unknown"
  )

  /// The host's name.
  public var hostName: String { host }

  /// Whether the process is known to have ended: it ran here, and is there no more.
  func hasEnded(on host: String) -> Bool {
    self.host == host && Self.start(ofProcess: process) != processStart
  }

  /// The 22nd field of /proc/PID/stat, clock ticks after boot; elsewhere, whether the process is there at all.
  private static func start(ofProcess process: Int) -> String? {
    if let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) {
      // The name of the program, in parentheses, may hold spaces.
      guard let end = text.lastIndex(of: ")") else { return nil }
      let fields = text[end...].split(separator: " ")
      return fields.count > 20 ? String(fields[20]) : nil
    }
    return kill(pid_t(process), 0) == 0 ? "unknown" : nil
  }
}

extension ResultStore {
  /// What became of a claim.
  public enum Claim: Sendable, Hashable {
    /// The run is the caller's to do.
    case granted
    /// It is done.
    case done
    /// Another process is at it.
    case busy(host: String, process: Int)
  }

  /// After so many seconds without a renewal a claim of another host is void.
  public static let claimLifetime = 900.0

  /// Claims a run; of any number of processes one gets it, until it has ended or has not renewed its claim for long.
  public func claim(_ key: RunKey, for owner: RunOwner = .current, now: Date = Date()) throws(StoreError)
    -> Claim
  {
    try write { db in
      if try Bool.fetchOne(db, sql: "SELECT 1 FROM run WHERE key = ?", arguments: [key.digits]) != nil {
        return .done
      }
      let row = try Row.fetchOne(
        db,
        sql: "SELECT host, process, processStart, renewedAt FROM claim WHERE run = ?",
        arguments: [key.digits]
      )
      if let row {
        let other = RunOwner(host: row[0], process: row[1], processStart: row[2])
        let isStale =
          other.hasEnded(on: owner.host)
          || (other.host != owner.host && now.timeIntervalSince1970 - row[3] > Self.claimLifetime)
        guard other == owner || isStale else { return .busy(host: other.host, process: other.process) }
      }
      try db.execute(
        sql: "INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?, ?)",
        arguments: [key.digits, owner.host, owner.process, owner.processStart, now.timeIntervalSince1970]
      )
      return .granted
    }
  }

  /// Renews the claim to a run that takes long.
  public func renew(_ key: RunKey, for owner: RunOwner = .current, now: Date = Date()) throws(StoreError) {
    try write {
      try $0.execute(
        sql: "UPDATE claim SET renewedAt = ? WHERE run = ? AND host = ? AND process = ?",
        arguments: [now.timeIntervalSince1970, key.digits, owner.host, owner.process]
      )
    }
  }

  /// Gives up a claim without a result.
  public func release(_ key: RunKey) throws(StoreError) {
    try write { try $0.execute(sql: "DELETE FROM claim WHERE run = ?", arguments: [key.digits]) }
  }
}
