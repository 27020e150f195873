import BinadeNetworks
import BinadeOutput
import Foundation

/// Formats compared on one network: rows by cost, and which of them nothing beats.
public struct ComparisonReport: Sendable {
  /// Results, cheapest first.
  public let results: [EvaluationResult]
  /// Configurations that could not run, in the order given.
  public let failures: [FailedRun]
  /// Per result, whether it is on the Pareto front of cost and accuracy.
  public let isOnFront: [Bool]
  /// Per result that is not on the front, how it compares with the front at its cost, image by image.
  public let frontComparisons: [FrontComparison?]
  /// Per result, whether it is on the Pareto front of cost and mean divergence from float32's outputs.
  public let isOnDivergenceFront: [Bool]
  /// The cost of the network with bfloat16 everywhere, in bit operations.
  public let bfloat16BitOperations: Int
  /// Per result what tells it from the others: the format, where weights and activations have the same one.
  public let labels: [String]
  /// What labels leave out because all rows share it; nil when there is nothing to look for.
  public let commonLabel: String?

  /// Sorts `results` by bit operations, then by memory.
  public init(_ results: [EvaluationResult], failures: [FailedRun] = [], graph: NetworkGraph) {
    self.failures = failures
    self.results = results.sorted {
      ($0.cost.bitOperations, $0.cost.memoryBytes, -$0.top1Accuracy, $0.weights)
        < ($1.cost.bitOperations, $1.cost.memoryBytes, -$1.top1Accuracy, $1.weights)
    }
    isOnFront = ParetoFront.membership(
      self.results.map { (Double($0.cost.bitOperations), $0.top1Accuracy) }
    )
    frontComparisons = FrontComparison.all(
      costs: self.results.map { Double($0.cost.bitOperations) },
      outcomes: self.results.map(\.top1Outcomes),
      isOnFront: isOnFront
    )
    let rowLabels = RowLabels(self.results)
    labels = rowLabels.labels
    commonLabel = rowLabels.common
    isOnDivergenceFront = Self.divergenceFront(self.results)
    bfloat16BitOperations =
      Cost(graph, body: Cost.Widths(weights: 16, activations: 16)).bitOperations
  }

  /// The quadratic cost relative to bfloat16.
  public func relativeCost(_ result: EvaluationResult) -> Double {
    Double(result.cost.bitOperations) / Double(bfloat16BitOperations)
  }

  /// Model and images, for titles.
  var subject: String {
    results.first.map { "\($0.model), \($0.imageCount) images of \($0.data)" } ?? ""
  }

  /// The plots: accuracy and, where anything diverges, divergence against cost.
  public var plots: [PlotFiles] {
    [ParetoPlot(self).files] + (DivergencePlot(self).map { [$0.files] } ?? [])
  }

  /// The table for a terminal.
  public var table: TextTable {
    var table = TextTable(columns: [
      .init("format", .left), .init("bits"), .init("top-1 %"), .init("change"), .init("p"),
      .init("SQNR w dB"), .init("SQNR a dB"), .init("cost / bf16"), .init("memory kB"),
      .init("front", .left), .init("notes", .left),
    ])
    for (index, result) in results.enumerated() {
      let bits =
        result.weightBitWidth == result.activationBitWidth
        ? "\(result.weightBitWidth)" : "\(result.weightBitWidth)/\(result.activationBitWidth)"
      table.append([
        labels[index], bits, Self.fixed(100 * result.top1Accuracy, 2),
        Self.fixed(100 * result.top1Change, 2, sign: true), Self.probability(result.mcNemar.pValue),
        decibels(result.weightSignalToQuantizationNoiseInDecibels, of: result.layers.map(\.weights)),
        decibels(result.activationSignalToQuantizationNoiseInDecibels, of: result.layers.map(\.activations)),
        Self.fixed(relativeCost(result), 4), Self.fixed(result.cost.memoryBytes / 1000, 2),
        mark(index), marks(result),
      ])
    }
    for failure in failures { table.append(cells(failure, columnCount: table.columnCount)) }
    return table
  }

  private static func divergenceFront(_ results: [EvaluationResult]) -> [Bool] {
    let front = ParetoFront.membership(
      results.map { (Double($0.cost.bitOperations), -$0.outputs.meanDivergence) }
    )
    // Where probabilities are missing the row is on no front, be it the cheapest.
    return zip(results, front).map { $0.outputs.meanDivergence.isFinite && $1 }
  }

  /// `*` on the front, `~` not significantly below it.
  private func mark(_ index: Int) -> String {
    isOnFront[index] ? "*" : frontComparisons[index]?.isSignificantlyBelow == false ? "~" : ""
  }

  /// The rows of ``table`` again: how far their outputs are from float32's, with 95 % intervals.
  public var outputTable: TextTable {
    var table = TextTable(columns: [
      .init("format", .left), .init("KL mean"), .init("95 %", .left), .init("KL 99 %"), .init("95 %", .left),
      .init("agree %"), .init("95 %", .left), .init("change CE"), .init("95 %", .left), .init("front", .left),
    ])
    for (index, result) in results.enumerated() {
      table.append(
        [labels[index]] + OutputText.cells(result.outputs) + [isOnDivergenceFront[index] ? "*" : ""]
      )
    }
    return table
  }

  /// A row per result; fractions, nats and dB as numbers, empty where there is no value.
  public var csv: String {
    let rows = results.indices.map { index -> [(name: String, value: String)] in
      let result = results[index]
      return [
        ("label", "\"\(labels[index])\""), ("weights", result.weights), ("activations", result.activations),
        ("ends", result.ends ?? ""), ("assignment", "\"\(result.assignment ?? "")\""),
        ("recipe", result.recipe ?? ""),
        ("weightBitWidth", "\(result.weightBitWidth)"),
        ("activationBitWidth", "\(result.activationBitWidth)"), ("imageCount", "\(result.imageCount)"),
        ("top1Accuracy", "\(result.top1Accuracy)"), ("top1Lower", "\(result.top1Interval.lower)"),
        ("top1Upper", "\(result.top1Interval.upper)"), ("top5Accuracy", "\(result.top5Accuracy)"),
        ("top1Change", "\(result.top1Change)"), ("mcNemarPValue", "\(result.mcNemar.pValue)"),
        ("weightSQNRInDecibels", Self.optional(result.weightSignalToQuantizationNoiseInDecibels)),
        ("activationSQNRInDecibels", Self.optional(result.activationSignalToQuantizationNoiseInDecibels)),
        ("aqtQuadratic", Self.optional(result.cost.aqtQuadratic)),
        ("aqtLinear", Self.optional(result.cost.aqtLinear)),
        ("bitOperations", "\(result.cost.bitOperations)"),
        ("costRelativeToBfloat16", "\(relativeCost(result))"),
        ("weightMemoryBits", "\(result.cost.weightMemoryBits)"),
        ("scaleMemoryBits", "\(result.cost.scaleMemoryBits)"), ("isOnFront", "\(isOnFront[index])"),
        ("top1ChangeLower", "\(result.top1ChangeInterval.lower)"),
        ("top1ChangeUpper", "\(result.top1ChangeInterval.upper)"),
        ("pValueAgainstFront", Self.optional(frontComparisons[index]?.test.pValue)),
      ] + OutputText.csvFields(result.outputs)
        + [
          ("isOnDivergenceFront", "\(isOnDivergenceFront[index])"),
          ("accumulator", result.provenance.accumulator.map { "\"\($0)\"" } ?? ""),
          ("usesZeroPoint", "\(result.usesZeroPoint)"),
          ("warnings", Self.quoted(result.warnings.joined(separator: "; "))), ("failure", ""),
        ]
    }
    let names = rows.first.map { $0.map(\.name) } ?? []
    let lines =
      [names] + rows.map { $0.map(\.value) } + failures.map { fields($0, columns: names) }
    return lines.map { $0.joined(separator: ",") }.joined(separator: "\n") + "\n"
  }

  private static func optional(_ value: (some CustomStringConvertible)?) -> String {
    value.map(\.description) ?? ""
  }

  private static func fixed(_ value: Double, _ digits: Int, sign: Bool = false) -> String {
    String(format: sign ? "%+.\(digits)f" : "%.\(digits)f", value)
  }

  private func decibels(_ value: Double?, of tensors: [EvaluationResult.TensorError?]) -> String {
    if let value { return Self.fixed(value, 1) }
    // Nothing moved, or nothing was to move.
    return hasMovedNothing(tensors) ? "exact" : "-"
  }

  private static func probability(_ value: Double) -> String {
    value < 0.001 ? "<0.001" : fixed(value, 3)
  }
}
