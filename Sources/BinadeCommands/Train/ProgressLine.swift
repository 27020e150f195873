import Binade
import Foundation

/// One line on the error stream that is drawn again and again where somebody watches; reports stay above it.
final class ProgressLine {
  private let isEnabled = CommandContext.current.console.isInteractive
  private var lastDrawn: ContinuousClock.Instant?

  /// Draws the line, at most ten times a second.
  func show(_ text: @autoclosure () -> String) {
    guard isEnabled else { return }
    let now = ContinuousClock.now
    if let lastDrawn, now - lastDrawn < .milliseconds(100) { return }
    lastDrawn = now
    StandardStream.write("\r\u{1B}[K\(text().visible())", to: StandardStream.errors)
  }

  /// Writes a line that stays.
  func report(_ text: String) {
    finish()
    CommandContext.current.console.writeError(text)
  }

  /// Removes the line.
  func finish() {
    guard lastDrawn != nil else { return }
    StandardStream.write("\r\u{1B}[K", to: StandardStream.errors)
    lastDrawn = nil
  }
}
