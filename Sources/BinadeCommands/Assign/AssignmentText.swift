import Binade
import Foundation

/// A search in words.
enum AssignmentText {
  static func text(of report: AssignmentReport) -> String {
    var parts = [table(of: report).text]
    if let only = report.assignments.first, report.assignments.count == 1 {
      parts.append("\n" + only.assignment)
    }
    parts.append("\n" + sentence(of: report).visible())
    let warnings = (report.assignments + report.uniform).flatMap { row in
      row.warnings.map { "\(row.name): \($0)" }
    }
    let failures = report.failures.map { "\($0.name) cannot run: \($0.failure.visible())" }
    if !failures.isEmpty { parts.append("\n" + failures.joined(separator: "\n")) }
    if !warnings.isEmpty { parts.append("\n" + warnings.joined(separator: "\n")) }
    return parts.joined(separator: "\n") + "\n"
  }

  static func table(of report: AssignmentReport) -> TextTable {
    var table = TextTable(columns: [
      .init("formats", .left), .init(report.costModel.rawValue), .init("bits w"), .init("bits a"),
      .init("predicted nats"),
      .init("nats"), .init("top-1"), .init("95 %"), .init("against the same everywhere", .left),
    ])
    let rows = (report.assignments + report.uniform).sorted {
      // What is the same everywhere stands above what was assigned for its cost.
      ($0.budget ?? $0.cost, $0.budget == nil ? 0 : 1) < ($1.budget ?? $1.cost, $1.budget == nil ? 0 : 1)
    }
    for row in rows {
      let comparisons = report.comparisons.filter { row.budget != nil && $0.budget == row.budget }
      table.append([
        row.budget == nil ? "\(row.name) everywhere" : "assigned",
        "\(row.cost)",
        String(format: "%.2f", row.meanWeightBits),
        String(format: "%.2f", row.meanInputBits),
        String(format: "%.3g", row.predictedDivergence),
        String(format: "%.3g", row.divergence),
        percent(row.top1Accuracy) + " %",
        "\(percent(row.top1Interval.lower)) to \(percent(row.top1Interval.upper))",
        comparisons.map(text).joined(separator: "; "),
      ])
    }
    return table
  }

  private static func text(of comparison: AssignmentReport.Comparison) -> String {
    "\(String(format: "%+.2f", 100 * comparison.top1Change)) to \(comparison.uniform)"
      + (comparison.mcNemar.pValue > 0
        ? ", p = \(String(format: "%.2g", comparison.mcNemar.pValue))" : ", p < 1e-300")
  }

  /// What the table says.
  static func sentence(of report: AssignmentReport) -> String {
    let corrected = HolmCorrection.corrected(report.comparisons.map(\.mcNemar.pValue))
    let significant = zip(report.comparisons, corrected).filter { $0.1 < 0.05 }.map(\.0)
    let worse = significant.filter { $0.top1Change < 0 }.map(\.uniform)
    let better = significant.filter { $0.top1Change > 0 }.map(\.uniform)
    let verdict =
      report.comparisons.isEmpty
      ? ""
      : "At the cost of \(report.comparisons.map(\.uniform).joined(separator: ", ")) everywhere, assigned formats are (5 %, Holm) "
        + (better.isEmpty
          ? "significantly better nowhere" : "significantly better for \(better.joined(separator: ", "))")
        + (worse.isEmpty
          ? ", significantly worse nowhere." : ", significantly worse for \(worse.joined(separator: ", ")).")
    return """
      \(report.imageCount) images of \(report.data), float32 \(percent(report.float32Accuracy)) %; divergences on \
      \(report.sensitivityImages); \(report.frontCount) assignments are beaten by none. \(verdict)
      """
  }

  private static func percent(_ share: Double) -> String { String(format: "%.2f", 100 * share) }
}

/// The curve over costs.
enum AssignmentPlot {
  /// The curve of what was assigned and that of the same formats everywhere; nil for a single point.
  static func files(_ report: AssignmentReport) -> PlotFiles? {
    guard report.assignments.count > 1 else { return nil }
    func points(_ rows: [AssignmentReport.Row], _ curve: String) -> [CurvePoint] {
      rows.map {
        CurvePoint(
          curve: curve,
          model: report.model,
          images: report.data,
          costs: [report.costModel: Double($0.cost)],
          runs: [ItemScores(name: $0.name, isRight: $0.top1Outcomes.isRight)]
        )
      }
    }
    return CurvesPlot(
      points(report.assignments, "assigned layer by layer") + points(report.uniform, "the same everywhere"),
      report.costModel
    )?.files
  }
}
