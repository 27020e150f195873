/// AdaRound: learns for every weight of a channel whether to round it up or down.
///
/// Minimises `E[(w·x - ŵ·x̂)²] + λ Σ (1 - |2h(v) - 1|^β)` with `ŵ = s clip(floor(w/s) + h(v), least, greatest)` over v by Adam,
/// with the exact gradient of the layer's error over all calibration images (``RoundingProblem``). β falls from 20 to 2 after a
/// start without the penalty, so that every h ends at 0 or 1.
///
/// - Source: Nagel, Amjad, van Baalen, Louizos and Blankevoort, "Up or Down? Adaptive Rounding for Post-Training Quantization",
///   ICML 2020, equations 21 to 25.
public struct AdaptiveRounding: Sendable, Hashable {
  /// Steps of Adam.
  public var iterationCount = 2000
  /// The rate of Adam.
  public var learningRate = 0.01
  /// λ.
  public var penaltyWeight = 0.01
  /// The share of the steps without the penalty.
  public var warmStart = 0.2
  /// β in the beginning.
  public var greatestExponent = 20.0
  /// β in the end.
  public var leastExponent = 2.0

  /// Creates the method with the parameters above.
  public init() {}

  /// Learns the codes of one channel.
  ///
  /// - Complexity: O(iterationCount · depth²).
  public func solve(_ problem: RoundingProblem, weights: [Float], quantizer: AffineQuantizer)
    -> CoordinateDescent.Solution
  {
    let depth = problem.depth
    let (scale, greatest) = (quantizer.scale, Double(quantizer.greatestCode))
    let floors = weights.map { (Double($0) / scale + quantizer.zeroPoint).rounded(.down) }
    var v = zip(weights, floors).map { weight, floor in
      let fraction = Double(weight) / scale + quantizer.zeroPoint - floor
      return RectifiedSigmoid.inverse(min(max(fraction, 0.001), 0.999))
    }
    var adam = Adam(count: depth)
    var rounded = [Double](repeating: 0, count: depth)
    let warm = Int(warmStart * Double(iterationCount))
    for iteration in 0..<iterationCount {
      for index in 0..<depth {
        let code = min(max(floors[index] + RectifiedSigmoid.value(v[index]), 0), greatest)
        rounded[index] = (code - quantizer.zeroPoint) * scale
      }
      let gradient = problem.halfGradient(at: rounded)
      let progress = Double(iteration - warm) / Double(max(iterationCount - warm, 1))
      let exponent =
        leastExponent + 0.5 * (greatestExponent - leastExponent)
        * (1 + SpecialFunctions.cosine(min(max(progress, 0), 1) * .pi))
      let slopes = (0..<depth).map { index -> Double in
        let h = RectifiedSigmoid.value(v[index])
        let code = floors[index] + h
        // Beyond the ends of the grid the code does not move with h.
        let byRounding = code > 0 && code < greatest ? 2 * gradient[index] * scale : 0
        let byPenalty =
          iteration < warm ? 0 : penaltyWeight * RectifiedSigmoid.penalty(h, exponent: exponent).derivative
        return (byRounding + byPenalty) * RectifiedSigmoid.derivative(v[index])
      }
      adam.step(&v, slopes: slopes, rate: learningRate)
    }
    let codes = (0..<depth).map { index in
      Int(min(max(floors[index] + (RectifiedSigmoid.value(v[index]) >= 0.5 ? 1 : 0), 0), greatest))
    }
    var solution = CoordinateDescent.Solution(quantizer: quantizer, codes: codes, error: 0)
    solution.error = problem.error(at: solution.weights)
    return solution
  }
}

/// Adam: steps by the mean of slopes over the root of the mean of their squares.
///
/// - Source: Kingma and Ba, ICLR 2015, algorithm 1, with β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
struct Adam {
  private var means: [Double]
  private var squares: [Double]
  private var decays = (1.0, 1.0)

  init(count: Int) {
    means = Array(repeating: 0, count: count)
    squares = means
  }

  mutating func step(_ values: inout [Double], slopes: [Double], rate: Double) {
    decays = (decays.0 * 0.9, decays.1 * 0.999)
    for index in values.indices {
      means[index] = 0.9 * means[index] + 0.1 * slopes[index]
      squares[index] = 0.999 * squares[index] + 0.001 * slopes[index] * slopes[index]
      let (mean, square) = (means[index] / (1 - decays.0), squares[index] / (1 - decays.1))
      values[index] -= rate * mean / (square.squareRoot() + 1e-8)
    }
  }
}
