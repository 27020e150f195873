import Binade
import Foundation

/// Says before it starts that something falls to the scalar reference, and about how long it takes.
enum SlowAccumulation {
  /// Says it of a network.
  @Sendable
  static func foretell(_ forecast: ReferenceForecast, seconds: Double) {
    let others = forecast.layers.count == 1 ? "" : " and \(forecast.layers.count - 1) more layers"
    say("\(forecast.layers[0])\(others)", reason: forecast.reason, seconds: seconds)
  }

  /// Says it of anything.
  static func say(_ what: String, reason: String, seconds: Double) {
    CommandContext.current.console.writeError(
      "note: \(what): carried out by the scalar reference, about \(duration(seconds)): \(reason)"
    )
  }

  /// Seconds, minutes or hours, as one would say them.
  static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<1: "a second"
    case ..<90: String(format: "%.0f seconds", seconds.rounded(.up))
    case ..<5400: String(format: "%.0f minutes", (seconds / 60).rounded(.up))
    default: String(format: "%.1f hours", seconds / 3600)
    }
  }
}
