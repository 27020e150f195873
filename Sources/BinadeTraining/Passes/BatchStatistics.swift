import BinadeKernels

/// What batch norm makes of a layer's raw sums: y = sum·scale + bias per channel.
///
/// The sums of quantized operands are in units of the kernel: everything here is, but for what ``unit`` turns into real numbers.
struct BatchStatistics: Sendable {
  /// γ/σ and β - μ·γ/σ, worked out in Double and rounded once.
  let scales: [Float]
  let bias: [Float]
  /// What moments were taken around.
  let center: [Float]
  /// μ, σ² (biased) and σ = sqrt(σ² + ε), in Double.
  let mean: [Double]
  let variance: [Double]
  let deviation: [Double]
  /// What one unit of a channel's sums is worth; nil where they are real numbers.
  let unit: [Double]?

  /// From mean and variance of the sums.
  init(
    mean: [Double],
    variance: [Double],
    center: [Float],
    scales gamma: some Collection<Float>,
    shifts beta: some Collection<Float>,
    epsilon: Double,
    unit: [Double]? = nil
  ) {
    (self.mean, self.variance, self.center, self.unit) = (mean, variance, center, unit)
    deviation = variance.enumerated().map { channel, variance in
      (variance + epsilon / (unit.map { $0[channel] * $0[channel] } ?? 1)).squareRoot()
    }
    let factors = zip(gamma, deviation).map { Double($0) / $1 }
    scales = factors.map { Float($0) }
    bias = zip(zip(beta, mean), factors).map { Float(Double($0.0) - $0.1 * $1) }
  }

  /// From running mean and variance, real numbers: with the operations of `FoldedNetwork` and `LayerEngine`, whose bits these are.
  init(
    running mean: [Double],
    variance: [Double],
    center: [Float],
    scales gamma: some Collection<Float>,
    shifts beta: some Collection<Float>,
    epsilon: Double,
    unit: [Double]
  ) {
    let factors = zip(gamma, variance).map { Double($0) / ($1 + epsilon).squareRoot() }
    scales = zip(unit, factors).map { Float($0 * $1) }
    bias = zip(zip(beta, mean), factors).map { Float(Double($0.0) - $0.1 * $1) }
    self.mean = zip(mean, unit).map { $0 / $1 }
    self.variance = zip(variance, unit).map { $0 / ($1 * $1) }
    deviation = zip(variance, unit).map { ($0 + epsilon).squareRoot() / $1 }
    (self.center, self.unit) = (center, unit)
  }

  /// From the moments of `count` pixels around `center`.
  init(
    moments: ChannelSums,
    count: Int,
    center: [Float],
    scales: some Collection<Float>,
    shifts: some Collection<Float>,
    epsilon: Double,
    unit: [Double]? = nil
  ) {
    let offsets = moments.first.map { $0 / Double(count) }
    self.init(
      mean: zip(center, offsets).map { Double($0) + $1 },
      variance: zip(moments.second, offsets).map { max(0, $0 / Double(count) - $1 * $1) },
      center: center,
      scales: scales,
      shifts: shifts,
      epsilon: epsilon,
      unit: unit
    )
  }

  /// A layer without batch norm: its bias alone.
  init(bias: [Float], unit: [Double]? = nil) {
    scales = unit?.map { Float($0) } ?? Array(repeating: 1, count: bias.count)
    self.unit = unit
    self.bias = bias
    center = Array(repeating: 0, count: bias.count)
    mean = center.map(Double.init)
    variance = mean
    deviation = mean
  }

  /// Mean and variance of a channel in real numbers.
  func real(_ channel: Int) -> (mean: Double, variance: Double) {
    let unit = unit?[channel] ?? 1
    return (mean[channel] * unit, variance[channel] * unit * unit)
  }

  /// What becomes of gradients: those of γ and β, and the pass to the raw sums.
  ///
  /// `totals`: Σg and Σg·(z - center) over `count` pixels.
  func gradients(_ totals: ChannelSums, count: Int, scales gamma: some Collection<Float>)
    -> (fill: GradientFill, scales: [Float], shifts: [Float])
  {
    let count = Double(count)
    var (a, c, d, scaleGradient): ([Float], [Float], [Float], [Float]) = ([], [], [], [])
    for (channel, gamma) in gamma.enumerated() {
      let (mean, deviation) = (mean[channel], deviation[channel])
      // Σ g·(z - μ) from the sums around the centre.
      let product = totals.second[channel] - (mean - Double(center[channel])) * totals.first[channel]
      let factor = Double(gamma) / deviation
      let slope = -factor * product / (count * deviation * deviation)
      a.append(Float(factor))
      c.append(Float(slope))
      d.append(Float(-factor * totals.first[channel] / count - slope * mean))
      scaleGradient.append(Float(product / deviation))
    }
    return (GradientFill(a: a, c: c, d: d), scaleGradient, totals.first.map { Float($0) })
  }
}
