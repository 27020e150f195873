import Binade
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

  private let total: Int?
  private let isEnabled: Bool
  private let start = ContinuousClock.now
  private let state: Mutex<State>

  /// Creates a bar for `total` units of work, or nil where nobody knows; nothing is drawn when nobody watches.
  init(total: Int?, label: String = "") {
    self.total = total.map { max($0, 1) }
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
      StandardStream.write("\r\u{1B}[K", to: StandardStream.errors)
      state.isVisible = false
    }
  }

  private func draw(_ state: State, elapsed: Duration) {
    let label = state.label.visible()
    guard let total else {
      StandardStream.write("\r\u{1B}[K\(state.done)  \(label)", to: StandardStream.errors)
      return
    }
    let fraction = min(1, Double(state.done) / Double(total))
    let width = 30
    let filled = Int(fraction * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let seconds = Double(elapsed.components.seconds)
    // A little of very much may seem to take longer than an Int can say.
    let left = fraction > 0 ? Int(exactly: (seconds / fraction - seconds).rounded()) : 0
    let time = left.map { "\($0) s left" } ?? ""
    let text = "\r\u{1B}[K\(bar) \(Int(fraction * 100)) %  \(time)  \(label)"
    StandardStream.write(text, to: StandardStream.errors)
  }
}
