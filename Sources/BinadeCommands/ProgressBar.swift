import Foundation
import Synchronization

/// A bar on the error stream of a terminal, drawn once work has taken two seconds.
final class ProgressBar: Sendable {
  private struct State {
    var done = 0
    var label: String
    var lastDrawn: ContinuousClock.Instant
    var isVisible = false
  }

  private let total: Int
  private let isEnabled: Bool
  private let start = ContinuousClock.now
  private let state: Mutex<State>

  /// Creates a bar for `total` units of work; nothing is drawn when nobody watches.
  init(total: Int, label: String = "") {
    self.total = max(total, 1)
    isEnabled = CommandContext.current.console.isInteractive
    state = Mutex(State(label: label, lastDrawn: start))
  }

  /// What is being worked on.
  func setLabel(_ label: String) {
    state.withLock { $0.label = label }
  }

  /// Counts `units` more as done; callable from any thread.
  func advance(_ units: Int) {
    guard isEnabled else { return }
    let now = ContinuousClock.now
    state.withLock { state in
      state.done += units
      guard now - start > .seconds(2), now - state.lastDrawn > .milliseconds(100) else { return }
      state.lastDrawn = now
      state.isVisible = true
      draw(state, elapsed: now - start)
    }
  }

  /// Removes the bar.
  func finish() {
    state.withLock { state in
      guard state.isVisible else { return }
      FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
      state.isVisible = false
    }
  }

  private func draw(_ state: State, elapsed: Duration) {
    let fraction = min(1, Double(state.done) / Double(total))
    let width = 30
    let filled = Int(fraction * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let seconds = Double(elapsed.components.seconds)
    let left = fraction > 0 ? Int(seconds / fraction - seconds) : 0
    let text = "\r\u{1B}[K\(bar) \(Int(fraction * 100)) %  \(left) s left  \(state.label)"
    FileHandle.standardError.write(Data(text.utf8))
  }
}
