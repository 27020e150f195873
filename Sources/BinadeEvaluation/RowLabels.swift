import BinadeQuantization

/// What the rows of a comparison are called: what tells them from one another, and no more.
struct RowLabels {
  /// One per row, all different.
  let labels: [String]
  /// What a reader would look for in the labels and all rows share; nil when there is no such thing.
  let common: String?

  init(_ results: [EvaluationResult]) {
    let rows = results.map(Row.init)
    let quantized = rows.filter { !$0.isFloat32 }
    let varying = Varying(quantized)
    var labels = rows.map { $0.isFloat32 ? "float32" : varying.label($0) }
    // Whole quantizers where that is not enough, then a number.
    for label in Set(labels) where labels.count(where: { $0 == label }) > 1 {
      for index in labels.indices where labels[index] == label { labels[index] = rows[index].whole }
    }
    var seen: [String: Int] = [:]
    for index in labels.indices {
      let count = seen[labels[index], default: 0] + 1
      seen[labels[index]] = count
      if count > 1 { labels[index] += " (\(count))" }
    }
    self.labels = labels
    common = varying.common(quantized)
  }

  /// A quantizer taken apart: `FORMAT[:GRANULARITY[:CALIBRATION[:ROUNDING]]]`, or `FORMAT:SCALES[:ROUNDING]` in blocks.
  private struct Quantizer {
    let format: String
    /// Nil under a recipe, and in float32.
    let details: [String]?

    init(_ text: String) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      let isBlock = parts.count > 1 && Granularity(rawValue: parts[1]) == nil
      // A block format with scales by another rule is another format to a reader.
      format = isBlock && parts[1] != "max" ? parts[0...1].joined(separator: ":") : parts[0]
      details = parts.count < 3 ? nil : [parts[1], parts[2], parts.count > 3 ? parts[3] : "nearestEven"]
    }
  }

  private struct Row {
    let weights: Quantizer
    let activations: Quantizer
    /// What a row may differ in besides: recipe, ends, formats by layer, accumulator.
    let others: [String]
    let whole: String
    let isFloat32: Bool

    init(_ result: EvaluationResult) {
      weights = Quantizer(result.weights)
      activations = Quantizer(result.activations)
      others = [
        result.recipe ?? "", result.ends.map { "ends \($0)" } ?? "", result.assignment ?? "",
        result.provenance.accumulator.map(Self.sums) ?? "",
      ]
      isFloat32 =
        result.weights == "float32" && result.activations == "float32" && others.allSatisfy(\.isEmpty)
      let operands =
        result.weights == result.activations
        ? result.weights : "\(result.weights) / \(result.activations)"
      whole = ([operands] + others.filter { !$0.isEmpty }).joined(separator: ", ")
    }

    /// An accumulator as part of a label; its own text may begin with the word.
    private static func sums(_ accumulator: String) -> String {
      accumulator.hasPrefix("sum ") ? "sums in \(accumulator.dropFirst(4))" : "sums in \(accumulator)"
    }
  }

  /// Which parts differ between rows.
  private struct Varying {
    let hasOneFormatEach: Bool
    let weights: Bool
    let activations: Bool
    let weightDetails: [Bool]
    let activationDetails: [Bool]
    let others: [Bool]

    init(_ rows: [Row]) {
      func differs(_ part: (Row) -> String?) -> Bool { Set(rows.compactMap(part)).count > 1 }
      hasOneFormatEach = rows.allSatisfy { $0.weights.format == $0.activations.format }
      weights = differs(\.weights.format)
      activations = differs(\.activations.format)
      weightDetails = (0..<3).map { part in differs { $0.weights.details?[part] } }
      activationDetails = (0..<3).map { part in differs { $0.activations.details?[part] } }
      others = (0..<(rows.first?.others.count ?? 0)).map { part in differs { $0.others[part] } }
    }

    func label(_ row: Row) -> String {
      var words = [formats(row)]
      for part in 0..<3 {
        words.append(
          side(
            row.weights.details?[part],
            weightDetails[part],
            row.activations.details?[part],
            activationDetails[part]
          )
        )
      }
      let operands = words.filter { !$0.isEmpty }.joined(separator: " ")
      let extras = zip(row.others, others).filter { $1 }.map { $0.0.isEmpty ? "" : $0.0 }
      let label = ([operands] + extras).filter { !$0.isEmpty }.joined(separator: ", ")
      // A single row, or the one that has none of the extras.
      return label.isEmpty ? Self.both(row.weights.format, row.activations.format) : label
    }

    private func formats(_ row: Row) -> String {
      if hasOneFormatEach { return weights ? row.weights.format : "" }
      if weights && activations { return Self.both(row.weights.format, row.activations.format) }
      return weights ? "w \(row.weights.format)" : activations ? "a \(row.activations.format)" : ""
    }

    private func side(
      _ weight: String?,
      _ weightVaries: Bool,
      _ activation: String?,
      _ activationVaries: Bool
    )
      -> String
    {
      switch (weightVaries ? weight : nil, activationVaries ? activation : nil) {
      case (nil, nil): ""
      case (let weight?, nil): "w \(weight)"
      case (nil, let activation?): "a \(activation)"
      case (let weight?, let activation?):
        weight == activation ? weight : "w \(weight) / a \(activation)"
      }
    }

    private static func both(_ weights: String, _ activations: String) -> String {
      weights == activations ? weights : "\(weights) / \(activations)"
    }

    /// The formats that labels leave out.
    func common(_ rows: [Row]) -> String? {
      guard rows.count > 1, let row = rows.first else { return nil }
      switch (weights, activations) {
      case (false, false):
        return hasOneFormatEach
          ? "weights and activations \(row.weights.format)"
          : "weights \(row.weights.format), activations \(row.activations.format)"
      case (true, false): return "activations \(row.activations.format)"
      case (false, true): return "weights \(row.weights.format)"
      case (true, true): return nil
      }
    }
  }
}
