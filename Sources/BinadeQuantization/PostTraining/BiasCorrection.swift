/// Gives the quantized weights of an output channel the mean, or mean and standard deviation, of those before.
///
/// Both are affine in the quantized weight, `w -> factor * w + offset`, and so cost nothing at run time: the factor joins the
/// channel's scale, the offset its zero point.
///
/// - Source: Banner, Nahshan and Soudry, NeurIPS 2019, equations 12 and 13, and their code; methods.md 3.6.
public struct BiasCorrection: Sendable, Hashable {
  /// What is restored.
  public enum Rule: String, Sendable, Hashable, CaseIterable {
    /// `w + μ` with `μ = E[W] - E[Wq]`.
    case mean
    /// `ξ (w - E[Wq]) + E[W]` with `ξ = ‖W - E[W]‖ / ‖Wq - E[Wq]‖`: mean and standard deviation are exact.
    case meanAndVariance
    /// `ξ (w + μ)`, as published: the mean becomes ξ E[W].
    case published
  }

  /// What a quantized weight is multiplied by.
  public let factor: Double
  /// What is added afterwards.
  public let offset: Double
  /// E[W] - E[Wq].
  public let meanShift: Double

  /// Compares the weights of one channel before and after quantization.
  ///
  /// A channel whose quantized weights are all equal has no deviation to correct: its factor is 1.
  ///
  /// - Precondition: as many quantized weights as weights, at least one.
  public init(weights: [Float], quantized: [Float], rule: Rule) {
    precondition(weights.count == quantized.count && !weights.isEmpty, "one quantized weight per weight")
    let (mean, quantizedMean) = (Self.mean(weights), Self.mean(quantized))
    let shift = mean - quantizedMean
    meanShift = shift
    let deviation = Self.deviation(quantized, quantizedMean)
    let ratio = deviation == 0 || rule == .mean ? 1 : Self.deviation(weights, mean) / deviation
    factor = ratio
    switch rule {
    case .mean: offset = shift
    case .meanAndVariance: offset = mean - ratio * quantizedMean
    case .published: offset = ratio * shift
    }
  }

  /// The corrected weight.
  public func apply(_ quantized: Float) -> Float { Float(factor * Double(quantized) + offset) }

  private static func mean(_ values: [Float]) -> Double {
    values.reduce(0) { $0 + Double($1) } / Double(values.count)
  }

  private static func deviation(_ values: [Float], _ mean: Double) -> Double {
    values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }.squareRoot()
  }
}
