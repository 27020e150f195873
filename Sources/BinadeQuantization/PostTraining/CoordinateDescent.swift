/// Rounds the weights of a channel one after the other, each to the step that is best given all others, until none moves.
///
/// The error of the layer's output is a quadratic form of the weights (``RoundingProblem``), so the best step of one weight has
/// a closed form, and no error ever grows.
public enum CoordinateDescent {
  /// Sweeps over all weights at most; the last ones rarely move any.
  private static let greatestSweepCount = 40

  /// The codes and the error they leave.
  public struct Solution: Sendable, Hashable {
    /// The grid of the codes.
    public let quantizer: AffineQuantizer
    /// One per weight.
    public var codes: [Int]
    /// The mean squared error of the output.
    public var error: Double

    /// The rounded weights.
    public var weights: [Double] { codes.map { quantizer.decode($0) } }
  }

  /// Starts from the nearest codes.
  ///
  /// - Complexity: O(depth²) and O(depth) for every weight that moves.
  public static func solve(_ problem: RoundingProblem, weights: [Float], quantizer: AffineQuantizer)
    -> Solution
  {
    let start = weights.map { quantizer.encode(Double($0)) }
    return solve(problem, from: Solution(quantizer: quantizer, codes: start, error: .infinity))
  }

  /// Improves codes.
  public static func solve(_ problem: RoundingProblem, from start: Solution) -> Solution {
    var solution = start
    let quantizer = start.quantizer
    var gradient = problem.halfGradient(at: solution.weights)
    let depth = problem.depth
    problem.gram.withUnsafeBufferPointer { gram in
      gradient.withUnsafeMutableBufferPointer { gradient in
        for _ in 0..<greatestSweepCount {
          var hasMoved = false
          for index in 0..<depth {
            let curvature = gram[index * depth + index]
            guard curvature > 0 else { continue }
            // Where the parabola of this weight alone has its vertex, in steps from here.
            let steps = -gradient[index] / (curvature * quantizer.scale)
            guard abs(steps) > 0.5 else { continue }
            let wanted = Double(solution.codes[index]) + steps
            let code = Int(min(max(wanted, 0), Double(quantizer.greatestCode)).rounded(.toNearestOrEven))
            let move = code - solution.codes[index]
            guard move != 0 else { continue }
            solution.codes[index] = code
            RoundingProblem.add(Double(move) * quantizer.scale, gram, index, to: gradient)
            hasMoved = true
          }
          if !hasMoved { break }
        }
      }
    }
    solution.error = problem.error(at: solution.weights)
    return solution
  }

  /// The best of several grids: ranges from the whole one down to `leastShare` of it.
  ///
  /// - Complexity: that of ``solve(_:weights:quantizer:)`` for each of 1 + (1 - leastShare) · 20 ranges.
  public static func solve(
    _ problem: RoundingProblem,
    weights: [Float],
    bitWidth: Int,
    leastShare: Double = 0.4
  ) -> Solution {
    let (least, greatest) = (Double(weights.min() ?? 0), Double(weights.max() ?? 0))
    var best: Solution?
    for step in 0...Int(((1 - leastShare) * 20).rounded()) {
      let share = 1 - Double(step) / 20
      let grid = AffineQuantizer(lower: least * share, range: (greatest - least) * share, bitWidth: bitWidth)
      let candidate = solve(problem, weights: weights, quantizer: grid)
      if candidate.error < best?.error ?? .infinity { best = candidate }
    }
    return best
      ?? Solution(
        quantizer: AffineQuantizer(lower: 0, range: 0, bitWidth: bitWidth),
        codes: weights.map { _ in 0 },
        error: problem.signalPower
      )
  }
}
