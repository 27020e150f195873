import BinadeNumerics
import BinadeOutput
import Foundation

/// What the facts of a format look like on a terminal.
package struct FormatDescriptionText: Sendable {
  private let facts: FormatFacts
  private let walk: ValueWalk
  private static let width = 100

  /// Creates the text for `format`.
  ///
  /// Throws ``FormatError`` when its values make no ladder.
  package init(_ format: any NumericFormat, _ facts: FormatFacts) throws(FormatError) {
    self.facts = facts
    walk = ValueWalk(try format.makeLadder())
  }

  /// The derived numbers, a line each.
  package var numbers: String {
    let lines = [
      (
        "least normal",
        facts.leastNormalMagnitude.map { "\($0)" } ?? "none"
      ),
      ("neighbours of 1", neighboursOfOne),
      ("precision at 1", precision),
      ("greatest error", greatestError),
      ("integers", integers),
      ("NaN and infinity", codes),
    ]
    return lines.map { "  " + $0.padding(toLength: 21, withPad: " ", startingAt: 0) + $1 }
      .joined(separator: "\n")
  }

  private var neighboursOfOne: String {
    let below = facts.neighbourBelowOne.map { "\($0)" } ?? "none"
    let above = facts.neighbourAboveOne.map { "\($0)" } ?? "none"
    return "\(below) below, \(above) above" + (facts.isOneAValue ? "" : "; 1 is no value")
  }

  private var precision: String {
    guard let bits = facts.significantBitsAtOne, let digits = facts.decimalDigitsAtOne else {
      return "1 is out of range"
    }
    return String(format: "%.4g significant bits, %.3g decimal digits", bits, digits)
  }

  private var greatestError: String {
    guard let bound = facts.greatestRelativeError else { return "no two neighbours in the normal range" }
    return String(format: "%.6g %% = 2^%.2f", 100 * bound.value, log2(bound.value))
      + " at \(Self.number(bound.at)), for magnitudes \(Self.number(bound.leastMagnitude)) to "
      + "\(Self.number(bound.greatestMagnitude))"
      + (bound.isSampled ? " (32 samples a binade)" : "")
  }

  private var integers: String {
    facts.greatestContiguousInteger.map { "all from 0 to \($0) are values" } ?? "0 is no value, or not known"
  }

  private var codes: String {
    guard let counts = facts.codeCounts else { return "not counted" }
    return "\(counts.nan) + \(counts.infinity) of \(counts.total) codes"
      + String(format: " (%.3g %%)", 100 * counts.nonFiniteFraction)
  }

  /// Both sides of zero beside each other; nil where one mirrors the other, or is all there is.
  package var sides: String? {
    guard !facts.sides.isEmpty else { return nil }
    var table = TextTable(columns: [
      .init("  side", .left), .init("values"), .init("least"), .init("greatest"), .init("inside ±1"),
      .init("beyond ±1"), .init("bits at ±1"), .init("greatest error"), .init("at"),
    ])
    for side in facts.sides {
      let bound = side.greatestRelativeError
      table.append([
        "  \(side.sign.rawValue)", side.valueCount.map(String.init) ?? "-", Self.short(side.leastMagnitude),
        Self.short(side.greatestMagnitude), side.innerNeighbourOfOne.map(Self.short) ?? "none",
        side.outerNeighbourOfOne.map(Self.short) ?? "none",
        side.significantBitsAtOne.map { String(format: "%.4g", $0) } ?? "-",
        bound.map { String(format: "%.6g %%", 100 * $0.value) } ?? "-",
        bound.map { Self.short($0.at) } ?? "-",
      ])
    }
    return "the two sides of zero, which differ (magnitudes; neighbours with their sign)\n" + table.text
  }

  /// A line per run of binades with equal counts, with a bar.
  package var binades: String {
    let runs = BinadeRun.runs(of: facts.valuesPerBinade)
    guard let greatest = runs.map({ max($0.positive, $0.negative) }).max() else {
      return "values per binade: not counted"
    }
    let isLinear = greatest <= 32
    func bar(_ count: Int) -> String {
      guard count > 0 else { return "" }
      return String(
        repeating: "#",
        count: isLinear ? count : max(1, Int((2 * log2(Double(count))).rounded()))
      )
    }
    let unit = isLinear ? "" : "## is one bit"
    let range = [TextTable.Column("  |x| from"), .init("to below"), .init("binades")]
    func cells(_ run: BinadeRun) -> [String] {
      ["2^\(run.exponents.lowerBound)", "2^\(run.exponents.upperBound + 1)", "\(run.exponents.count)"]
    }
    guard runs.contains(where: { $0.positive != $0.negative && $0.negative > 0 }) else {
      var table = TextTable(columns: range + [.init("values"), .init(unit, .left)])
      for run in runs {
        let most = max(run.positive, run.negative)
        table.append(cells(run) + ["\(most)", bar(most)])
      }
      return "values per binade, of one sign\n" + table.text
    }
    var table = TextTable(
      columns: range + [.init("< 0"), .init(unit, .left), .init("> 0"), .init(unit, .left)]
    )
    for run in runs {
      table.append(cells(run) + ["\(run.negative)", bar(run.negative), "\(run.positive)", bar(run.positive)])
    }
    return "values per binade, of each sign\n" + table.text
  }

  /// The values as lines of characters, on a linear axis and on one of binades.
  package var numberLine: String {
    let linear = NumberLineAxis(.linear, walk)
    let binades = NumberLineAxis(.binades, walk)
    return """
      values on a line (· none, | one, # more in a column)
        linear
        \(linear.text(walk, width: Self.width))
        \(ends)
        by binades, powers of two to both sides of zero
        \(binades.text(walk, width: Self.width))
        \(binadeLabels(binades))
      """
  }

  private var ends: String {
    let (left, right) = (Self.number(walk.ladder.least.value), Self.number(walk.ladder.greatest.value))
    return left + String(repeating: " ", count: max(1, Self.width - left.count - right.count)) + right
  }

  /// Powers of two under the columns where they stand, those that find room.
  private func binadeLabels(_ axis: NumberLineAxis) -> String {
    var line = [Character](repeating: " ", count: Self.width + 12)
    let spread = (axis.range.upperBound - axis.range.lowerBound) / Double(Self.width - 1)
    let zero = axis.range.contains(0) ? [(0.0, "0")] : []
    let labels =
      zero + axis.binadeTicks.map { ($0.position, ($0.isNegative ? "-" : "") + "2^\($0.exponent)") }
    for (position, label) in labels {
      let column = Int(((position - axis.range.lowerBound) / spread).rounded())
      let start = max(0, column - (label.count - 1) / 2)
      let room = max(0, start - 1)...(start + label.count)
      guard room.upperBound < line.count, room.allSatisfy({ line[$0] == " " }) else { continue }
      for (offset, character) in label.enumerated() { line[start + offset] = character }
    }
    return String(String(line).reversed().drop { $0 == " " }.reversed())
  }

  private static func short(_ value: Double) -> String { String(format: "%.6g", value) }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e7
      ? String(format: "%.0f", value) : String(format: "%.8g", value)
  }
}
