import Foundation
import Synchronization

/// What must not stay behind when the process is interrupted: files under temporary names, folders made for results that
/// did not come, programs that were started.
///
/// There is one for the process, as a signal is for the process; everything in it is taken out again by who put it in.
package final class Leftovers: Sendable {
  package static let ofProcess = Leftovers()

  private struct State {
    var paths: Set<String> = []
    var folders: [String] = []
    var programs: [Int: @Sendable () -> Void] = [:]
    var nextProgram = 0
  }

  private let state = Mutex(State())

  /// Creates an empty collection.
  package init() {}

  /// Notes a file, or a folder with all in it, before it is made.
  package func add(path: String) { state.withLock { _ = $0.paths.insert(path) } }

  /// Forgets a path that is gone or has its final name.
  package func remove(path: String) { state.withLock { _ = $0.paths.remove(path) } }

  /// Notes a folder that goes away if nothing is in it.
  package func add(folder: String) { state.withLock { $0.folders.append(folder) } }

  /// Forgets a folder.
  package func remove(folder: String) { state.withLock { $0.folders.removeAll { $0 == folder } } }

  /// Notes a program that runs; `stop` ends it.
  package func add(program stop: @escaping @Sendable () -> Void) -> Int {
    state.withLock { state in
      state.nextProgram += 1
      state.programs[state.nextProgram] = stop
      return state.nextProgram
    }
  }

  /// Forgets a program that has ended.
  package func remove(program: Int) { state.withLock { $0.programs[program] = nil } }

  /// Takes everything away, then calls `end`, before anything new can be noted.
  package func clear(then end: () -> Void = {}) {
    state.withLock { state in
      for stop in state.programs.values { stop() }
      for path in state.paths { try? FileManager.default.removeItem(atPath: path) }
      // The innermost last made goes first; one that holds something stays.
      for folder in state.folders.reversed() { rmdir(folder) }
      state = State()
      end()
    }
  }
}
