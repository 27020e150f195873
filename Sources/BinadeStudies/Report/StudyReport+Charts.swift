import BinadeEvaluation
import BinadeNetworks
import BinadeOutput

/// What can be seen of the results.
extension StudyReport {
  /// More series than this cannot be told apart in a chart.
  private static let seriesLimit = 32

  /// Accuracy over cost, in each cost model.
  var costs: Report.Section {
    let charts = costModels.compactMap { model -> Report.Block? in
      let counted = tested.filter { $0.costs[model] != nil }
      guard counted.count > 1 else { return nil }
      let members = ParetoFront.membership(
        counted.map { (cost: $0.costs[model] ?? 0, accuracy: $0.accuracy) }
      )
      let front = zip(counted, members).filter(\.1).map { Self.point($0.0, $0.0.costs[model] ?? 0) }
      let (curves, left) = Self.curves(counted) { Self.point($0, $0.costs[model] ?? 0) }
      return Chart(
        "Accuracy over cost: \(Self.title(model)); bars are 95 % over images and seeds\(left)",
        x: (Self.title(model), true),
        y: ("Top-1 (%)", false),
        [
          Chart.Series(
            "beaten by none",
            front.map { Chart.Point(x: $0.x, y: $0.y) },
            line: .steps,
            hasMarks: false
          )
        ] + curves
      ).map { .chart($0) }
    }
    return Report.Section("Accuracy and cost", charts)
  }

  /// Accuracy and divergence over bits of weights.
  var bits: Report.Section {
    let known = done.filter { $0.weightBitWidth != nil }
    guard Set(known.compactMap(\.weightBitWidth)).count > 1 else { return Report.Section("Bits", []) }
    func series(_ value: (ReportedRun) -> Chart.Point?) -> [Chart.Series] {
      let models = Set(known.map(\.model)).sorted()
      return models.map { model in Chart.Series(model, known.filter { $0.model == model }.compactMap(value)) }
    }
    let accuracy = Chart(
      "Accuracy over bits of weights",
      x: ("Bits of weights", false),
      y: ("Top-1 (%)", false),
      series { run in
        guard let bits = run.weightBitWidth, let accuracy = run.accuracy, let low = run.lower,
          let high = run.upper,
          low <= high
        else { return nil }
        return Chart.Point(x: bits, y: 100 * accuracy, interval: 100 * low...100 * high, note: run.label)
      }
    )
    let divergence = Chart(
      "Divergence from the float32 network over bits of weights",
      x: ("Bits of weights", false),
      y: ("Divergence (thousandths of a nat)", true),
      series { run in
        guard let bits = run.weightBitWidth, let divergence = run.divergence else { return nil }
        return Chart.Point(x: bits, y: 1000 * divergence, note: run.label)
      }
    )
    return Report.Section("Bits", [accuracy, divergence].compactMap { $0.map { .chart($0) } })
  }

  /// Curves of training.
  var training: Report.Section {
    let trained = done.filter { $0.epochs.count > 1 }
    guard !trained.isEmpty else { return Report.Section("Training", []) }
    let shown = trained.prefix(Self.seriesLimit)
    let left = trained.count > shown.count ? "; the first \(shown.count) of \(trained.count) runs" : ""
    func chart(
      _ title: String,
      _ axis: String,
      _ isLogarithmic: Bool,
      _ value: (ReportedRun.Epoch) -> Double?
    ) -> Report.Block? {
      Chart(
        title + left,
        x: ("Epoch", false),
        y: (axis, isLogarithmic),
        shown.map { run in
          Chart.Series(
            "\(run.model), \(run.label)",
            run.epochs.compactMap { epoch in value(epoch).map { Chart.Point(x: Double(epoch.number), y: $0) }
            },
            line: .straight
          )
        }
      ).map { .chart($0) }
    }
    return Report.Section(
      "Training",
      [
        chart("Top-1 on test images after each epoch", "Top-1 (%)", false) { $0.accuracy.map { 100 * $0 } },
        chart("Loss on training images", "Loss", true) { $0.loss },
      ].compactMap { $0 }
    )
  }

  private static func point(_ point: CurvePoint, _ cost: Double) -> Chart.Point {
    let interval = point.interval
    return Chart.Point(
      x: cost,
      y: 100 * point.accuracy,
      interval: 100 * interval.lowerBound...100 * interval.upperBound,
      note: "\(point.model)" + (point.runs.count > 1 ? ", \(point.runs.count) runs" : "")
    )
  }

  /// A series for each configuration, the most accurate first where they are many; and what is said of those that are left out.
  private static func curves(_ points: [CurvePoint], _ place: (CurvePoint) -> Chart.Point) -> (
    [Chart.Series], String
  ) {
    let groups = Dictionary(grouping: points, by: \.curve)
    let ranked = groups.keys.sorted { first, second in
      let (a, b) = (groups[first]?.map(\.accuracy).max() ?? 0, groups[second]?.map(\.accuracy).max() ?? 0)
      return (b, first) < (a, second)
    }
    let shown = ranked.prefix(seriesLimit)
    let left =
      ranked.count > shown.count ? "; the \(shown.count) most accurate of \(ranked.count) configurations" : ""
    return (shown.map { Chart.Series($0, (groups[$0] ?? []).map(place), line: .straight) }, left)
  }
}
