import BinadeNetworks
import BinadeOutput
import Foundation

/// Rows of a comparison over their cost: points that carry the numbers of a legend beside the plot.
///
/// Costs are few and many rows share one: points of one cost stand side by side, their numbers in a stack beside them, each at the
/// end of a line from its point. Everything is placed in pixels of the plot's area, which has a size of its own, and written as
/// fractions of it, so that the picture's margins hold the legend whatever its width.
package struct CostPlot {
  /// What a point says about its row.
  enum Standing: Int {
    case onFront, withinNoise, below
  }

  struct Point {
    /// Relative to bfloat16.
    var cost: Double
    /// In the unit of the vertical axis.
    var value: Double
    var lower: Double
    var upper: Double
    var label: String
    var family: String
    var standing: Standing
    /// What the legend says after the name.
    var text: String
  }

  struct Axis {
    var title: String
    var scale: PlotScale
    /// Candidates, the most welcome first.
    var ticks: [PlotTick]
    /// A second scale of the same values on the right.
    var right: (title: String, ticks: [PlotTick])?
  }

  /// Without ending.
  var name: String
  var title: String
  /// A line under the title: what bars and heights are.
  var caption: String
  /// What ``Point/text`` is.
  var textTitle: String
  var points: [Point]
  var axis: Axis
  /// A dashed line across the plot, and what it is.
  var line: (value: Double, text: String)?
  /// What filled points are that are not on the front.
  var noiseMeaning: String
  /// What hollow points are; nil when there are none.
  var belowMeaning: String?
  /// Lines of the legend about rows that are not drawn.
  var notes: [String]

  static let colours = [
    "#1f77b4", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22",
  ]
  // Pixels.
  static let area = (width: 1200.0, height: 740.0)
  static let margins = (left: 106.0, right: 60.0, top: 70.0, bottom: 80.0)
  static let marker = 11.0

  // MARK: Rows and their numbers

  /// Points by family in the order of their cost, as the legend lists them.
  var families: [(name: String, points: [Point])] {
    let names = points.map(\.family).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return names.map { name in (name, points.filter { $0.family == name }) }
  }

  // MARK: Ranges

  var verticalRange: ClosedRange<Double> {
    let values = points.flatMap { [$0.lower, $0.value, $0.upper] } + (line.map { [$0.value] } ?? [])
    let positions = values.map(axis.scale.position).filter(\.isFinite)
    let (least, greatest) = (positions.min() ?? 0, positions.max() ?? 1)
    let margin = max(0.04 * (greatest - least), 1e-3)
    return least - margin...greatest + margin
  }

  /// Binary logarithms of cost.
  var horizontalRange: ClosedRange<Double> {
    let costs = points.map { log2($0.cost) }
    let (least, greatest) = (costs.min() ?? 0, costs.max() ?? 1)
    let margin = max(0.04 * (greatest - least), 0.3)
    return least - margin...greatest + 1.3 * margin
  }

  func height(_ value: Double) -> Double {
    let range = verticalRange
    let share = (axis.scale.position(of: value) - range.lowerBound) / (range.upperBound - range.lowerBound)
    return Self.area.height * (1 - share)
  }

  func across(_ cost: Double) -> Double {
    let range = horizontalRange
    return Self.area.width * (log2(cost) - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  // MARK: Files

  /// Script and data.
  var files: PlotFiles {
    PlotFiles(name: name, script: script, data: data)
  }

  /// A line per point, then the front as a line.
  private var data: String {
    let header = "# number\tcost / bfloat16\tdrawn at\tvalue\tlower\tupper\tstanding\tcolour\tformat"
    let placed = placed
    func row(_ place: Placed) -> String {
      let range = horizontalRange
      let drawn = range.lowerBound + place.x / Self.area.width * (range.upperBound - range.lowerBound)
      return [
        "\(place.number)", "\(place.point.cost)", "\(exp2(drawn))", "\(place.point.value)",
        "\(place.point.lower)", "\(place.point.upper)", "\(place.point.standing.rawValue)",
        "0x" + place.colour.dropFirst(), GnuplotText.quoted(place.point.label),
      ].joined(separator: "\t")
    }
    let front = placed.filter { $0.point.standing == .onFront }.sorted { $0.point.cost < $1.point.cost }
    return header + "\n" + placed.sorted { $0.number < $1.number }.map(row).joined(separator: "\n")
      + "\n\n\n# the front\n" + front.map(row).joined(separator: "\n") + "\n"
  }

  private var script: String {
    let legend = legend
    let size = (
      width: legendLeft + legend.width,
      height: Self.margins.top + Self.area.height + Self.margins.bottom
    )
    let (horizontal, vertical) = (horizontalRange, verticalRange)
    let distance = 28 * (vertical.upperBound - vertical.lowerBound) / Self.area.height
    func ticks(_ candidates: [PlotTick]) -> String {
      PlotTick.list(
        PlotTick.chosen(candidates, scale: axis.scale, within: vertical, distance: distance),
        scale: axis.scale
      )
    }
    let ends = "\(vertical.lowerBound):\(vertical.upperBound)"
    let right = axis.right.map { right in
      """
      set y2range [\(ends)]
      set y2label \(GnuplotText.quoted(right.title)) noenhanced
      set y2tics \(ticks(right.ticks)) nomirror

      """
    }
    let layers =
      (line.map { ["y(\($0.value)) with lines lw 1 dt 2 lc rgb \"#555555\" notitle"] } ?? []) + [
        "data index 1 using 3:(y($4)) with steps lw 2 lc rgb \"#b0b0b0\" notitle",
        "data index 0 using 3:(y($4)):(y($5)):(y($6)):8 with yerrorbars pt 0 lw 1 lc rgb variable notitle",
        "data index 0 using 3:(y($4)) with points pt 7 ps 1.15 lc rgb \"white\" notitle",
        "data index 0 using 3:($7 == 0 ? y($4) : NaN) with points pt 7 ps 1.75 lc rgb \"black\" notitle",
        "data index 0 using 3:($7 < 2 ? y($4) : NaN):8 with points pt 7 ps 1.25 lc rgb variable notitle",
        "data index 0 using 3:($7 == 2 ? y($4) : NaN):8 with points pt 6 ps 1.15 lw 1.5 lc rgb variable notitle",
      ]
    return """
      # gnuplot \(name).gp   draws \(name).svg and \(name).png from \(name).tsv
      set datafile separator "\\t"
      data = \(GnuplotText.quoted(name + ".tsv"))
      y(v) = \(axis.scale.expression)
      set title \(GnuplotText.quoted(title)) noenhanced offset 0, 0.4
      set label \(GnuplotText.quoted(caption)) noenhanced at graph 0.5, graph 1.015 center font ",10" tc rgb "#555555"
      set xlabel "Cost relative to bfloat16 (weight bits × activation bits per MAC), log scale; points of one cost side by side"
      set ylabel \(GnuplotText.quoted(axis.title)) noenhanced
      set logscale x 2
      set xrange [\(exp2(horizontal.lowerBound)):\(exp2(horizontal.upperBound))]
      set yrange [\(ends)]
      set xtics \(costTicks) nomirror
      set ytics \(ticks(axis.ticks)) nomirror
      \(right ?? "")set grid xtics ytics lt 1 lc rgb "#e0e0e0" lw 0.5
      set bars 0.4
      unset key
      set lmargin at screen \(Self.margins.left / size.width)
      set rmargin at screen \((Self.margins.left + Self.area.width) / size.width)
      set tmargin at screen \(1 - Self.margins.top / size.height)
      set bmargin at screen \(Self.margins.bottom / size.height)
      \(numbers)
      \(legend.lines(size))

      """
        + GnuplotText.pictures(
          name,
          width: Int(size.width),
          height: Int(size.height),
          "plot " + layers.joined(separator: ", \\\n  ")
        )
  }

  /// A tick at each cost, those that leave room for their texts.
  private var costTicks: String {
    var last = -Double.infinity
    let ticks = Set(points.map(\.cost)).sorted().compactMap { cost -> String? in
      guard across(cost) - last >= 46 else { return nil }
      last = across(cost)
      return "\"\(String(format: "%.3g", cost))\" \(cost)"
    }
    return "(" + ticks.joined(separator: ", ") + ")"
  }

  /// The numbers and the lines that lead to them.
  private var numbers: String {
    placed.map { place in
      let (x, y) = (place.x / Self.area.width, 1 - place.y / Self.area.height)
      let (toX, toY) = (place.numberX / Self.area.width, 1 - place.numberY / Self.area.height)
      let isFront = place.point.standing == .onFront
      return """
        set arrow from graph \(x), graph \(y) to graph \(toX), graph \(toY) nohead back lw 0.7 lc rgb "#999999"
        set label "\(isFront ? "{/:Bold \(place.number)}" : "\(place.number)")" at graph \(toX + 3 / Self.area.width), \
        graph \(toY) left front font ",10" tc rgb "\(place.colour)"
        """
    }.joined(separator: "\n")
  }
}
