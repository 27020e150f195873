import BinadeNetworks
import Foundation

/// The checkpoints of a run in its folder: the last, and the one before it.
public struct CheckpointFolder: Sendable {
  /// The folder.
  public let url: URL
  /// The last checkpoint.
  public let current: URL
  private let previous: URL

  /// The checkpoints of a folder that is there.
  public init(_ url: URL) {
    self.url = url
    current = url.appending(path: "checkpoint.safetensors")
    previous = url.appending(path: "checkpoint-before.safetensors")
  }

  /// Whether there is one to go on with.
  public var hasCheckpoint: Bool { FileManager.default.fileExists(atPath: current.path) }

  /// Removes what a run that was killed left half-written.
  public func removeLeftovers() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    for name in names where name.hasPrefix(".") && name.contains(".safetensors.partial-") {
      try? FileManager.default.removeItem(at: url.appending(path: name))
    }
  }

  /// Removes the checkpoints of a run that has ended.
  public func removeCheckpoints() {
    for file in [current, previous] { try? FileManager.default.removeItem(at: file) }
  }

  /// Replaces the last checkpoint, whole or not at all; it stays as the one before.
  public func write(_ checkpoint: Checkpoint) throws(NetworkError) {
    if hasCheckpoint {
      // A link, not a move: at every moment there is a checkpoint under the current name.
      let aside = url.appending(path: ".checkpoint-before.safetensors.partial-link")
      unlink(aside.path)
      if link(current.path, aside.path) == 0 { _ = rename(aside.path, previous.path) }
    }
    try checkpoint.write(to: current)
  }

  /// Reads the last checkpoint.
  ///
  /// Throws what ``Checkpoint`` throws, and ``TrainingError/damagedCheckpoint(reason:previous:)`` where the one before could help.
  public func read(for graph: NetworkGraph) throws -> Checkpoint {
    do { return try Checkpoint(contentsOf: current, for: graph) } catch let error as NetworkError {
      guard FileManager.default.fileExists(atPath: previous.path) else { throw error }
      throw TrainingError.damagedCheckpoint(reason: "\(error)", previous: previous.relativePath)
    }
  }
}
