/// AdaRound: learns for every weight of a channel whether to round it up or down.
///
/// Minimises `E[(w·x - ŵ·x̂)²] + λ Σ (1 - |2h(v) - 1|^β)` with `ŵ = s (below + h(v) (above - below))` over v by Adam, `below` and
/// `above` being the format's values next to w/s within its range: floor and ceiling where these are whole numbers; with the exact gradient of the layer's error over all calibration images (``RoundingProblem``). β falls from 20 to 2 after a
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
  /// `grids`: one for all weights, or one for each, as blocks have them.
  ///
  /// - Complexity: O(iterationCount · depth²).
  public func solve(_ problem: RoundingProblem, weights: [Float], grids: [QuantizationGrid])
    -> RoundedChannel
  {
    precondition(grids.count == 1 || grids.count == weights.count, "\(grids.count) grids")
    let depth = problem.depth
    let places = weights.enumerated().map { Place($1, grids[grids.count == 1 ? 0 : $0]) }
    var v = places.map { RectifiedSigmoid.inverse(min(max($0.share, 0.001), 0.999)) }
    var adam = Adam(count: depth)
    var rounded = [Double](repeating: 0, count: depth)
    let warm = Int(warmStart * Double(iterationCount))
    for iteration in 0..<iterationCount {
      for index in 0..<depth { rounded[index] = places[index].value(RectifiedSigmoid.value(v[index])) }
      let gradient = problem.halfGradient(at: rounded)
      let progress = Double(iteration - warm) / Double(max(iterationCount - warm, 1))
      let exponent =
        leastExponent + 0.5 * (greatestExponent - leastExponent)
        * (1 + SpecialFunctions.cosine(min(max(progress, 0), 1) * .pi))
      let slopes = (0..<depth).map { index -> Double in
        let h = RectifiedSigmoid.value(v[index])
        let byPenalty =
          iteration < warm ? 0 : penaltyWeight * RectifiedSigmoid.penalty(h, exponent: exponent).derivative
        return (2 * gradient[index] * places[index].width + byPenalty)
          * RectifiedSigmoid.derivative(v[index])
      }
      adam.step(&v, slopes: slopes, rate: learningRate)
    }
    let codes = (0..<depth).map { index in
      places[index].code(RectifiedSigmoid.value(v[index]) >= 0.5)
    }
    var solution = RoundedChannel(grids: grids, codes: codes, error: 0)
    solution.error = problem.error(at: solution.weights)
    return solution
  }

  /// A weight between two values of its grid; these are one beyond the grid's ends, where nothing moves.
  private struct Place {
    let grid: QuantizationGrid
    let below: Double
    /// The distance of the two values.
    let width: Double
    /// Where the weight lies between them, 0 to 1.
    let share: Double

    init(_ weight: Float, _ grid: QuantizationGrid) {
      self.grid = grid
      let scale = Double(grid.scale)
      let (below, above) = grid.neighbours(of: Double(weight))
      self.below = Double(below) * scale
      width = (Double(above) - Double(below)) * scale
      share = width == 0 ? 0 : (Double(weight) - self.below) / width
    }

    func value(_ h: Double) -> Double { below + h * width }

    func code(_ isAbove: Bool) -> UInt32 { grid.encode(below + (isAbove ? width : 0)) }
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
