import Binade
import Foundation

/// A run in words.
enum TrainingText {
  /// One epoch, while the run goes on.
  static func line(_ epoch: TrainingHistory.Epoch, of count: Int) -> String {
    String(
      format: "epoch %d/%d  loss %.4f  training top-1 %.2f %%  top-1 %@",
      epoch.epoch,
      count,
      epoch.loss,
      100 * epoch.trainingAccuracy,
      epoch.accuracy.map { String(format: "%.2f %%", 100 * $0) } ?? "-"
    )
  }

  /// A row per epoch; of long runs the first, the last and evenly spaced ones between.
  static func table(_ history: TrainingHistory) -> TextTable {
    var table = TextTable(columns: [
      .init("epoch"), .init("step"), .init("rate"), .init("loss"), .init("training top-1"), .init("top-1"),
    ])
    let count = history.epochs.count
    let shown = count <= 20 ? Array(0..<count) : (0..<20).map { $0 * (count - 1) / 19 }
    for epoch in shown.map({ history.epochs[$0] }) {
      table.append([
        "\(epoch.epoch)", "\(epoch.step)", String(format: "%.4g", epoch.learningRate),
        String(format: "%.4f", epoch.loss), String(format: "%.2f %%", 100 * epoch.trainingAccuracy),
        epoch.accuracy.map { String(format: "%.2f %%", 100 * $0) } ?? "-",
      ])
    }
    return table
  }

  /// What came of a run, and where it lies.
  static func closing(_ result: TrainingResult, _ output: OutputFolder) -> String {
    var lines: [String] = []
    if let accuracy = result.accuracy, let interval = result.accuracyInterval {
      lines.append(
        String(
          format: "top-1 %.2f %%  (95 %%: %.2f to %.2f) on %@",
          100 * accuracy,
          100 * interval.lower,
          100 * interval.upper,
          result.evaluationData
        )
      )
    }
    if let best = result.bestEpoch, best != result.epochs.last?.epoch {
      lines.append("best after epoch \(best), chosen on the evaluation images: best.safetensors")
    }
    if let serving = result.serving { lines.append(serving.sentence) }
    if let search = result.search { lines.append(SearchText.closing(search)) }
    if let folding = result.folding { lines.append(folding.sentence) }
    if let rate = result.imagesPerSecond {
      lines.append(String(format: "%.0f images/s, evaluation included", rate))
    }
    lines.append(
      "written: "
        + output.names(
          ["model.safetensors", "history.csv", "history.svg", "results.json"]
            + (result.search == nil ? [] : ["assignment.yaml", "bits.csv", "bits.svg"])
        )
    )
    return lines.joined(separator: "\n")
  }

  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "-" }
    let whole = Int(seconds.rounded())
    if whole < 120 { return "\(whole) s" }
    return whole < 7200 ? "\(whole / 60) min" : "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}

/// A run as JSON has it.
struct TrainingResult: Codable {
  struct Provenance: Codable {
    let binadeVersion: String
    let cpuFeatures: [String]
    let threads: Int
    let kernel: String
  }

  let architecture: String
  let trainingData: String
  let evaluationData: String
  /// YAML.
  let recipe: String
  let epochs: [TrainingHistory.Epoch]
  let stepCount: Int
  let isDone: Bool
  let accuracy: Double?
  let accuracyInterval: WilsonInterval?
  let bestEpoch: Int?
  /// Of quantized runs: the deployed network beside the training forward.
  let serving: ServingCheck?
  /// Of others: batch norm folded into weights beside batch norm behind the sums.
  let folding: FoldingCheck?
  /// Of runs that searched formats: what was chosen.
  let search: SearchResult?
  let imagesPerSecond: Double?
  let provenance: Provenance
}
