/// What analytic clipping needs to know of a channel.
public struct ChannelMoments: Sendable, Hashable {
  /// Values seen.
  public let count: Int
  /// The least value.
  public let least: Double
  /// The greatest value.
  public let greatest: Double
  /// The mean.
  public let mean: Double
  /// The mean of |x - mean|: the parameter b of a Laplace distribution.
  public let meanAbsoluteDeviation: Double
  /// The square root of the unbiased variance; 0 for a single value.
  public let standardDeviation: Double

  /// Measures `values`; nil for an empty or non-finite channel.
  ///
  /// - Error: sums in Double, in order.
  public init?(_ values: some Collection<Float>) {
    guard !values.isEmpty else { return nil }
    var (sum, least, greatest) = (0.0, Double.infinity, -Double.infinity)
    for value in values {
      guard value.isFinite else { return nil }
      sum += Double(value)
      least = min(least, Double(value))
      greatest = max(greatest, Double(value))
    }
    count = values.count
    mean = sum / Double(count)
    var (absolute, squares) = (0.0, 0.0)
    for value in values {
      let deviation = Double(value) - mean
      absolute += abs(deviation)
      squares += deviation * deviation
    }
    (self.least, self.greatest) = (least, greatest)
    meanAbsoluteDeviation = absolute / Double(count)
    standardDeviation = count > 1 ? (squares / Double(count - 1)).squareRoot() : 0
  }

  /// The parameter of a prior.
  public func parameter(of prior: ClippingPrior) -> Double {
    prior == .laplace ? meanAbsoluteDeviation : standardDeviation
  }
}
