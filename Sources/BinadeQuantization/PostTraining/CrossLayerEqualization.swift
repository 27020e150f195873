/// Moves scale between two layers with a ReLU between them, channel by channel, so that both use their range alike.
///
/// ReLU(x / s) = ReLU(x) / s for s > 0: rows of the first layer and its bias are divided by s, columns of the second multiplied.
///
/// - Source: Nagel, van Baalen, Blankevoort and Welling, "Data-Free Quantization Through Weight Equalization and Bias
///   Correction", ICCV 2019; methods.md 4.7.
public enum CrossLayerEqualization {
  /// The factors s = sqrt(r1 / r2) for the ranges of the first layer's rows and the second one's columns.
  ///
  /// A channel of range 0 on either side is left alone: 1.
  ///
  /// - Precondition: as many ranges on both sides, none negative.
  public static func factors(rows: [Double], columns: [Double]) -> [Double] {
    precondition(rows.count == columns.count, "\(rows.count) rows meet \(columns.count) columns")
    return zip(rows, columns).map { $0 > 0 && $1 > 0 ? ($0 / $1).squareRoot() : 1 }
  }

  /// What is moved from the first layer's bias into the second one's: max(0, β - 3γ), for a channel with mean β and standard
  /// deviation γ before its ReLU.
  public static func absorbedBias(mean: Double, standardDeviation: Double) -> Double {
    max(0, mean - 3 * standardDeviation)
  }
}

/// A normal distribution after a ReLU: what batch norm tells about activations without a single image.
///
/// - Source: Nagel et al., ICCV 2019, appendix C.
public struct RectifiedNormal: Sendable, Hashable {
  /// The mean before the ReLU.
  public let mean: Double
  /// The standard deviation before the ReLU; not negative.
  public let standardDeviation: Double

  /// Creates a distribution.
  public init(mean: Double, standardDeviation: Double) {
    precondition(standardDeviation >= 0, "a standard deviation of \(standardDeviation)")
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// E[ReLU(x)] = γ φ(β/γ) + β Φ(β/γ).
  public var expectation: Double {
    guard standardDeviation > 0 else { return max(mean, 0) }
    let ratio = mean / standardDeviation
    return standardDeviation * SpecialFunctions.normalDensity(ratio)
      + mean * SpecialFunctions.normalProbability(ratio)
  }

  /// E[ReLU(x)²] - E[ReLU(x)]², with E[ReLU(x)²] = (β² + γ²) Φ(β/γ) + βγ φ(β/γ).
  public var variance: Double {
    guard standardDeviation > 0 else { return 0 }
    let ratio = mean / standardDeviation
    let square =
      (mean * mean + standardDeviation * standardDeviation) * SpecialFunctions.normalProbability(ratio)
      + mean * standardDeviation * SpecialFunctions.normalDensity(ratio)
    return max(0, square - expectation * expectation)
  }
}
