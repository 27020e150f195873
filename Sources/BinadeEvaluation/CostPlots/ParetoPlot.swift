import BinadeOutput
import Foundation

/// The plot of accuracy against cost: a gnuplot script, its data, and the pictures it draws.
///
/// Heights are changes against float32 on the same images, with intervals of the paired difference: what the images have in common
/// does not blur it. The axis is linear where changes are of the size of those intervals and logarithmic beyond, so that half a
/// point between good formats is as visible as fifty points of a bad one.
public struct ParetoPlot: Sendable {
  /// Script and data.
  public let files: PlotFiles

  /// A plot of `report`.
  ///
  /// The float32 network, what all others are measured against, is a line: its cost would stretch the axis for nothing.
  public init(_ report: ComparisonReport) {
    let others = report.results.indices.filter { !report.isReference(report.results[$0]) }
    let isAlone = others.isEmpty
    let points = (isAlone ? Array(report.results.indices) : others).map { Self.point(report, $0) }
    let (least, greatest) = (points.map(\.lower).reduce(0, min), points.map(\.upper).reduce(0, max))
    let float32 = report.results.first.map { 100 * ($0.top1Accuracy - $0.top1Change) } ?? 0
    let hasStandings = points.contains { $0.standing == .below }
    files =
      CostPlot(
        name: "pareto",
        title: "Accuracy against cost: \(report.subject)",
        caption:
          "heights: change against float32, linear near 0, logarithmic beyond; bars: 95 % of the paired difference",
        textTitle: "top-1 %",
        points: points,
        axis: CostPlot.Axis(
          title: "Top-1 accuracy (%)",
          scale: .symmetric(linear: Self.linear(points)),
          ticks: PlotTick.percentages(
            origin: float32,
            from: max(0, float32 + least),
            to: min(100, float32 + greatest)
          ),
          right: (
            "Change against float32 (points)",
            PlotTick.changes(from: least, to: greatest)
          )
        ),
        line: isAlone ? nil : (0, String(format: "float32: %.2f", float32)),
        noiseMeaning: "not significantly below the front",
        belowMeaning: hasStandings ? "below the front (p < \(FrontComparison.significanceLevel))" : nil,
        notes: []
      ).files
  }

  private static func point(_ report: ComparisonReport, _ index: Int) -> CostPlot.Point {
    let result = report.results[index]
    let change = 100 * result.top1Change
    // The float32 network itself has no difference to be unsure of.
    let isReference = result.outputs.meanDivergence == 0
    let isBelow = report.frontComparisons[index]?.isSignificantlyBelow == true
    return CostPlot.Point(
      cost: report.relativeCost(result),
      value: change,
      lower: isReference ? change : 100 * result.top1ChangeInterval.lower,
      upper: isReference ? change : 100 * result.top1ChangeInterval.upper,
      label: report.labels[index],
      family: result.family,
      standing: report.isOnFront[index] ? .onFront : isBelow ? .below : .withinNoise,
      text: String(format: "%.2f", 100 * result.top1Accuracy)
    )
  }

  /// Half of what a typical interval reaches to each side.
  private static func linear(_ points: [CostPlot.Point]) -> Double {
    let reaches = points.map { ($0.upper - $0.lower) / 2 }.filter { $0 > 0 }.sorted()
    return reaches.isEmpty ? 1 : reaches[reaches.count / 2] / 2
  }
}
