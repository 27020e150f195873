import Binade
import Foundation

/// The checkpoints of a run in its folder: the last, and the one before it.
struct CheckpointFolder {
  /// The last.
  let current: URL
  private let previous: URL
  private let folder: URL

  init(_ folder: URL) {
    self.folder = folder
    current = folder.appending(path: "checkpoint.safetensors")
    previous = folder.appending(path: "checkpoint-before.safetensors")
  }

  var hasCheckpoint: Bool { FileManager.default.fileExists(atPath: current.path) }

  /// Removes what a run that was killed left half-written.
  func removeLeftovers() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names where name.hasPrefix(".") && name.contains(".safetensors.partial-") {
      try? FileManager.default.removeItem(at: folder.appending(path: name))
    }
  }

  /// Replaces the last checkpoint, whole or not at all; it stays as the one before.
  func write(_ checkpoint: Checkpoint) throws {
    if hasCheckpoint {
      // A link, not a move: at every moment there is a checkpoint under the current name.
      let aside = folder.appending(path: ".checkpoint-before.safetensors.partial-link")
      unlink(aside.path)
      if link(current.path, aside.path) == 0 { _ = rename(aside.path, previous.path) }
    }
    try checkpoint.write(to: current)
  }

  func read(for graph: NetworkGraph) throws -> Checkpoint {
    do { return try Checkpoint(contentsOf: current, for: graph) } catch let error as NetworkError {
      guard FileManager.default.fileExists(atPath: previous.path) else { throw error }
      throw TrainingRunError.damagedCheckpoint(reason: "\(error)", previous: previous.relativePath)
    }
  }
}
