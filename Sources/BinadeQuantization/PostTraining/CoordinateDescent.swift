/// Rounds the weights of a channel one after the other, each to the value that is best given all others, until none moves.
///
/// The error of the layer's output is a quadratic form of the weights (``RoundingProblem``), so the best value of one weight has
/// a closed form, and no error ever grows: of the values that a format has, the nearest one is best.
public enum CoordinateDescent {
  /// Sweeps over all weights at most; the last ones rarely move any.
  private static let greatestSweepCount = 40

  /// Starts from the nearest codes.
  ///
  /// `grids`: one for all weights, or one for each, as blocks have them: the same but for their scales.
  ///
  /// - Complexity: O(depth²) and O(depth) for every weight that moves.
  public static func solve(_ problem: RoundingProblem, weights: [Float], grids: [QuantizationGrid])
    -> RoundedChannel
  {
    precondition(grids.count == 1 || grids.count == weights.count, "\(grids.count) grids")
    let grid = grids[0]
    let scales = weights.indices.map { Double(grids[grids.count == 1 ? 0 : $0].scale) }
    var codes = zip(weights, scales).map { grid.encode(Double($0), scale: $1) }
    var values = zip(codes, scales).map { Double(grid.codec.decode($0)) * $1 }
    var gradient = problem.halfGradient(at: values)
    let depth = problem.depth
    problem.gram.withUnsafeBufferPointer { gram in
      gradient.withUnsafeMutableBufferPointer { gradient in
        for _ in 0..<greatestSweepCount {
          var hasMoved = false
          for index in 0..<depth {
            let curvature = gram[index * depth + index]
            guard curvature > 0 else { continue }
            // Where the parabola of this weight alone has its vertex.
            let wanted = values[index] - gradient[index] / curvature
            let code = grid.nearest(wanted, scale: scales[index])
            guard code != codes[index] else { continue }
            let value = Double(grid.codec.decode(code)) * scales[index]
            // The same distance on either side is no gain, and -0 none over 0.
            guard abs(value - wanted) < abs(values[index] - wanted) else { continue }
            RoundingProblem.add(value - values[index], gram, index, to: gradient)
            codes[index] = code
            values[index] = value
            hasMoved = true
          }
          if !hasMoved { break }
        }
      }
    }
    return RoundedChannel(grids: grids, codes: codes, error: problem.error(at: values))
  }

  /// The best of several grids; of equal errors the first stays.
  ///
  /// - Complexity: that of ``solve(_:weights:grids:)`` for each of them.
  /// - Precondition: there is one.
  public static func solve(_ problem: RoundingProblem, weights: [Float], candidates: [[QuantizationGrid]])
    -> RoundedChannel
  {
    precondition(!candidates.isEmpty, "no grids to choose from")
    var best = solve(problem, weights: weights, grids: candidates[0])
    for grids in candidates.dropFirst() {
      let candidate = solve(problem, weights: weights, grids: grids)
      if candidate.error < best.error { best = candidate }
    }
    return best
  }
}

/// The weights of one output channel, rounded by the error of the layer's output.
public struct RoundedChannel: Sendable {
  /// One for all weights, or one for each.
  public let grids: [QuantizationGrid]
  /// One per weight, of the grid's codec.
  public var codes: [UInt32]
  /// The mean squared error of the output.
  public var error: Double

  /// The rounded weights.
  public var weights: [Double] { codes.enumerated().map { grid($0).decode($1) } }

  /// The rounded weights before their scale.
  public var unscaledWeights: [Float] { codes.enumerated().map { grid($0).codec.decode($1) } }

  private func grid(_ index: Int) -> QuantizationGrid { grids[grids.count == 1 ? 0 : index] }
}
