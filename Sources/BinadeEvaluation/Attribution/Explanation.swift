import Foundation

/// Where the error of a network in some formats comes from: attribution, sensitivity and regret of each.
public struct Explanation: Sendable, Codable {
  /// One configuration.
  public struct Entry: Sendable, Codable {
    /// The name that plots and tables show.
    public let label: String
    /// Source by source.
    public let attribution: Attribution
    /// Layer by layer; nil when not asked for.
    public let sensitivities: [LayerSensitivity]?
    /// Tensor by tensor.
    public let regrets: [TensorRegret]

    /// Creates an entry.
    public init(
      label: String,
      attribution: Attribution,
      sensitivities: [LayerSensitivity]?,
      regrets: [TensorRegret]
    ) {
      self.label = label
      self.attribution = attribution
      self.sensitivities = sensitivities
      self.regrets = regrets
    }
  }

  /// The model's name.
  public let model: String
  /// The images' name.
  public let data: String
  /// Images classified per run.
  public let imageCount: Int
  /// The images that scales were found on.
  public let calibrationImages: String
  /// Where the figures come from.
  public let binadeVersion: String
  /// One per configuration.
  public let entries: [Entry]

  /// Creates an explanation of runs of `experiment`.
  public init(_ experiment: Experiment, entries: [Entry]) {
    model = experiment.model.name
    data = experiment.evaluator.images.name
    imageCount = experiment.imageCount
    calibrationImages = experiment.calibrationOrigin
    binadeVersion = BinadeVersion.current
    self.entries = entries
  }

  // MARK: Tables

  /// The sources of one entry.
  public func sourceTable(_ entry: Entry) -> TextTable {
    var table = TextTable(columns: [
      .init("source", .left), .init("alone: points"), .init("logits dB"), .init("all others: points"),
      .init("logits dB"),
    ])
    func cells(_ run: Attribution.Run?) -> [String] {
      guard let run else { return ["-", "-"] }
      return [Self.points(run.top1Change), Self.decibels(run)]
    }
    table.append(["(none)"] + cells(entry.attribution.none) + ["-", "-"])
    for source in entry.attribution.sources {
      table.append([source.source.rawValue] + cells(source.alone) + cells(source.without))
    }
    table.append(["(all)"] + cells(entry.attribution.all) + ["-", "-"])
    table.append(["(interaction)", Self.points(entry.attribution.interaction), "-", "-", "-"])
    return table
  }

  /// Layer by layer: loss when the layer alone is quantized, and regret of its weights and its input.
  public func layerTable(_ entry: Entry) -> TextTable {
    var table = TextTable(columns: [
      .init("layer", .left), .init("alone: points"), .init("logits dB"), .init("regret w"), .init("regret a"),
    ])
    func regret(_ layer: String, _ tensor: TensorRegret.Tensor) -> String {
      guard let found = entry.regrets.first(where: { $0.layer == layer && $0.tensor == tensor }) else {
        return "-"
      }
      return found.regret.map { String(format: "%.3f", $0) } ?? "inf"
    }
    for layer in layers(entry) {
      let run = entry.sensitivities?.first { $0.layer == layer }?.run
      table.append([
        layer, run.map { Self.points($0.top1Change) } ?? "-", run.map(Self.decibels) ?? "-",
        regret(layer, .weights), regret(layer, .activations),
      ])
    }
    return table
  }

  private func layers(_ entry: Entry) -> [String] {
    let names = entry.sensitivities?.map(\.layer) ?? entry.regrets.map(\.layer)
    return names.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  private static func points(_ change: Double) -> String { String(format: "%+.2f", 100 * change) }

  private static func decibels(_ run: Attribution.Run) -> String {
    run.logitSignalToQuantizationNoiseInDecibels.map { String(format: "%.1f", $0) }
      ?? (run.isFloat32 ? "float32" : "-")
  }

  // MARK: Plots

  /// All plots, of figures that are there.
  public var plots: [PlotFiles] {
    [sourcePlot] + (entries.contains { !$0.regrets.isEmpty } ? [regretPlot] : [])
      + (sensitivityPlot.map { [$0] } ?? [])
  }

  private static let colours = [
    "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#7f7f7f",
  ]

  private var subject: String { "\(model), \(imageCount) images of \(data)" }

  /// Bars: what each source costs alone, one colour per configuration.
  private var sourcePlot: PlotFiles {
    let names = entries.first.map { $0.attribution.sources.map(\.source.rawValue) } ?? []
    let header = "source" + entries.map { "\t" + $0.label }.joined()
    func row(_ name: String, _ value: (Attribution) -> Double?) -> String {
      name + entries.map { "\t" + (value($0.attribution).map { "\(-100 * $0)" } ?? "nan") }.joined()
    }
    let rows =
      names.enumerated().map { index, name in row(name) { $0.change(by: $0.sources[index]) } }
      + [row("interaction", \.interaction), row("all", { $0.all.top1Change })]
    return bars(
      "attribution",
      title: "Top-1 points lost to each source alone (to an accumulator: on top of all others): \(subject)",
      label: "points lost",
      rows: [header] + rows
    )
  }

  /// Bars: what each layer costs alone.
  private var sensitivityPlot: PlotFiles? {
    guard let first = entries.first?.sensitivities else { return nil }
    let header = "layer" + entries.map { "\t" + $0.label }.joined()
    let rows = first.indices.map { index in
      first[index].layer
        + entries.map { entry in
          "\t" + (entry.sensitivities.map { "\(-100 * $0[index].run.top1Change)" } ?? "nan")
        }.joined()
    }
    return bars(
      "sensitivity",
      title: "Top-1 points lost when one layer alone is quantized: \(subject)",
      label: "points lost",
      rows: [header] + rows
    )
  }

  private func bars(_ name: String, title: String, label: String, rows: [String]) -> PlotFiles {
    let series = entries.indices.map { index in
      "\"\(name).tsv\" using \(index + 2):xtic(1) lc rgb \"\(Self.colours[index % Self.colours.count])\" "
        + "title columnhead(\(index + 2)) noenhanced"
    }
    let script = """
      # gnuplot \(name).gp   draws \(name).svg and \(name).png from \(name).tsv
      set datafile separator "\\t"
      set title \(GnuplotText.quoted(title)) noenhanced
      set style data histograms
      set style histogram clustered gap 1
      set style fill solid 0.9 border -1
      set ylabel "\(label)"
      set xtics rotate by -45 noenhanced
      set grid ytics lc rgb "#cccccc" lw 0.5
      set key top left box opaque
      set xzeroaxis lt -1
      set rmargin 8
      plots = 'plot \(series.joined(separator: ", "))'
      \(Self.terminals(name))
      """
    return PlotFiles(name: name, script: script + "\n", data: rows.joined(separator: "\n") + "\n")
  }

  /// Lines: regret over the layers, weights above, activations below, one colour per configuration.
  private var regretPlot: PlotFiles {
    let names = entries.map(layers).max { $0.count < $1.count } ?? []
    let rows = names.map { layer in
      layer
        + TensorRegret.Tensor.allCases.flatMap { tensor in
          entries.map { entry in
            let found = entry.regrets.first { $0.layer == layer && $0.tensor == tensor }
            return "\t" + (found?.regret.map { "\($0)" } ?? "nan")
          }
        }.joined()
    }
    func panel(_ tensor: Int, _ title: String) -> String {
      let series = entries.indices.map { index in
        "\"regret.tsv\" using 0:\(2 + tensor * entries.count + index):xtic(1) with linespoints pt 7 ps 0.7 "
          + "lc rgb \"\(Self.colours[index % Self.colours.count])\" "
          + "title \(GnuplotText.quoted(entries[index].label)) noenhanced"
      }
      return "set title \(GnuplotText.quoted(title)) noenhanced\nplot 1 lc rgb \"#888888\" notitle, \\\n  "
        + series.joined(separator: ", \\\n  ")
    }
    let panels = """
      set multiplot layout 2,1
      \(panel(0, "Regret of weights: " + subject))
      \(panel(1, "Regret of activations (the layers' inputs)"))
      unset multiplot
      """
    let script = """
      # gnuplot regret.gp   draws regret.svg and regret.png from regret.tsv
      set datafile separator "\\t"
      set ylabel "MSE / least MSE of as many levels"
      set logscale y 2
      set yrange [0.95:*]
      set rmargin 8
      set xtics rotate by -45 noenhanced
      set grid ytics xtics lc rgb "#cccccc" lw 0.5
      set key top left box opaque
      set terminal svg size 1400,1100 font "Helvetica,14" background rgb "white"
      set output "regret.svg"
      \(panels)
      set terminal pngcairo size 1400,1100 font "Helvetica,12" background rgb "white"
      set output "regret.png"
      \(panels)
      """
    return PlotFiles(name: "regret", script: script + "\n", data: rows.joined(separator: "\n") + "\n")
  }

  private static func terminals(_ name: String) -> String {
    """
    set terminal svg size 1400,700 font "Helvetica,14" background rgb "white"
    set output "\(name).svg"
    eval plots
    set terminal pngcairo size 1400,700 font "Helvetica,12" background rgb "white"
    set output "\(name).png"
    eval plots
    """
  }
}
