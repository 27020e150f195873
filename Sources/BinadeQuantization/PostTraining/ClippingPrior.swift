/// The distribution that values are taken to have when a clipping threshold is computed instead of searched.
///
/// A threshold a splits [-a, a] into 2^M bins of width 2a / 2^M; errors are bin width² / 12 inside and (|x| - a)² outside.
///
/// - Source: Banner, Nahshan and Soudry, "Post training 4-bit quantization of convolutional networks for
///   rapid-deployment", NeurIPS 2019, section 3.
public enum ClippingPrior: String, Sendable, Hashable, CaseIterable {
  /// Density e^(-|x| / b) / 2b; the parameter b is the mean of |x - mean|.
  case laplace
  /// The normal distribution; the parameter is the standard deviation.
  case gauss

  /// The best clipping threshold as a multiple of the prior's parameter.
  ///
  /// `bitWidth`: bits of a code; any number of at least 0, as log2 of the number of bins.
  ///
  /// - Error: the stationarity equation holds to 1e-12.
  public func clippingFactor(bitWidth: Double) -> Double {
    let levels = PowerOfTwo.real(2 * bitWidth)
    switch self {
    case .laplace:
      return SpecialFunctions.lambertW(3 * levels)
    case .gauss:
      // The derivative of the error grows from negative to positive: one root, between 0 and 40.
      var (low, high) = (0.0, 40.0)
      while true {
        let middle = (low + high) / 2
        guard middle > low, middle < high else { return middle }
        if stationarity(middle, bitWidth: bitWidth) < 0 { low = middle } else { high = middle }
      }
    }
  }

  /// The best threshold when negative values become 0 and all levels cover [0, a]: one more bit of range.
  public func oneSidedClippingFactor(bitWidth: Double) -> Double { clippingFactor(bitWidth: bitWidth + 1) }

  /// The derivative of the error by the threshold, up to a positive factor, for a parameter of 1.
  package func stationarity(_ threshold: Double, bitWidth: Double) -> Double {
    let levels = PowerOfTwo.real(2 * bitWidth)
    switch self {
    case .laplace:
      return 2 * threshold / (3 * levels) - 2 * SpecialFunctions.exponential(-threshold)
    case .gauss:
      return threshold * SpecialFunctions.complementaryError(threshold / 2.0.squareRoot())
        + threshold / (3 * levels)
        - (2 / Double.pi).squareRoot() * SpecialFunctions.exponential(-threshold * threshold / 2)
    }
  }

  /// The mean squared error that the model predicts for a parameter of 1.
  ///
  /// - Error: optimistic for few bins: real quantizers have 2^M levels, not 2^M bins with a level in the middle of each
  ///   and edges at the threshold.
  public func meanSquaredError(threshold: Double, bitWidth: Double) -> Double {
    let rounding = threshold * threshold / (3 * PowerOfTwo.real(2 * bitWidth))
    switch self {
    case .laplace:
      return 2 * SpecialFunctions.exponential(-threshold) + rounding
    case .gauss:
      let outside = SpecialFunctions.complementaryError(threshold / 2.0.squareRoot())
      let edge = (2 / Double.pi).squareRoot() * SpecialFunctions.exponential(-threshold * threshold / 2)
      return (1 + threshold * threshold) * outside - threshold * edge + rounding
    }
  }

  /// The same when negative values become 0 and all levels cover [0, threshold].
  public func oneSidedMeanSquaredError(threshold: Double, bitWidth: Double) -> Double {
    meanSquaredError(threshold: threshold, bitWidth: bitWidth + 1) / 2
  }

  /// The variance for a parameter of 1.
  public var variance: Double { self == .laplace ? 2 : 1 }
}

extension PowerOfTwo {
  /// 2^x for any x.
  static func real(_ exponent: Double) -> Double {
    let whole = exponent.rounded(.down)
    let factor =
      whole == exponent ? 1 : SpecialFunctions.exponential((exponent - whole) * SpecialFunctions.logarithm(2))
    return Double(sign: .plus, exponent: Int(whole), significand: factor)
  }
}
