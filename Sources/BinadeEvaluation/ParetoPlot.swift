import Foundation

/// The plot of accuracy against cost: a gnuplot script, its data, and the pictures it draws.
public struct ParetoPlot: Sendable {
  private let report: ComparisonReport

  /// A plot of `report`.
  public init(_ report: ComparisonReport) {
    self.report = report
  }

  /// The data: one line per result, tab-separated: relative cost, top-1 in per cent, its interval, label, family
  /// number, whether on the front.
  public var data: String {
    var lines = ["# cost relative to bfloat16\ttop-1 %\tlower\tupper\tlabel\tfront"]
    for (result, isFront) in zip(report.results, report.isOnFront) {
      let columns = [
        String(report.relativeCost(result)), String(100 * result.top1Accuracy),
        String(100 * result.top1Interval.lower), String(100 * result.top1Interval.upper),
        "\"\(report.label(result).replacing("_", with: "\\\\_"))\"", isFront ? "1" : "0",
      ]
      lines.append(columns.joined(separator: "\t"))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The script; run in its folder it writes pareto.svg and pareto.png.
  public var script: String {
    let title = report.results.first.map { "\($0.model) on \($0.imageCount) images of \($0.data)" } ?? ""
    let rows = plotRows
    let least = rows.map(\.accuracy).min() ?? 0
    let floor = max(0, (least / 10).rounded(.down) * 10)
    let labels = frontLabels(rows, floor: floor)
    return """
      # gnuplot pareto.gp   draws pareto.svg and pareto.png from pareto.tsv
      set datafile separator "\\t"
      set title "Accuracy against cost: \(title.replacing("_", with: "\\\\_"))"
      set xlabel "Quadratic cost relative to bfloat16 (weight bits × activation bits / 256)"
      set ylabel "Top-1 accuracy (%), bars: 95 % Wilson interval"
      set logscale x 2
      set format x "%.4g"
      set yrange [\(floor):103]
      set grid xtics ytics lc rgb "#dddddd"
      set key bottom right box opaque
      \(labels)
      plots = 'plot "pareto.tsv" using ($6==1 ? $1 : NaN):2 with steps lc rgb "#c0392b" lw 2 notitle, \\
        "pareto.tsv" using ($6==0 ? $1 : NaN):2:3:4 with yerrorbars pt 7 ps 0.6 lc rgb "#7f8c8d" title "dominated", \\
        "pareto.tsv" using ($6==1 ? $1 : NaN):2:3:4 with yerrorbars pt 7 ps 1 lc rgb "#c0392b" title "on the front"'
      set terminal svg size 1000,650 font "Helvetica,13" background rgb "white"
      set output "pareto.svg"
      eval plots
      set terminal pngcairo size 1000,650 font "Helvetica,11" background rgb "white"
      set output "pareto.png"
      eval plots
      """ + "\n"
  }

  private struct PlotRow {
    var cost: Double
    var accuracy: Double
    var label: String
    var isFront: Bool
  }

  private var plotRows: [PlotRow] {
    zip(report.results, report.isOnFront).map { result, isFront in
      PlotRow(
        cost: report.relativeCost(result),
        accuracy: 100 * result.top1Accuracy,
        label: report.label(result),
        isFront: isFront
      )
    }
  }

  /// One list of names per cost, with the front's first: names of formats that share a column would collide.
  private func frontLabels(_ rows: [PlotRow], floor: Double) -> String {
    let byCost = Dictionary(grouping: rows, by: \.cost).sorted { $0.key < $1.key }
    return byCost.enumerated().map { index, group in
      let best = group.value.max { ($0.isFront ? 1 : 0, $0.accuracy) < ($1.isFront ? 1 : 0, $1.accuracy) }
      guard let best else { return "" }
      let others = group.value.count - 1
      let text =
        best.label.replacing("_", with: "\\\\_") + (others > 0 ? " (+\(others))" : "")
      let offset = index % 2 == 0 ? "0.5,-1.2" : "0.5,-2.2"
      return "set label \"\(text)\" at \(best.cost),\(max(best.accuracy, floor)) "
        + "offset \(offset) font \",10\""
    }.joined(separator: "\n")
  }

  /// Writes script and data into `folder` and runs gnuplot there.
  ///
  /// Throws ``PlotError`` when gnuplot is missing or fails; script and data are there all the same.
  public func write(to folder: URL) throws {
    try Data(data.utf8).write(to: folder.appending(path: "pareto.tsv"), options: .atomic)
    try Data(script.utf8).write(to: folder.appending(path: "pareto.gp"), options: .atomic)
    try Gnuplot.run(script: "pareto.gp", in: folder)
  }
}
