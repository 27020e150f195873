import Foundation

extension ComparisonReport {
  /// What the comparison found, in sentences.
  ///
  /// Which format is the cheapest without a significant loss, which rows chance may have put below the front, and which of the
  /// formats at that cost is nearest to float32's outputs.
  public var findings: [String] {
    let rows = results.indices.filter { !isReference(results[$0]) }
    guard !rows.isEmpty else { return [] }
    // Results are in the order of cost.
    guard let cheapest = rows.first(where: { !hasSignificantLoss(results[$0]) }) else {
      return [allLose(rows)] + withinNoise
    }
    return [lossSentence(cheapest)] + withinNoise + [nearest(cheapest, rows)].compactMap { $0 }
  }

  /// Whether the row is the float32 network that others are measured against.
  func isReference(_ result: EvaluationResult) -> Bool {
    result.weights == "float32" && result.activations == "float32" && result.recipe == nil
      && result.provenance.accumulator == nil
  }

  private func hasSignificantLoss(_ result: EvaluationResult) -> Bool {
    result.top1Change < 0 && result.mcNemar.pValue < FrontComparison.significanceLevel
  }

  private func lossSentence(_ index: Int) -> String {
    let result = results[index]
    let change = result.top1Change < 0 ? "loss" : "change"
    return
      "\(labels[index]) is the cheapest format whose loss against float32 is not significant: a \(change) of "
      + "\(changeText(result)), at \(String(format: "%.3g", relativeCost(result))) times bfloat16's cost."
  }

  private func allLose(_ rows: [Int]) -> String {
    let best = rows.max { results[$0].top1Accuracy < results[$1].top1Accuracy } ?? rows[0]
    return "Every format loses significantly against float32; the least is lost by \(labels[best]): "
      + "\(changeText(results[best])), at \(String(format: "%.3g", relativeCost(results[best]))) times bfloat16's cost."
  }

  private func changeText(_ result: EvaluationResult) -> String {
    let interval = result.top1ChangeInterval
    return String(
      format: "%+.2f points (95 %%: %+.2f to %+.2f, p ",
      100 * result.top1Change,
      100 * interval.lower,
      100 * interval.upper
    ) + (result.mcNemar.pValue < 0.001 ? "< 0.001)" : String(format: "= %.3f)", result.mcNemar.pValue))
  }

  private var withinNoise: [String] {
    let names = results.indices.filter {
      frontComparisons[$0]?.isSignificantlyBelow == false && !isReference(results[$0])
    }.map { labels[$0] }
    guard let first = names.first else { return [] }
    if names.count == 1 {
      return [
        "\(first) is not on the front, but not significantly below it either: chance may have put it there."
      ]
    }
    let shown =
      names.prefix(8).joined(separator: "; ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
    return [
      "\(names.count) rows are not on the front, but not significantly below it either, so that chance may have put them there: "
        + "\(shown)."
    ]
  }

  /// Of the rows that cost as much as `index`, the one with the least divergence, and the next.
  private func nearest(_ index: Int, _ rows: [Int]) -> String? {
    let cost = results[index].cost.bitOperations
    let rivals = rows.filter {
      results[$0].cost.bitOperations == cost && results[$0].outputs.meanDivergence.isFinite
    }.sorted { results[$0].outputs.meanDivergence < results[$1].outputs.meanDivergence }
    guard rivals.count > 1 else { return nil }
    func divergence(_ index: Int) -> String {
      let outputs = results[index].outputs
      return
        "\(OutputText.nats(outputs.meanDivergence)) (95 %: \(OutputText.nats(outputs.meanDivergenceInterval.lower)) to "
        + "\(OutputText.nats(outputs.meanDivergenceInterval.upper)))"
    }
    return
      "Of the \(rivals.count) formats at that cost, \(labels[rivals[0]]) is nearest to float32's outputs: "
      + "a divergence of \(divergence(rivals[0])) thousandths of a nat; next \(labels[rivals[1]]), \(divergence(rivals[1]))."
  }
}
