import Binade
import Foundation

/// A search of formats in words.
enum SearchText {
  /// Where the search is, for the line of an epoch.
  static func line(_ report: SearchReport) -> String {
    let bits = report.layers.flatMap { [$0.weightBits, $0.inputBits].compactMap { $0 } }
    let mean = bits.reduce(0, +) / Double(max(1, bits.count))
    return String(
      format: "%@ bits in the mean, cost %.4g of %.4g%@",
      String(format: "%.2f", mean),
      report.cost,
      report.budget,
      report.isChosen ? ", chosen" : ""
    )
  }

  /// What was chosen.
  static func closing(_ result: SearchResult) -> String {
    var table = TextTable(columns: [.init("layer"), .init("weights"), .init("inputs")])
    for layer in result.layers {
      table.append([layer.name, formats(layer), layer.inputs])
    }
    let pruned =
      result.prunedChannelCount == 0
      ? ""
      : "\(result.prunedChannelCount) channels pruned: \(result.multiplyAccumulateCount) products an image, of "
        + "\(result.unprunedMultiplyAccumulateCount)\n"
    return table.text + "\n" + pruned
      + String(
        format: "cost %.6g of %.6g (%@), %+.2f %%; ",
        result.cost,
        result.budget,
        result.costModel.rawValue,
        100 * (result.cost / result.budget - 1)
      )
      + String(
        format: "top-1 %.2f %% with mixtures of formats, %.2f %% with those chosen, before fine-tuning",
        100 * result.accuracyBefore,
        100 * result.accuracyAfter
      )
  }

  /// One format, or how many channels have which.
  private static func formats(_ layer: SearchResult.Layer) -> String {
    guard layer.weights.count > 1 else { return layer.weights.first ?? "" }
    var counts: [(name: String, count: Int)] = []
    for name in layer.weights {
      if let place = counts.firstIndex(where: { $0.name == name }) {
        counts[place].count += 1
      } else {
        counts.append((name, 1))
      }
    }
    guard counts.count > 1 else { return counts[0].name }
    return counts.sorted { ($0.name, $0.count) < ($1.name, $1.count) }.map { "\($0.count) x \($0.name)" }
      .joined(separator: ", ")
  }
}

/// What a search of formats ended with.
struct SearchResult: Codable {
  struct Layer: Codable {
    let name: String
    /// One, or one for each output channel.
    let weights: [String]
    let inputs: String
    /// In the mean over channels; nil where they were given.
    let weightBits: Double?, inputBits: Double?
  }

  let costModel: CostModel
  let budget: Double, cost: Double
  /// What was added to places before they were rounded to formats.
  let offset: Double
  /// On the evaluation images: with mixtures of formats, and right after formats were chosen.
  let accuracyBefore: Double, accuracyAfter: Double
  let layers: [Layer]
  /// Output channels that were pruned, and what an image costs without them and with them.
  let prunedChannelCount: Int
  let multiplyAccumulateCount: Int, unprunedMultiplyAccumulateCount: Int

  /// Nil as long as formats are searched.
  ///
  /// `graph`: of the network that is trained. `exported`: of that without pruned channels.
  init?(_ report: SearchReport, _ history: SearchHistory, graph: NetworkGraph, exported: NetworkGraph) {
    guard let offset = report.offset, let before = history.entries.last(where: { !$0.isChosen }),
      let after = history.entries.first(where: \.isChosen)
    else { return nil }
    (costModel, budget, cost, self.offset) = (report.costModel, report.budget, report.cost, offset)
    (accuracyBefore, accuracyAfter) = (before.accuracy, after.accuracy)
    func products(_ graph: NetworkGraph) -> Int {
      graph.weightedLayers.reduce(0) { $0 + $1.shape.multiplyAccumulateCount }
    }
    (multiplyAccumulateCount, unprunedMultiplyAccumulateCount) = (products(exported), products(graph))
    prunedChannelCount = report.layers.reduce(0) { sum, layer in
      sum + (layer.weights.count > 1 ? layer.weights.count { $0 == nil } : 0)
    }
    layers = report.layers.map { layer in
      Layer(
        name: layer.name,
        weights: layer.weights.map { $0?.format.name ?? (layer.weights.count > 1 ? "none" : "float32") },
        inputs: layer.inputs?.format.name ?? "float32",
        weightBits: layer.weightBits,
        inputBits: layer.inputBits
      )
    }
  }
}

/// Bits of each operand against steps, and the cost against the budget, one above the other.
struct SearchPlot {
  let files: PlotFiles

  init(_ history: SearchHistory, budget: Double) {
    let rows = history.entries.map { [Double($0.step), $0.cost / budget] + $0.bits }
    let curves = history.operands.enumerated().map { index, name in
      let isInputs = name.hasSuffix(".inputs")
      // Colours go from the first layer to the last.
      let share = Double(index) / Double(max(1, history.operands.count - 1))
      return
        "\"bits.tsv\" using 1:\(index + 3) with lines lw 1.5 dt \(isInputs ? 2 : 1) lc palette frac \(share) notitle"
    }
    let body = """
      set multiplot layout 2,1
      set grid lc rgb "#dddddd"
      set border lw 0.8
      set palette defined (0 "#0072b2", 0.5 "#cc79a7", 1 "#d55e00")
      unset colorbox
      set lmargin 10
      set ylabel "Cost / budget"
      set key right top
      plot "bits.tsv" using 1:2 with linespoints pt 7 ps 0.6 lw 2 lc rgb "#333333" notitle, 1 with lines dt 3 lc rgb "#888888" title "budget"
      set xlabel "Step"
      set ylabel "Bits"
      set key outside top center horizontal
      plot \(curves.joined(separator: ", \\\n  ")), \\
        1/0 with lines lw 1.5 dt 1 lc rgb "#333333" title "weights", \\
        1/0 with lines lw 1.5 dt 2 lc rgb "#333333" title "inputs", \\
        1/0 with lines lw 1.5 lc rgb "#0072b2" title "first layer", \\
        1/0 with lines lw 1.5 lc rgb "#d55e00" title "last layer"
      unset multiplot
      """
    files = PlotFiles(
      name: "bits",
      script: GnuplotText.pictures("bits", width: 800, height: 800, body),
      data: GnuplotText.rows(rows) + "\n"
    )
  }
}
