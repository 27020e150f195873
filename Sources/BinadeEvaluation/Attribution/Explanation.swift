import BinadeNetworks
import BinadeOutput
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
  /// One per configuration that ran.
  public let entries: [Entry]
  /// Configurations that cannot run on this network, with the reasons.
  public let failures: [FailedRun]

  /// Creates an explanation of runs of `experiment`, by a recipe if there is one.
  public init(
    _ experiment: Experiment,
    recipe: PostTrainingRecipe? = nil,
    entries: [Entry],
    failures: [FailedRun] = []
  ) {
    model = experiment.model.name
    data = experiment.evaluator.images.name
    imageCount = experiment.imageCount
    calibrationImages = experiment.calibrationOrigin(recipe)
    binadeVersion = BinadeVersion.current
    self.entries = entries
    self.failures = failures
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
      return found.regret.map { String(format: "%.3f", $0) } ?? "-"
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

  /// What the table leaves out of the regrets, in a sentence; nil when nothing is.
  public func leftOut(_ entry: Entry) -> String? {
    let channels = entry.regrets.reduce(0) { $0 + $1.leftOutChannelCount }
    guard channels > 0 else { return nil }
    let tensors = entry.regrets.filter { $0.leftOutChannelCount > 0 }
    let without = tensors.filter { $0.regret == nil }.count
    return
      "\(channels) channels of \(tensors.count) tensors have no more different values than the format has levels: "
      + "a codebook holds them without error, so they are left out of the regret"
      + (without > 0 ? " (-: all channels of \(without) tensors)." : ".")
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
    let rows =
      names.enumerated().map { index, name in
        Bars(name: name) { entry in
          let source = entry.attribution.sources[index]
          return Bar(source.alone) ?? Bar(change: entry.attribution.change(by: source))
        }
      }
      + [
        Bars(name: "interaction") { Bar(change: $0.attribution.interaction) },
        Bars(name: "all") { Bar($0.attribution.all) },
      ]
    return bars(
      "attribution",
      title: "Top-1 points lost to each source alone (to an accumulator: on top of all others): \(subject)",
      rows: rows
    )
  }

  /// Bars: what each layer costs alone.
  private var sensitivityPlot: PlotFiles? {
    guard let first = entries.first?.sensitivities else { return nil }
    return bars(
      "sensitivity",
      title: "Top-1 points lost when one layer alone is quantized: \(subject)",
      rows: first.indices.map { index in
        Bars(name: first[index].layer) { entry in entry.sensitivities.flatMap { Bar($0[index].run) } }
      }
    )
  }

  /// Points lost, with the ends of the interval; without width where none is known.
  private struct Bar {
    let lost: Double
    let least: Double
    let most: Double

    init?(_ run: Attribution.Run?) {
      guard let run else { return nil }
      lost = Self.points(run.top1Change)
      // Runs that are float32 have nothing to be unsure of.
      least = run.isFloat32 ? lost : Self.points(run.top1ChangeInterval.upper)
      most = run.isFloat32 ? lost : Self.points(run.top1ChangeInterval.lower)
    }

    init(change: Double) {
      lost = Self.points(change)
      (least, most) = (lost, lost)
    }

    private static func points(_ change: Double) -> Double { change == 0 ? 0 : -100 * change }
  }

  /// The bars of one source or layer.
  private struct Bars {
    let name: String
    let bar: (Entry) -> Bar?
  }

  private func bars(_ name: String, title: String, rows: [Bars]) -> PlotFiles {
    let header =
      "# \(name)" + entries.map { "\t\(GnuplotText.quoted($0.label))\tfrom\tto" }.joined()
    let data = rows.map { row in
      row.name
        + entries.map { entry in
          guard let bar = row.bar(entry) else { return "\tnan\tnan\tnan" }
          return "\t\(bar.lost)\t\(bar.least)\t\(bar.most)"
        }.joined()
    }
    let series = entries.indices.map { index in
      "data using \(3 * index + 2):\(3 * index + 3):\(3 * index + 4):xtic(1) "
        + "lc rgb \"\(Self.colours[index % Self.colours.count])\" "
        + "title \(GnuplotText.quoted(entries[index].label)) noenhanced"
    }
    let script = """
      # gnuplot \(name).gp   draws \(name).svg and \(name).png from \(name).tsv
      set datafile separator "\\t"
      data = \(GnuplotText.quoted(name + ".tsv"))
      set title \(GnuplotText.quoted(title)) noenhanced
      set style data histograms
      set style histogram errorbars gap 1 lw 1
      set bars 0.6
      set style fill solid 0.75 border -1
      set ylabel "points lost (whiskers: 95 %, paired)"
      set autoscale yfix
      set xtics rotate by -45 noenhanced nomirror
      set grid ytics lt 1 lc rgb "#e0e0e0" lw 0.5
      set key tmargin center horizontal
      set xzeroaxis lt -1
      set offsets 0, 0, graph 0.05, graph 0.05
      set rmargin 8

      """
    return PlotFiles(
      name: name,
      script: script
        + GnuplotText.pictures(
          name,
          width: 1400,
          height: 700,
          "plot " + series.joined(separator: ", \\\n  ")
        ),
      data: ([header] + data).joined(separator: "\n") + "\n"
    )
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
      set key tmargin center horizontal
      \(panel(0, "Regret of weights: " + subject))
      unset key
      \(panel(1, "Regret of activations (the layers' inputs)"))
      unset multiplot
      """
    let script =
      """
      # gnuplot regret.gp   draws regret.svg and regret.png from regret.tsv
      set datafile separator "\\t"
      set ylabel "MSE / least MSE of as many levels"
      set logscale y 2
      set yrange [0.95:*]
      set xrange [-0.5:\(Double(names.count) - 0.5)]
      set rmargin 8
      set xtics rotate by -45 noenhanced nomirror
      set grid ytics xtics lt 1 lc rgb "#e0e0e0" lw 0.5

      """ + GnuplotText.pictures("regret", width: 1400, height: 1100, panels)
    return PlotFiles(name: "regret", script: script, data: rows.joined(separator: "\n") + "\n")
  }
}
