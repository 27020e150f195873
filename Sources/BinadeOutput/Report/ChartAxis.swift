import Foundation

/// An axis: what it is, from where to where it goes, and its ticks.
public struct ChartAxis: Sendable {
  /// What is along it.
  public let title: String
  private let isLogarithmic: Bool
  private let least: Double, greatest: Double
  /// Where ticks are, 0 to 1 along the axis, with what they say.
  let ticks: [(place: Double, text: String)]

  /// An axis that all `values` lie on, with some room at its ends; nil without values.
  init?(_ title: String, _ values: [Double], isLogarithmic: Bool) {
    guard let first = values.min(), let last = values.max() else { return nil }
    (self.title, self.isLogarithmic) = (title, isLogarithmic)
    let (lower, upper) = isLogarithmic ? (log10(first), log10(last)) : (first, last)
    let room = upper > lower ? (upper - lower) * 0.06 : max(abs(upper) * 0.05, isLogarithmic ? 0.3 : 0.5)
    let (least, greatest) = (lower - room, upper + room)
    (self.least, self.greatest) = (least, greatest)
    let marks = isLogarithmic ? Self.decades(least, greatest) : Self.even(least, greatest)
    ticks = marks.map {
      (($0 - least) / (greatest - least), Self.text(isLogarithmic ? pow(10, $0) : $0, digits: 4))
    }
  }

  /// Where a value is, 0 to 1 along the axis; what lies beyond an end is put there.
  func place(_ value: Double) -> Double {
    let position = isLogarithmic ? log10(max(value, .leastNormalMagnitude)) : value
    return min(max((position - least) / (greatest - least), 0), 1)
  }

  /// Steps of 1, 2 or 5 times a power of ten, six at most.
  private static func even(_ least: Double, _ greatest: Double) -> [Double] {
    let raw = (greatest - least) / 6
    let power = pow(10, floor(log10(raw)))
    let step = power * ([1, 2, 5, 10].first { $0 * power >= raw } ?? 10)
    return
      (Int(
        (least / step).rounded(.up)
      )...max(Int((least / step).rounded(.up)), Int((greatest / step).rounded(.down))))
      .map { Double($0) * step }.filter { (least...greatest).contains($0) }
  }

  /// Powers of ten, with 2 and 5 times them where there are few.
  private static func decades(_ least: Double, _ greatest: Double) -> [Double] {
    let whole = Int(floor(least))...Int(ceil(greatest))
    func marks(_ digits: [Double], every: Int = 1) -> [Double] {
      whole.filter { $0 % every == 0 }.flatMap { exponent in digits.map { Double(exponent) + log10($0) } }
        .filter { (least...greatest).contains($0) }
    }
    for digits in [[1, 2, 5], [1, 3], [1.0]] {
      let found = marks(digits)
      if found.count <= 6, found.count > 1 { return found }
    }
    let every = max(1, Int(((greatest - least) / 5).rounded(.up)))
    let found = marks([1], every: every)
    return found.count > 1
      ? found : even(pow(10, least), pow(10, greatest)).filter { $0 > 0 }.map { log10($0) }
  }

  /// A number as people read it: with k, M, G, T from ten thousand on.
  static func text(_ value: Double, digits: Int) -> String {
    let units: [(Double, String)] = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e4, " k")]
    for (unit, letter) in units where abs(value) >= unit {
      let scale = letter == " k" ? 1e3 : unit
      return String(format: "%.\(digits)g", value / scale) + letter
    }
    return String(format: "%.\(digits)g", value)
  }
}
