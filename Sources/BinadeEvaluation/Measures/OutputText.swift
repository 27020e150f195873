import Foundation

/// Measures of outputs as cells, lines and fields.
///
/// For people nats are in thousandths: the divergences of 8-bit formats are of that size.
public enum OutputText {
  /// Eight cells: each of the four measures with its interval.
  static func cells(_ outputs: OutputMeasures) -> [String] {
    [
      nats(outputs.meanDivergence), range(outputs.meanDivergenceInterval, nats),
      nats(outputs.percentile99Divergence), range(outputs.percentile99DivergenceInterval, nats),
      percent(outputs.agreement), range(outputs.agreementInterval, percent),
      change(outputs.crossEntropyChange), range(outputs.crossEntropyChangeInterval, change),
    ]
  }

  /// A line per measure.
  public static func lines(_ outputs: OutputMeasures) -> [String] {
    let lines = [
      "divergence   \(nats(outputs.meanDivergence)) thousandths of a nat from float32's softmax in the mean  (95 %: "
        + "\(words(outputs.meanDivergenceInterval, nats))); 99th percentile \(nats(outputs.percentile99Divergence))  (95 %: "
        + "\(words(outputs.percentile99DivergenceInterval, nats)))",
      "agreement    \(percent(outputs.agreement)) % of the images have float32's class  (95 %: "
        + "\(words(outputs.agreementInterval, percent)))",
      "cross-entropy \(String(format: "%.5g", outputs.crossEntropy)) nats, \(change(outputs.crossEntropyChange)) "
        + "thousandths against float32  (95 %: \(words(outputs.crossEntropyChangeInterval, change)))",
    ]
    return lines + (warning(outputs).map { ["warning      \($0)"] } ?? [])
  }

  /// What to say about images without probabilities; nil when there are none.
  public static func warning(_ outputs: OutputMeasures) -> String? {
    guard outputs.nonFiniteImageCount > 0 else { return nil }
    return
      "\(outputs.nonFiniteImageCount) images have a NaN or an infinity among their logits: no probabilities, "
      + "an infinite divergence"
  }

  private struct Measure {
    let name: String
    let value: Double
    let interval: BootstrapInterval
  }

  private static func measures(_ outputs: OutputMeasures) -> [Measure] {
    [
      Measure(
        name: "meanDivergence",
        value: outputs.meanDivergence,
        interval: outputs.meanDivergenceInterval
      ),
      Measure(
        name: "percentile99Divergence",
        value: outputs.percentile99Divergence,
        interval: outputs.percentile99DivergenceInterval
      ),
      Measure(name: "agreement", value: outputs.agreement, interval: outputs.agreementInterval),
      Measure(
        name: "crossEntropyChange",
        value: outputs.crossEntropyChange,
        interval: outputs.crossEntropyChangeInterval
      ),
    ]
  }

  /// Fields of a table of results: names and values.
  static func csvFields(_ outputs: OutputMeasures) -> [(name: String, value: String)] {
    measures(outputs).flatMap { measure in
      [
        (measure.name, "\(measure.value)"), (measure.name + "Lower", "\(measure.interval.lower)"),
        (measure.name + "Upper", "\(measure.interval.upper)"),
      ]
    } + [
      ("crossEntropy", "\(outputs.crossEntropy)"), ("nonFiniteImageCount", "\(outputs.nonFiniteImageCount)"),
    ]
  }

  private static func range(_ interval: BootstrapInterval, _ text: (Double) -> String) -> String {
    "\(text(interval.lower))..\(text(interval.upper))"
  }

  private static func words(_ interval: BootstrapInterval, _ text: (Double) -> String) -> String {
    "\(text(interval.lower)) to \(text(interval.upper))"
  }

  /// Three digits of thousandths of a nat.
  static func nats(_ value: Double) -> String { digits(1000 * value, sign: false) }

  private static func change(_ value: Double) -> String { digits(1000 * value, sign: true) }

  private static func percent(_ value: Double) -> String { String(format: "%.2f", 100 * value) }

  /// Three digits; without an exponent from 0.001 to a million.
  private static func digits(_ value: Double, sign: Bool) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : sign ? "+inf" : "inf" }
    let places = 2 - Int(log10(abs(value)).rounded(.down))
    let mark = sign ? "+" : ""
    if places > 5 { return String(format: "%\(mark).2e", value) }
    return String(format: "%\(mark).\(max(0, places))f", value)
  }
}
