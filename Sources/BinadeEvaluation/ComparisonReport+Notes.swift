/// What a comparison says about its rows besides figures.
extension ComparisonReport {
  /// The marks of a row in the column `notes`: `z` a zero point, `!` a warning.
  func marks(_ result: EvaluationResult) -> String {
    (result.usesZeroPoint ? "z" : "") + (result.warnings.isEmpty ? "" : "!")
  }

  /// Whether tensors were quantized and every element kept its value.
  func hasMovedNothing(_ tensors: [EvaluationResult.TensorError?]) -> Bool {
    let quantized = tensors.compactMap { $0 }
    return !quantized.isEmpty
      && quantized.allSatisfy { $0.meanSquaredError == 0 && $0.nanCount + $0.infiniteCount == 0 }
  }

  /// What to write under the table: the warnings of each row, and why a row has no figures.
  public var remarks: [String] {
    var remarks = zip(labels, results).flatMap { label, result in
      result.warnings.map { "! \(label): \($0)" }
    }
    remarks += failures.map { "x \($0.label): \($0.failure)" }
    return remarks
  }

  /// All rows, those that could not run last.
  public var rows: [ComparisonRow] { results.map { .result($0) } + failures.map { .failure($0) } }

  /// The cells of a row without figures.
  func cells(_ failure: FailedRun, columnCount: Int) -> [String] {
    let bits =
      failure.weightBitWidth == failure.activationBitWidth
      ? "\(failure.weightBitWidth)" : "\(failure.weightBitWidth)/\(failure.activationBitWidth)"
    let figures = [String](repeating: "-", count: max(0, columnCount - 3))
    return [failure.label, bits] + figures + ["x"]
  }

  /// The CSV fields of a row without figures: what it is in front, why it has none at the end.
  func fields(_ failure: FailedRun, columns: [String]) -> [String] {
    let known = [
      "label": Self.quoted(failure.label), "weights": failure.weights, "activations": failure.activations,
      "ends": failure.ends ?? "", "recipe": failure.recipe ?? "",
      "weightBitWidth": "\(failure.weightBitWidth)", "activationBitWidth": "\(failure.activationBitWidth)",
      "failure": Self.quoted(failure.failure),
    ]
    return columns.map { known[$0] ?? "" }
  }

  /// A CSV field that may hold commas and quotes.
  static func quoted(_ text: String) -> String {
    text.isEmpty
      ? ""
      : "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}

extension EvaluationResult {
  /// Whether a quantizer shifts the values of its codes.
  public var usesZeroPoint: Bool {
    layers.contains { ($0.weights?.zeroPoint ?? 0) != 0 || ($0.activations?.zeroPoint ?? 0) != 0 }
  }
}
