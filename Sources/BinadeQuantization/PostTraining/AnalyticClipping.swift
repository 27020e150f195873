/// Ranges from a prior and the moments of a channel: the clipping of ACIQ.
///
/// - Source: methods.md 3.4, after Banner, Nahshan and Soudry, NeurIPS 2019.
public enum AnalyticClipping {
  /// What the values of a channel go through before they are quantized.
  public enum Output: Sendable, Hashable {
    /// Nothing: both signs.
    case signed
    /// A ReLU; the moments are those before it.
    case rectified
  }

  /// The grid that `prior` asks for.
  ///
  /// Signed: from max(least, mean - a), 2a wide. Rectified: from 0 to max(mean, 0) + a.
  public static func grid(
    _ moments: ChannelMoments,
    prior: ClippingPrior,
    bitWidth: Int,
    output: Output
  ) -> QuantizationGrid {
    let parameter = moments.parameter(of: prior)
    switch output {
    case .signed:
      let threshold = prior.clippingFactor(bitWidth: Double(bitWidth)) * parameter
      let lower = max(moments.least, moments.mean - threshold)
      return QuantizationGrid(lower: lower, range: 2 * threshold, bitWidth: bitWidth)
    case .rectified:
      let threshold = prior.oneSidedClippingFactor(bitWidth: Double(bitWidth)) * parameter
      return QuantizationGrid(lower: 0, range: max(moments.mean, 0) + threshold, bitWidth: bitWidth)
    }
  }

  /// The grid without clipping: from least to greatest, or from 0 to the greatest.
  public static func unclipped(_ moments: ChannelMoments, bitWidth: Int, output: Output) -> QuantizationGrid {
    output == .signed
      ? QuantizationGrid(moments, bitWidth: bitWidth)
      : QuantizationGrid(lower: 0, range: max(moments.greatest, 0), bitWidth: bitWidth)
  }

  /// The grid with the least mean squared error on `values` of both priors and no clipping: ACIQ's `mix`.
  ///
  /// `values`: before the ReLU, if there is one; `moments` are theirs.
  public static func mixed(
    _ moments: ChannelMoments,
    values: [Float],
    bitWidth: Int,
    output: Output
  ) -> QuantizationGrid {
    let seen = output == .signed ? values : values.map { max($0, 0) }
    let candidates =
      ClippingPrior.allCases.map { grid(moments, prior: $0, bitWidth: bitWidth, output: output) }
      + [unclipped(moments, bitWidth: bitWidth, output: output)]
    var best = candidates[0]
    var leastError = Double.infinity
    for candidate in candidates {
      let error = candidate.meanSquaredError(of: seen)
      if error < leastError { (best, leastError) = (candidate, error) }
    }
    return best
  }
}
