import BinadeNetworks
import Foundation

/// Formats compared on one network: rows by cost, and which of them nothing beats.
public struct ComparisonReport: Sendable {
  /// Results, cheapest first.
  public let results: [EvaluationResult]
  /// Per result, whether it is on the Pareto front of cost and accuracy.
  public let isOnFront: [Bool]
  /// The cost of the network with bfloat16 everywhere, in bit operations.
  public let bfloat16BitOperations: Int

  /// Sorts `results` by bit operations, then by memory.
  public init(_ results: [EvaluationResult], graph: NetworkGraph) {
    self.results = results.sorted {
      ($0.cost.bitOperations, $0.cost.memoryBytes, -$0.top1Accuracy, $0.weights)
        < ($1.cost.bitOperations, $1.cost.memoryBytes, -$1.top1Accuracy, $1.weights)
    }
    isOnFront = ParetoFront.membership(
      self.results.map { (Double($0.cost.bitOperations), $0.top1Accuracy) }
    )
    bfloat16BitOperations =
      Cost(graph, body: Cost.Widths(weights: 16, activations: 16)).bitOperations
  }

  /// The quadratic cost relative to bfloat16.
  public func relativeCost(_ result: EvaluationResult) -> Double {
    Double(result.cost.bitOperations) / Double(bfloat16BitOperations)
  }

  /// What the row is called: the format, when weights and activations have the same one, and the recipe; the whole quantizers
  /// where that does not tell it from another row.
  public func label(_ result: EvaluationResult) -> String {
    let label = Self.shortLabel(result)
    guard results.count(where: { Self.shortLabel($0) == label }) > 1 else { return label }
    return result.weights == result.activations ? result.weights : "\(result.weights) / \(result.activations)"
  }

  private static func shortLabel(_ result: EvaluationResult) -> String {
    let weights = formatName(result.weights)
    let activations = formatName(result.activations)
    let formats = weights == activations ? weights : "\(weights) / \(activations)"
    return result.recipe.map { "\(formats), \($0)" } ?? formats
  }

  private static func formatName(_ quantizer: String) -> String {
    String(quantizer.split(separator: ":").first ?? "")
  }

  /// The table for a terminal.
  public var table: TextTable {
    var table = TextTable(columns: [
      .init("format", .left), .init("bits"), .init("top-1 %"), .init("change"), .init("p"),
      .init("SQNR w dB"), .init("SQNR a dB"), .init("cost / bf16"), .init("memory kB"),
      .init("front", .left),
    ])
    for (result, isFront) in zip(results, isOnFront) {
      let bits =
        result.weightBitWidth == result.activationBitWidth
        ? "\(result.weightBitWidth)" : "\(result.weightBitWidth)/\(result.activationBitWidth)"
      table.append([
        label(result), bits, Self.fixed(100 * result.top1Accuracy, 2),
        Self.fixed(100 * result.top1Change, 2, sign: true), Self.probability(result.mcNemar.pValue),
        Self.decibels(result.weightSignalToQuantizationNoiseInDecibels),
        Self.decibels(result.activationSignalToQuantizationNoiseInDecibels),
        Self.fixed(relativeCost(result), 4), Self.fixed(result.cost.memoryBytes / 1000, 2),
        isFront ? "*" : "",
      ])
    }
    return table
  }

  /// A row per result; fractions and dB as numbers, empty where there is no value.
  public var csv: String {
    var lines = [
      "label,weights,activations,ends,recipe,weightBitWidth,activationBitWidth,imageCount,top1Accuracy,"
        + "top1Lower,top1Upper,top5Accuracy,top1Change,mcNemarPValue,weightSQNRInDecibels,"
        + "activationSQNRInDecibels,aqtQuadratic,aqtLinear,bitOperations,costRelativeToBfloat16,"
        + "weightMemoryBits,scaleMemoryBits,isOnFront"
    ]
    for (result, isFront) in zip(results, isOnFront) {
      let fields: [String] = [
        "\"\(label(result))\"", result.weights, result.activations, result.ends ?? "", result.recipe ?? "",
        "\(result.weightBitWidth)", "\(result.activationBitWidth)", "\(result.imageCount)",
        "\(result.top1Accuracy)", "\(result.top1Interval.lower)", "\(result.top1Interval.upper)",
        "\(result.top5Accuracy)", "\(result.top1Change)", "\(result.mcNemar.pValue)",
        Self.optional(result.weightSignalToQuantizationNoiseInDecibels),
        Self.optional(result.activationSignalToQuantizationNoiseInDecibels),
        Self.optional(result.cost.aqtQuadratic), Self.optional(result.cost.aqtLinear),
        "\(result.cost.bitOperations)", "\(relativeCost(result))",
        "\(result.cost.weightMemoryBits)", "\(result.cost.scaleMemoryBits)", "\(isFront)",
      ]
      lines.append(fields.joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func optional(_ value: (some CustomStringConvertible)?) -> String {
    value.map(\.description) ?? ""
  }

  private static func fixed(_ value: Double, _ digits: Int, sign: Bool = false) -> String {
    String(format: sign ? "%+.\(digits)f" : "%.\(digits)f", value)
  }

  private static func decibels(_ value: Double?) -> String {
    value.map { fixed($0, 1) } ?? "-"
  }

  private static func probability(_ value: Double) -> String {
    value < 0.001 ? "<0.001" : fixed(value, 3)
  }
}
