/// Batch norm over a batch and its gradients as the formulas read, in Double.
///
/// x̂ = (z - μ)/σ, y = γ·x̂ + β with μ and σ² = mean of (z - μ)² + ε over all pixels of a channel.
///
/// - Source: Ioffe and Szegedy, ICML 2015; PyTorch's conventions (the biased variance normalizes).
package struct ReferenceNormalizationGradient: Sendable {
  /// Mean and biased variance of each channel, without ε.
  package let mean: [Double], variance: [Double]
  private let deviation: [Double]
  private let normalized: [Double]
  private let scales: [Double]

  /// Normalizes `sums`.
  ///
  /// - Shape: `sums` is pixels x channels; `scales` (γ) has one per channel.
  package init(_ sums: [Double], scales: [Double], epsilon: Double) {
    let channels = scales.count
    let count = Double(sums.count / channels)
    func average(_ value: (Int) -> Double) -> [Double] {
      var totals = [Double](repeating: 0, count: channels)
      for place in sums.indices { totals[place % channels] += value(place) }
      return totals.map { $0 / count }
    }
    let mean = average { sums[$0] }
    let variance = average { (sums[$0] - mean[$0 % channels]) * (sums[$0] - mean[$0 % channels]) }
    let deviation = variance.map { ($0 + epsilon).squareRoot() }
    normalized = sums.indices.map { (sums[$0] - mean[$0 % channels]) / deviation[$0 % channels] }
    (self.mean, self.variance, self.deviation, self.scales) = (mean, variance, deviation, scales)
  }

  /// y.
  package func output(shifts: [Double]) -> [Double] {
    normalized.indices.map { normalized[$0] * scales[$0 % scales.count] + shifts[$0 % scales.count] }
  }

  /// dz = γ/σ·(dy - mean(dy) - x̂·mean(dy·x̂)), dγ = Σ dy·x̂, dβ = Σ dy.
  package func gradients(_ upstream: [Double]) -> (sums: [Double], scales: [Double], shifts: [Double]) {
    let channels = scales.count
    let count = Double(upstream.count / channels)
    var (scaleGradient, shiftGradient) = (scales.map { _ in 0.0 }, scales.map { _ in 0.0 })
    for place in upstream.indices {
      scaleGradient[place % channels] += upstream[place] * normalized[place]
      shiftGradient[place % channels] += upstream[place]
    }
    let sums = upstream.indices.map { place in
      let channel = place % channels
      return scales[channel] / deviation[channel]
        * (upstream[place] - shiftGradient[channel] / count - normalized[place] * scaleGradient[channel]
          / count)
    }
    return (sums, scaleGradient, shiftGradient)
  }
}
