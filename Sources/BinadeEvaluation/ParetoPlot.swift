import Foundation

/// The plot of accuracy against cost: a gnuplot script, its data, and the pictures it draws.
///
/// Both axes are logarithmic, the error pointing down: the difference between 99 and 98 % is as visible as that
/// between 80 and 60 %.
public struct ParetoPlot: Sendable {
  private struct Point {
    var cost: Double
    var accuracy: Double
    var interval: WilsonInterval
    var label: String
    var family: String
    var isOnFront: Bool
    /// In per cent; half an image where there is no error, since a logarithm has no zero.
    var error: Double
  }

  private let points: [Point]
  private let title: String
  private let leastError: Double

  /// The error at the upper end of the plot: above every bar.
  private var topError: Double {
    (points.map { max(100 * (1 - $0.interval.upper), leastError) }.min() ?? leastError) / 1.5
  }

  /// A plot of `report`.
  public init(_ report: ComparisonReport) {
    let imageCount = report.results.first?.imageCount ?? 1
    let least = 50 / Double(max(imageCount, 1))
    leastError = least
    title = report.results.first.map { "\($0.model), \(imageCount) images of \($0.data)" } ?? ""
    points = zip(report.results, report.isOnFront).map { result, isOnFront in
      Point(
        cost: report.relativeCost(result),
        accuracy: 100 * result.top1Accuracy,
        interval: result.top1Interval,
        label: report.label(result),
        family: result.family,
        isOnFront: isOnFront,
        error: max(100 * (1 - result.top1Accuracy), least)
      )
    }
  }

  private var families: [String] {
    points.map(\.family).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The data: a block per family, then the front as a line.
  public var data: String {
    let header = "# cost / bfloat16\terror %\terror lower\terror upper\ttop-1 %\tformat"
    let blocks =
      families.map { family in points.filter { $0.family == family } }
      + [points.filter(\.isOnFront)]
    return header + "\n"
      + blocks.map { block in
        block.map { point in
          [
            point.cost, point.error, max(100 * (1 - point.interval.upper), leastError),
            100 * (1 - point.interval.lower), point.accuracy,
          ].map { "\($0)" }.joined(separator: "\t") + "\t" + GnuplotText.quoted(point.label)
        }.joined(separator: "\n")
      }.joined(separator: "\n\n\n") + "\n"
  }

  /// The script; run in its folder it writes pareto.svg and pareto.png.
  public var script: String {
    let costs = points.map(\.cost)
    let right = (costs.max() ?? 1) * 2
    let least = costs.min() ?? 1
    let range = log(right / (least / 1.25))
    // Room on the left for labels that stand there.
    let room = labelsOnTheLeft(range: range).contains(least) ? longestLabel(at: least) : 0
    let left = least / max(1.25, exp(log(right / least) * room / (1 - room)))
    let colours = ["#1f77b4", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf"]
    let series = families.enumerated().map { index, family in
      "\"pareto.tsv\" index \(index) using 1:2:3:4 with yerrorbars pt 7 ps 0.9 lw 1 "
        + "lc rgb \"\(colours[index % colours.count])\" title \"\(family)\""
    }
    let front =
      "\"pareto.tsv\" index \(families.count) using 1:2 with steps lw 2 lc rgb \"#888888\" "
      + "title \"Pareto front\""
    return """
      # gnuplot pareto.gp   draws pareto.svg and pareto.png from pareto.tsv
      set datafile separator "\\t"
      set title \(GnuplotText.quoted("Accuracy against cost: " + title)) noenhanced
      set xlabel "Cost relative to bfloat16 (weight bits × activation bits per MAC), log scale"
      set ylabel "Top-1 accuracy (%), log scale of the error; bars: 95 % Wilson interval"
      set logscale x 2
      set logscale y 10
      set format x "%.4g"
      set xrange [\(left):\(right)]
      set yrange [100:\(topError)]
      set ytics ("0" 100, "50" 50, "80" 20, "90" 10, "95" 5, "98" 2, "99" 1, "99.5" 0.5, "99.9" 0.1)
      set grid xtics ytics lc rgb "#cccccc" lw 0.5
      set key bottom right box opaque spacing 1.2
      \(labels(left: left, right: right))
      plots = 'plot \(([front] + series).joined(separator: ", \\\n  "))'
      set terminal svg size 1400,850 font "Helvetica,14" background rgb "white"
      set output "pareto.svg"
      eval plots
      set terminal pngcairo size 1400,850 font "Helvetica,12" background rgb "white"
      set output "pareto.png"
      eval plots
      """ + "\n"
  }

  /// The width of the longest label of a column, as a share of the plot's.
  private func longestLabel(at cost: Double) -> Double {
    let count = points.filter { $0.cost == cost }.map { $0.label.count + ($0.isOnFront ? 4 : 0) }.max() ?? 0
    return min(0.4, 0.0052 * Double(count) + 0.015)
  }

  /// The columns whose names do not fit before the next column: they stand on the left where there is more room.
  ///
  /// `range`: the width of the plot, as a natural logarithm.
  private func labelsOnTheLeft(range: Double) -> Set<Double> {
    let columns = Set(points.map(\.cost)).sorted()
    var onTheLeft: Set<Double> = []
    for (index, cost) in columns.enumerated() where index + 1 < columns.count {
      let width = longestLabel(at: cost)
      guard log(columns[index + 1] / cost) / range < width else { continue }
      let isFree =
        index == 0
        || log(cost / columns[index - 1]) / range
          > width + (onTheLeft.contains(columns[index - 1]) ? 0 : longestLabel(at: columns[index - 1]))
      if isFree { onTheLeft.insert(cost) }
    }
    return onTheLeft
  }

  /// A name beside each point, pushed down where names of one column would collide.
  private func labels(left: Double, right: Double) -> String {
    let bottom = log(100.0)
    let top = log(topError)
    let lineHeight = 0.021
    var lines: [String] = []
    let onTheLeft = labelsOnTheLeft(range: log(right / left))
    for (cost, column) in Dictionary(grouping: points, by: \.cost).sorted(by: { $0.key < $1.key }) {
      var occupied = -1.0
      for point in column.sorted(by: { ($0.error, $0.label) < ($1.error, $1.label) }) {
        // 0 is the upper end of the plot, 1 the lower.
        let own = (log(point.error) - top) / (bottom - top)
        let place = max(own, occupied + lineHeight)
        occupied = place
        // The front's line runs to the right of its points: their names stand above it.
        let lift = point.isOnFront ? 0.018 : 0
        let across = log(point.cost / left) / log(right / left)
        let side = onTheLeft.contains(cost) ? (across - 0.007, "right") : (across + 0.007, "left")
        lines.append(
          "set label \(GnuplotText.quoted(point.label)) noenhanced at graph \(side.0), graph \(1 - place + lift) "
            + "\(side.1) "
            + "font \",\(point.isOnFront ? 11 : 9)\" tc rgb \"\(point.isOnFront ? "#000000" : "#555555")\""
        )
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Writes script and data into `folder` and runs gnuplot there.
  ///
  /// Throws ``PlotError`` when gnuplot is missing or fails; script and data are there all the same.
  public func write(to folder: URL) throws {
    try PlotFiles(name: "pareto", script: script, data: data).write(to: folder)
  }
}
