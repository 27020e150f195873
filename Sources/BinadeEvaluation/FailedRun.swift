import BinadeNetworks
import BinadeNumerics
import BinadeQuantization

/// A configuration that cannot run on a network: a row of a comparison without figures.
public struct FailedRun: Sendable, Codable, Hashable {
  /// What the row is called: the formats as they were written, and the recipe.
  public let label: String
  /// The weights' quantizer; `float32` when there is none.
  public let weights: String
  /// The activations' quantizer.
  public let activations: String
  /// The quantizers of the first and last layer, when they differ.
  public let ends: String?
  /// The recipe of post-training quantization; nil where calibrations find the scales.
  public let recipe: String?
  /// Bits of a weight.
  public let weightBitWidth: Int
  /// Bits of an activation.
  public let activationBitWidth: Int
  /// Why, in a sentence.
  public let failure: String

  /// Says why `configuration` failed.
  public init(_ configuration: Configuration, label: String, reason: some Error) {
    self.label = label
    weights = configuration.weights.map(configuration.text) ?? "float32"
    activations = configuration.activations.map(configuration.text) ?? "float32"
    ends = configuration.ends.map {
      "\(configuration.text($0.weights)) \(configuration.text($0.activations))"
    }
    recipe = configuration.recipeText
    weightBitWidth = configuration.weights?.bitWidth ?? 32
    activationBitWidth = configuration.activations?.bitWidth ?? 32
    failure = "\(reason)"
  }

  /// Whether an error is about the formats on this network, so that others may run; what is wrong with files or options is
  /// wrong for all.
  public static func concernsFormats(_ error: some Error) -> Bool {
    if case NetworkError.accumulatorWithoutCodes? = error as? NetworkError { return true }
    return error is QuantizationFailure || error is FormatError || error is PostTrainingError
  }
}

/// A row of a comparison in files: a result, or why there is none.
public enum ComparisonRow: Sendable, Encodable {
  case result(EvaluationResult)
  case failure(FailedRun)

  /// Writes the result, or the reason, as they are.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .result(let result): try result.encode(to: encoder)
    case .failure(let failure): try failure.encode(to: encoder)
    }
  }
}
