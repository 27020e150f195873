import BinadeNumerics
import BinadeOutput
import Foundation

/// The plot of where a format's values lie: on a linear axis, on an axis of binades, and how many each binade has.
package struct FormatValuePlot: Sendable {
  private let format: any NumericFormat
  private let walk: ValueWalk
  private let facts: FormatFacts
  private static let columnCount = 1300

  /// Creates the plot of `format`.
  ///
  /// Throws ``FormatError`` when its values make no ladder.
  package init(of format: any NumericFormat, _ facts: FormatFacts) throws(FormatError) {
    self.format = format
    self.facts = facts
    walk = ValueWalk(try format.makeLadder())
  }

  /// What a value is drawn as.
  private enum Kind: CaseIterable {
    case negative, positive, subnormal, zero

    var colour: String {
      switch self {
      case .negative: "#d62728"
      case .positive: "#1f77b4"
      case .subnormal: "#ff9d00"
      case .zero: "#000000"
      }
    }

    var title: String {
      switch self {
      case .negative: "negative"
      case .positive: "positive"
      case .subnormal: "subnormal"
      case .zero: "zero"
      }
    }
  }

  private func kind(_ value: Double) -> Kind {
    if value == 0 { return .zero }
    if let least = facts.leastNormalMagnitude, abs(value) < least { return .subnormal }
    return value < 0 ? .negative : .positive
  }

  /// A block of the data, and how it is drawn.
  private struct Block {
    let title: String
    let rows: [[Double]]
    let panel: Panel
    let style: String
  }

  private enum Panel: CaseIterable { case linear, binades, counts }

  private var blocks: [Block] {
    let values = [(Panel.linear, NumberLineAxis(.linear, walk)), (.binades, NumberLineAxis(.binades, walk))]
      .flatMap { panel, axis in
        let drawn = Dictionary(grouping: axis.drawnRungs(walk, columnCount: Self.columnCount)) {
          kind($0.value)
        }
        let count = drawn.values.map(\.count).reduce(0, +)
        let width = count > 1000 ? 1.3 : count > 300 ? 0.9 : 1.6
        return Kind.allCases.compactMap { kind -> Block? in
          guard let rungs = drawn[kind], !rungs.isEmpty else { return nil }
          return Block(
            title: "\(panel) axis, \(kind.title): position, value",
            rows: rungs.map { [axis.position(of: $0.value), $0.value] },
            panel: panel,
            style: "using 1:(1) with impulses lw \(kind == .zero ? 2 : width) lc rgb \"\(kind.colour)\" "
              + "title \"\(kind.title)\""
          )
        }
      }
    return values + countBlocks
  }

  /// A box per binade and sign, on the axis of binades.
  private var countBlocks: [Block] {
    let axis = NumberLineAxis(.binades, walk)
    return [(true, Kind.negative), (false, .positive)].compactMap { isNegative, kind in
      let rows = facts.valuesPerBinade.compactMap { count -> [Double]? in
        let number = isNegative ? count.negative : count.positive
        let middle = Double(count.exponent - axis.firstExponent) + 1.5
        return number > 0 ? [isNegative ? -middle : middle, Double(number), Double(count.exponent)] : nil
      }
      guard !rows.isEmpty else { return nil }
      return Block(
        title: "values per binade, \(kind.title): position, count, exponent",
        rows: rows,
        panel: .counts,
        style: "using 1:2:(0.92) with boxes fs solid 0.55 noborder lc rgb \"\(kind.colour)\" notitle"
      )
    }
  }

  /// Script and data, under the name `name`.
  package func files(named name: String) -> PlotFiles {
    let blocks = blocks
    let data =
      blocks.map { "# \($0.title)\n" + GnuplotText.rows($0.rows) }.joined(separator: "\n\n\n") + "\n"
    let header = """
      # gnuplot \(name).gp   draws \(name).svg and \(name).png from \(name).tsv
      set datafile separator "\\t"
      data = \(GnuplotText.quoted(name + ".tsv"))
      set lmargin at screen 0.06
      set rmargin at screen 0.97
      set border 1
      set tics nomirror out
      """
    var body = "set multiplot title \(GnuplotText.quoted(title)) noenhanced"
    let panels = Panel.allCases.filter { panel in blocks.contains { $0.panel == panel } }
    for panel in panels {
      body += "\n" + setting(panel)
      let plots = blocks.enumerated().filter { $0.element.panel == panel }.map {
        "data index \($0.offset) \($0.element.style)"
      }
      body += "\nplot " + plots.joined(separator: ", ")
    }
    body += "\nunset multiplot"
    return PlotFiles(
      name: name,
      script: header + "\n" + GnuplotText.pictures(name, width: 1400, height: 720, body),
      data: data
    )
  }

  private var title: String {
    let count = facts.countedFiniteValues.map { "\($0) finite values" } ?? "values not counted"
    let isThinned = walk.rungs.map { $0.count > Self.columnCount } ?? true
    return "The values of \(format.name): \(format.bitWidth) bits, \(count)"
      + (isThinned ? ", one drawn per pixel" : "")
  }

  private func setting(_ panel: Panel) -> String {
    let axis = NumberLineAxis(panel == .linear ? .linear : .binades, walk)
    let width = axis.range.upperBound - axis.range.lowerBound
    let margin = max(width * 0.015, panel == .linear ? 0 : 1.1)
    let range = "set xrange [\(axis.range.lowerBound - margin):\(axis.range.upperBound + margin)]"
    switch panel {
    case .linear:
      return """
        set tmargin at screen 0.86; set bmargin at screen 0.72
        \(range)
        unset logscale y; set yrange [0:1.05]; unset ytics; unset grid
        set xtics auto; set format x "%g"
        unset key
        set label 1 "linear axis" at screen 0.06, screen 0.885 left font ",11" tc rgb "#444444"
        """
    case .binades:
      return """
        set tmargin at screen 0.60; set bmargin at screen 0.46
        \(range)
        set yrange [0:1.05]
        set key at screen 0.97, screen 0.915 right horizontal samplen 1.5
        set xtics (\(ticks(axis)))
        set label 1 "logarithmic axis: powers of two to both sides of zero" at screen 0.06, screen 0.625 left
        """
    case .counts:
      let greatest = facts.valuesPerBinade.map { max($0.positive, $0.negative) }.max() ?? 1
      let top = 2 * exp2(log2(Double(max(1, greatest))).rounded(.up))
      return """
        set tmargin at screen 0.335; set bmargin at screen 0.08
        \(range)
        set yrange [0.5:\(top)]; set logscale y 2
        set ytics auto nomirror; set format y "\(greatest > 1024 ? "2^{%L}" : "%g")"
        set grid ytics lt 1 lw 0.5 lc rgb "#dddddd"
        unset key
        set label 1 "values per binade, from 2^k to below 2^{k+1} (log scale: one step up is one more bit)" at screen 0.06, screen 0.365 left
        """
    }
  }

  /// Powers of two, without those whose labels would run into that of zero.
  private func ticks(_ axis: NumberLineAxis) -> String {
    let room = axis.range.contains(0) ? 0.03 * (axis.range.upperBound - axis.range.lowerBound) : 0
    let powers = axis.binadeTicks.filter { abs($0.position) >= room }.map { tick in
      "\"\(tick.isNegative ? "-" : "")2^{\(tick.exponent)}\" \(tick.position)"
    }
    return (powers + (axis.range.contains(0) ? ["\"0\" 0"] : [])).joined(separator: ", ")
  }
}
