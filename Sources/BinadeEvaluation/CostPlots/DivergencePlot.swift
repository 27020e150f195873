import BinadeOutput

/// The plot of the mean divergence from float32's outputs against cost, both on logarithmic axes.
public struct DivergencePlot: Sendable {
  /// Script and data.
  public let files: PlotFiles

  /// A plot of `report`; nil where no row has a divergence that could be drawn.
  ///
  /// A logarithm has no zero: rows with float32's very outputs are named beside the plot, as are rows without probabilities.
  public init?(_ report: ComparisonReport) {
    let drawn = report.results.indices.filter {
      let divergence = report.results[$0].outputs.meanDivergence
      return divergence > 0 && divergence.isFinite
    }
    guard !drawn.isEmpty else { return nil }
    let points = drawn.map { index in
      let outputs = report.results[index].outputs
      let value = 1000 * outputs.meanDivergence
      return CostPlot.Point(
        cost: report.relativeCost(report.results[index]),
        value: value,
        lower: max(1000 * outputs.meanDivergenceInterval.lower, value / 100),
        upper: min(1000 * outputs.meanDivergenceInterval.upper, value * 100),
        label: report.labels[index],
        family: report.results[index].family,
        standing: report.isOnDivergenceFront[index] ? .onFront : .withinNoise,
        text: OutputText.nats(outputs.meanDivergence)
      )
    }
    let ends = points.map(\.lower) + points.map(\.upper)
    files =
      CostPlot(
        name: "divergence",
        title: "Divergence from float32 against cost: \(report.subject)",
        caption:
          "Kullback-Leibler divergence of the softmax from float32's, mean over the images: less is better; bars: 95 %, bootstrap",
        textTitle: "divergence",
        points: points,
        axis: CostPlot.Axis(
          title: "Mean divergence from float32 (thousandths of a nat), log scale",
          scale: .logarithmic,
          ticks: PlotTick.decades(from: ends.min() ?? 1, to: ends.max() ?? 1)
        ),
        line: nil,
        noiseMeaning: "not on the front",
        belowMeaning: nil,
        notes: Self.notes(report)
      ).files
  }

  private static func notes(_ report: ComparisonReport) -> [String] {
    func names(_ isNamed: (Double) -> Bool) -> [String] {
      zip(report.labels, report.results).filter { isNamed($1.outputs.meanDivergence) }.map {
        CostPlot.shortened($0.0)
      }
    }
    return names { $0 == 0 }.map { "\($0): no divergence, not drawn" }
      + names { !$0.isFinite }.map { "\($0): NaN or infinity, not drawn" }
  }
}
