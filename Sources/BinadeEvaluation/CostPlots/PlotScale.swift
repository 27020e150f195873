import Foundation

/// How a plot's vertical axis spreads values.
package enum PlotScale {
  /// Logarithms of values above zero.
  case logarithmic
  /// asinh(value / linear): proportional to values below `linear` in magnitude, to their logarithm beyond, on both sides of zero.
  case symmetric(linear: Double)

  /// Where a value stands, in the scale's own unit.
  package func position(of value: Double) -> Double {
    switch self {
    case .logarithmic: log10(value)
    case .symmetric(let linear): asinh(value / linear)
    }
  }

  /// The same as gnuplot writes it, of the variable v.
  var expression: String {
    switch self {
    case .logarithmic: "log10(v)"
    case .symmetric(let linear): "asinh(v / \(linear))"
    }
  }
}

/// A mark on an axis: its text and the value it stands at.
package struct PlotTick: Hashable {
  package let text: String
  package let value: Double

  /// Those of `candidates`, the most welcome first, that leave at least `distance` between each other.
  package static func chosen(
    _ candidates: [PlotTick],
    scale: PlotScale,
    within range: ClosedRange<Double>,
    distance: Double
  ) -> [PlotTick] {
    var chosen: [(tick: PlotTick, position: Double)] = []
    for tick in candidates {
      let position = scale.position(of: tick.value)
      guard range.contains(position), chosen.allSatisfy({ abs($0.position - position) >= distance }) else {
        continue
      }
      chosen.append((tick, position))
    }
    return chosen.sorted { $0.position < $1.position }.map(\.tick)
  }

  /// As gnuplot's list of tics, at the positions of `scale`.
  static func list(_ ticks: [PlotTick], scale: PlotScale) -> String {
    "(" + ticks.map { "\"\($0.text)\" \(scale.position(of: $0.value))" }.joined(separator: ", ") + ")"
  }

  /// Changes in points on both sides of zero: 0, then powers of ten, then 5 and 2 times them.
  package static func changes(from least: Double, to greatest: Double) -> [PlotTick] {
    var ticks = [PlotTick(text: "0", value: 0)]
    for digit in [1.0, 5, 2] {
      for exponent in (-3...2).reversed() {
        let magnitude = digit * pow(10, Double(exponent))
        for value in [-magnitude, magnitude] where least <= value && value <= greatest {
          ticks.append(PlotTick(text: String(format: "%+g", value), value: value))
        }
      }
    }
    return ticks
  }

  /// Percentages at their distance from `origin`, round ones first; the finer the nearer to it.
  package static func percentages(origin: Double, from least: Double, to greatest: Double) -> [PlotTick] {
    var ticks: [PlotTick] = []
    for step in [10.0, 5, 1, 0.5, 0.1, 0.05] {
      for index in stride(from: (least / step).rounded(.up), through: greatest / step, by: 1) {
        let percentage = index * step
        guard step == 10 || abs(percentage - origin) <= 10 * step else { continue }
        ticks.append(PlotTick(text: String(format: "%g", percentage), value: percentage - origin))
      }
    }
    return ticks
  }

  /// Powers of ten, then 2 and 5 times them, of values above zero.
  package static func decades(from least: Double, to greatest: Double) -> [PlotTick] {
    let exponents = Int(log10(least).rounded(.down))...Int(log10(greatest).rounded(.up))
    var ticks: [PlotTick] = []
    for digit in [1, 2, 5] {
      for exponent in exponents {
        let value = Double(digit) * pow(10, Double(exponent))
        let power = digit == 1 ? "10^{\(exponent)}" : "\(digit)×10^{\(exponent)}"
        let isPlain = (-3...4).contains(exponent)
        ticks.append(PlotTick(text: isPlain ? String(format: "%.10g", value) : power, value: value))
      }
    }
    return ticks
  }
}
