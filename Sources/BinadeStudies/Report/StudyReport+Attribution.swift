import BinadeEvaluation
import BinadeOutput
import Foundation

/// Where errors come from, of explanations that are given beside the store.
extension StudyReport {
  /// The noise of the logits that each source makes alone, beside that of all together.
  var attribution: Report.Section {
    let charts = explanations.map { explanation in
      let groups = explanation.entries.map { entry -> (name: String, bars: [BarChart.Bar]) in
        let all = Self.noise(entry.attribution.all)
        let bars = entry.attribution.sources.map { source in
          BarChart.Bar(
            source.source.rawValue,
            share: source.alone.flatMap { alone in all > 0 ? Self.noise(alone) / all : nil },
            text: String(format: "%+.2f points", 100 * entry.attribution.change(by: source))
          )
        }
        return (
          "\(entry.label): \(String(format: "%+.2f", 100 * entry.attribution.all.top1Change)) points, all together",
          bars
        )
      }
      return Report.Block.bars(
        BarChart(
          "\(explanation.model), \(explanation.imageCount) images of \(explanation.data): noise of the logits by each source alone, as a share of that of all, and what it costs in top-1",
          groups
        )
      )
    }
    return Report.Section("Where the error comes from", charts)
  }

  /// The noise of the logits over their signal.
  private static func noise(_ run: Attribution.Run) -> Double {
    run.logitSignalToQuantizationNoiseInDecibels.map { pow(10, -$0 / 10) } ?? 0
  }
}
