import Binade
import Foundation

/// What the table of layers says besides errors.
extension EvaluationText {
  /// Elements of weights and inputs that are NaN or infinite.
  static func notFinite(_ layer: EvaluationResult.LayerResult) -> String {
    let tensors = [layer.weights, layer.activations].compactMap { $0 }
    guard !tensors.isEmpty else { return "-" }
    return "\(tensors.reduce(0) { $0 + $1.nanCount + $1.infiniteCount })"
  }

  /// The zero points of weights and inputs, the inputs' alone where the weights have none.
  static func zeroPoint(_ layer: EvaluationResult.LayerResult) -> String {
    let (weights, activations) = (layer.weights?.zeroPoint ?? 0, layer.activations?.zeroPoint ?? 0)
    if weights != 0 { return "\(weights)/\(activations)" }
    return activations == 0 ? "-" : "\(activations)"
  }

  /// What to say under the table: how to read zero points, and why the figures cannot be trusted.
  static func remarks(on result: EvaluationResult) -> [String] {
    let zeroPoint =
      result.usesZeroPoint
      ? [
        "zero point: code q of these inputs stands for (q - zero point) x scale, q in steps; formats of evenly spaced values get it; "
          + "--zero-point none: without"
      ] : []
    return zeroPoint + result.warnings.map { "! \($0)" }
  }

  /// A row per layer and tensor; empty where there is no value.
  static func csv(of result: EvaluationResult) -> String {
    var lines = [
      "layer,tensor,quantizer,zeroPoint,datapath,kernel,multiplyAccumulateCount,meanSquaredError,SQNRInDecibels,"
        + "cosineSimilarity,maximumError,elementCount,saturatedCount,underflowedCount,nanCount,infiniteCount"
    ]
    for layer in result.layers {
      for (tensor, error) in [("weights", layer.weights), ("activations", layer.activations)] {
        guard let error else { continue }
        let fields: [String] = [
          layer.name, tensor, error.quantizer, "\(error.zeroPoint)", layer.datapath.rawValue, layer.kernel,
          "\(layer.multiplyAccumulateCount)", "\(error.meanSquaredError)",
          error.signalToQuantizationNoiseInDecibels.map { "\($0)" } ?? "", "\(error.cosineSimilarity)",
          "\(error.maximumError)", "\(error.elementCount)", "\(error.saturatedCount)",
          "\(error.underflowedCount)", "\(error.nanCount)", "\(error.infiniteCount)",
        ]
        lines.append(fields.joined(separator: ","))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
