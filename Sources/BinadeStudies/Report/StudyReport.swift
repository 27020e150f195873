import BinadeEvaluation
import BinadeFormats
import BinadeNetworks
import BinadeOutput
import Foundation

/// The report of a study: what was asked for, what came out, how sure that is, and where it was made.
///
/// It is made of the store alone, so that it can be made again wherever the store goes.
public struct StudyReport {
  let name: String
  let status: ResultStore.StudyStatus?
  let runs: [ReportedRun]
  let points: [CurvePoint]
  let explanations: [Explanation]
  let catalog: FormatCatalog
  let threads: Int

  /// The report of a study, or of all runs of a store.
  ///
  /// `explanations`: where errors come from, as `binade explain` writes it. `catalog`: formats whose values are shown. Results do not depend on `threads`.
  ///
  /// Throws ``StoreError`` for a study that is not there.
  public init(
    of study: String?,
    in store: ResultStore,
    explanations: [Explanation] = [],
    catalog: FormatCatalog,
    threads: Int = 1
  )
    throws(StoreError)
  {
    let names = try store.studyNames()
    let chosen = study ?? (names.count == 1 ? names[0] : nil)
    status = try chosen.flatMap { name throws(StoreError) in try store.status(of: name).first }
    name = chosen ?? "All results of a store"
    let runs = try store.reportedRuns(ofStudy: chosen)
    let keys = Set(runs.map(\.key))
    self.runs = runs.filter { !$0.isOfTrainingImages }
    points = try CurvePoint.all(in: [store]).compactMap { $0.keeping(keys) }
    (self.explanations, self.catalog, self.threads) = (explanations, catalog, threads)
  }

  /// The page.
  public var report: Report {
    Report(
      title: name,
      lead: lead,
      sections: [
        Report.Section("Summary", [.list(summary)]), results, costs, bits, noise, attribution, significance,
        gaps,
        training,
        assignments, numberLines, failures, provenance,
      ].filter { !$0.blocks.isEmpty }
    )
  }

  /// Runs that have a result.
  var done: [ReportedRun] { runs.filter { $0.accuracy != nil } }
  /// Points on test images.
  var tested: [CurvePoint] { points.filter { !$0.isOfTrainingImages } }

  private var lead: String {
    guard let status else { return "\(runs.count) runs, Binade \(BinadeVersion.current)." }
    let left = status.pointCount - status.doneCount
    return "\(status.doneCount) of \(status.pointCount) runs are done"
      + (status.failedCount > 0 ? ", \(status.failedCount) of them without a result" : "")
      + (left > 0 ? "; \(left) are left, so what follows may change." : ".")
      + String(format: " %.1f hours of computing.", status.seconds / 3600)
  }

  /// The cost models, those left out that count all points as one before does.
  var costModels: [CostModel] {
    var seen: Set<[Double?]> = []
    return CostModel.allCases.filter { model in seen.insert(tested.map { $0.costs[model] }).inserted }
  }

  // MARK: Words

  /// What numbers say, in sentences.
  var summary: [String] {
    guard let best = tested.max(by: { $0.accuracy < $1.accuracy }) else {
      return ["No run has a result yet" + (status.map { ": \($0.pointCount) are asked for." } ?? ".")]
    }
    let interval = best.interval
    var sentences = [
      "The most accurate is \(Self.name(best)): \(Self.percent(best.accuracy)) % (95 %: \(Self.percent(interval.lowerBound)) to \(Self.percent(interval.upperBound)))."
    ]
    for model in costModels {
      let counted = tested.filter { $0.costs[model] != nil }
      guard counted.count > 1 else { continue }
      let members = ParetoFront.membership(
        counted.map { (cost: $0.costs[model] ?? 0, accuracy: $0.accuracy) }
      )
      let front = zip(counted, members).filter(\.1).map(\.0).sorted { $0.accuracy > $1.accuracy }
      guard let top = front.first, let near = front.last(where: { $0.accuracy >= top.accuracy - 0.01 }),
        let full = top.costs[model], let less = near.costs[model]
      else { continue }
      let share = less / full
      sentences.append(
        "\(Self.title(model)): \(front.count) of \(counted.count) points are beaten by none."
          + (share < 0.995
            ? " \(Self.name(near)) is within a point of the best at \(String(format: "%.2g", share)) of its cost."
            : "")
      )
    }
    let warned = done.count { $0.warnings != nil }
    if warned > 0 { sentences.append("\(warned) runs have warnings: see the results.") }
    return sentences
  }

  // MARK: Results

  private var results: Report.Section {
    let shaded = Self.shades(done.map(\.accuracy))
    let rows = zip(done, shaded).map { run, shade -> [Report.Table.Cell] in
      let interval = run.lower.flatMap { low in
        run.upper.map { "\(Self.percent(low)) to \(Self.percent($0))" }
      }
      return [
        .init(run.label), .init(run.model),
        .init(run.accuracy.map(Self.percent) ?? "-", value: run.accuracy, shade: shade),
        .init(interval ?? "-", value: run.lower),
        .init(run.change.map { String(format: "%+.2f", 100 * $0) } ?? "-", value: run.change),
        .init(run.changeProbability.map { String(format: "%.2g", $0) } ?? "-", value: run.changeProbability),
        .init(run.divergence.map { String(format: "%.1f", 1000 * $0) } ?? "-", value: run.divergence),
        .init(run.warnings ?? ""),
      ]
    }
    guard !rows.isEmpty else { return Report.Section("Results", []) }
    return Report.Section(
      "Results",
      [
        .table(
          Report.Table(
            "Top-1 accuracy with its 95 % interval, its change from the float32 network with McNemar's p, and the divergence from its softmax in thousandths of a nat",
            columns: [
              ("run", false), ("network", false), ("top-1 %", true), ("95 %", true), ("change", true),
              ("p", true),
              ("divergence", true), ("warnings", false),
            ],
            rows: rows
          )
        )
      ]
    )
  }

  private var failures: Report.Section {
    let failed = runs.filter { $0.failure != nil }
    guard !failed.isEmpty else { return Report.Section("Runs without a result", []) }
    return Report.Section(
      "Runs without a result",
      [
        .table(
          Report.Table(
            "What was asked for, and why there is no result",
            columns: [("run", false), ("reason", false)],
            rows: failed.map { [.init($0.label), .init($0.failure ?? "")] }
          )
        )
      ]
    )
  }

  private var provenance: Report.Section {
    let made = Dictionary(grouping: runs.filter { !$0.version.isEmpty }) { "\($0.version), \($0.features)" }
    let rows = made.sorted { $0.key < $1.key }.map { key, runs -> [Report.Table.Cell] in
      [
        .init("Binade \(key)"), .init("\(runs.count)", value: Double(runs.count)),
        .init(runs.map(\.startedAt).min() ?? ""), .init(runs.map(\.startedAt).max() ?? ""),
        .init(
          String(format: "%.2f", runs.reduce(0) { $0 + $1.seconds } / 3600),
          value: runs.reduce(0) { $0 + $1.seconds }
        ),
      ]
    }
    let keys = runs.map { [Report.Table.Cell($0.label), .init($0.key)] }
    guard !rows.isEmpty else { return Report.Section("Provenance", []) }
    return Report.Section(
      "Provenance",
      [
        .text(
          "Results are functions of what their keys stand for ('binade study show KEY' lists it): neither machine nor time changes them."
        ),
        .table(
          Report.Table(
            "Where and when runs were made",
            columns: [
              ("version and instruction sets", false), ("runs", true), ("first", false), ("last", false),
              ("hours", true),
            ],
            rows: rows
          )
        ),
        .table(Report.Table("Keys of runs", columns: [("run", false), ("key", false)], rows: keys)),
      ]
    )
  }

  // MARK: Texts

  static func percent(_ share: Double) -> String { String(format: "%.2f", 100 * share) }

  static func name(_ point: CurvePoint) -> String { "\(point.model), \(point.curve)" }

  static func title(_ model: CostModel) -> String {
    switch model {
    case .aqtQuadratic: "MACs x bits x bits (AQT, quadratic)"
    case .aqtLinear: "MACs x bits (AQT, linear)"
    case .bitOperations: "Bit operations"
    case .memoryBits: "Bits of weights and scales"
    }
  }

  /// 0 for the least to 1 for the greatest; nil for those that are missing, and where all are the same.
  static func shades(_ values: [Double?]) -> [Double?] {
    let known = values.compactMap { $0 }.filter(\.isFinite)
    guard let least = known.min(), let greatest = known.max(), greatest > least else {
      return values.map { _ in nil }
    }
    return values.map { $0.flatMap { $0.isFinite ? ($0 - least) / (greatest - least) : nil } }
  }
}

extension ReportedRun {
  /// Whether it was measured on training images.
  var isOfTrainingImages: Bool { data.split(separator: " ").contains("train") }
}

extension CurvePoint {
  /// 95 % of the accuracy, 0 to 1: Wilson's of a single run, which has a width at 0 and at 1 too; over images and seeds of several.
  var interval: ClosedRange<Double> {
    if let run = runs.first, runs.count == 1, run.isBinary {
      let wilson = WilsonInterval(successes: run.scores.count { $0 == 1 }, of: run.scores.count)
      return wilson.lower...wilson.upper
    }
    let half = 1.96 * standardError
    return max(0, accuracy - half)...min(1, accuracy + half)
  }

  /// The point with the runs among `keys` alone; nil where none is.
  fileprivate func keeping(_ keys: Set<String>) -> CurvePoint? {
    let kept = runs.filter { keys.contains($0.name) }
    return kept.isEmpty
      ? nil : CurvePoint(curve: curve, model: model, images: images, costs: costs, runs: kept)
  }
}
