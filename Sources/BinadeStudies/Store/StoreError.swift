import GRDB

/// Why a result store cannot be used.
public enum StoreError: Error, Sendable, Hashable, CustomStringConvertible {
  case missing(path: String)
  case folder(path: String)
  case cannotOpen(path: String, reason: String)
  case notAStore(path: String)
  case newer(path: String)
  case corrupt(path: String, reason: String)
  case full(path: String)
  case readOnly(path: String)
  case busy(path: String)
  case failed(path: String, reason: String)
  case noRun(path: String, key: String)
  case severalRuns(key: String, count: Int)
  case noStudy(path: String, name: String, known: [String])
  case otherStudy(name: String, change: String)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .folder(let path): "'\(path)' is a folder; name a file for the store, such as \(path)/results.sqlite"
    case .missing(let path): "there is no store '\(path)'; 'binade study run' makes one"
    case .cannotOpen(let path, let reason): "the store '\(path)' cannot be opened: \(reason)"
    case .notAStore(let path): "'\(path)' is no store of Binade; 'binade study run' makes one"
    case .newer(let path): "the store '\(path)' was written by a newer Binade; use that one"
    case .corrupt(let path, let reason):
      "the store '\(path)' is damaged (\(reason)); keep a copy, then: sqlite3 '\(path)' .recover | sqlite3 recovered.sqlite"
    case .full(let path):
      "the disk is full: nothing was added to the store '\(path)'; make room and run the command again"
    case .readOnly(let path): "the store '\(path)' cannot be written; check who owns the file and its folder"
    case .busy(let path): "another process holds the store '\(path)' for longer than a minute"
    case .failed(let path, let reason): "the store '\(path)' failed: \(reason)"
    case .noRun(let path, let key): "'\(path)' has no run whose key begins with '\(key)'"
    case .severalRuns(let key, let count):
      "\(count) runs have keys that begin with '\(key)'; give more digits"
    case .noStudy(let path, let name, let known):
      "'\(path)' has no study '\(name)'; it has " + (known.isEmpty ? "none" : known.joined(separator: ", "))
    case .otherStudy(let name, let change):
      "the study '\(name)' in this store was another: \(change); name it anew, or run it with --changed"
    }
  }

  init(_ error: any Error, path: String) {
    guard let error = error as? DatabaseError else {
      self = error as? StoreError ?? .failed(path: path, reason: "\(error)")
      return
    }
    self =
      switch error.resultCode {
      case .SQLITE_CORRUPT: .corrupt(path: path, reason: error.message ?? "its pages contradict each other")
      case .SQLITE_NOTADB: .corrupt(path: path, reason: "it is no SQLite database")
      case .SQLITE_FULL: .full(path: path)
      case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: .readOnly(path: path)
      case .SQLITE_CANTOPEN: .cannotOpen(path: path, reason: "no file can be read or made there")
      case .SQLITE_BUSY, .SQLITE_LOCKED: .busy(path: path)
      default: .failed(path: path, reason: error.message ?? "\(error.resultCode)")
      }
  }
}
