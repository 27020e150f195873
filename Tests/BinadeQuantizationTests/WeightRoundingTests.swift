import BinadeFormats
import BinadeNumerics
import BinadeQuantization
import Testing

/// Rounding of weights by the layer's output, against the definition on the patches and against all choices.
@Suite struct WeightRoundingTests {
  /// Patches whose elements depend on each other, and weights.
  struct Sample {
    let float: [[Double]]
    let quantized: [[Double]]
    let weights: [Float]

    init(depth: Int, seed: UInt64, patchCount: Int = 200) {
      var state = seed
      func number() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) / 0x1p53 - 0.5
      }
      weights = (0..<depth).map { _ in Float(number()) }
      let float = (0..<patchCount).map { _ -> [Double] in
        let common = number()
        return (0..<depth).map { _ in common + 0.5 * number() }
      }
      self.float = float
      quantized = float.map { patch in patch.map { $0 + 0.05 * number() } }
    }

    /// The definition: the mean of (w·x - ŵ·x̂)².
    func error(_ rounded: [Double]) -> Double {
      let squares = zip(float, quantized).map { x, y -> Double in
        let exact = zip(weights, x).reduce(0) { $0 + Double($1.0) * $1.1 }
        let found = zip(rounded, y).reduce(0) { $0 + $1.0 * $1.1 }
        return (exact - found) * (exact - found)
      }
      return squares.reduce(0, +) / Double(squares.count)
    }

    var problem: RoundingProblem {
      let (depth, count) = (weights.count, Double(float.count))
      func moment(_ left: [[Double]], _ right: [[Double]], _ i: Int, _ j: Int) -> Double {
        zip(left, right).reduce(0) { $0 + $1.0[i] * $1.1[j] } / count
      }
      let pairs = (0..<depth * depth).map { ($0 / depth, $0 % depth) }
      return RoundingProblem(
        gram: pairs.map { moment(quantized, quantized, $0.0, $0.1) },
        target: (0..<depth).map { i in
          (0..<depth).reduce(0) { $0 + moment(quantized, float, i, $1) * Double(weights[$1]) }
        },
        signalPower: error([Double](repeating: 0, count: depth))
      )
    }
  }

  @Test("the quadratic form is the error on the patches")
  func definition() {
    let sample = Sample(depth: 9, seed: 1)
    let problem = sample.problem
    for shift in [0, 0.1, -0.7] {
      let weights = sample.weights.map { Double($0) + shift }
      #expect(abs(problem.error(at: weights) - sample.error(weights)) < 1e-12)
    }
    // A fault in the moments shows.
    let wrong = RoundingProblem(
      gram: problem.gram.map { $0 * 1.01 },
      target: problem.target,
      signalPower: problem.signalPower
    )
    let weights = sample.weights.map { Double($0) }
    #expect(abs(wrong.error(at: weights) - sample.error(weights)) > 1e-6)
  }

  @Test(
    "coordinate descent: no single weight can do better, and near the best of all codes",
    arguments: 1...8
  )
  func descent(seed: Int) throws {
    let sample = Sample(depth: 5, seed: UInt64(seed))
    let grid = QuantizationGrid(lower: -0.5, range: 1, bitWidth: 2)
    try check(
      sample,
      grid,
      codes: (0..<4).map { grid.encode(Double($0 - grid.zeroPoint) * Double(grid.scale)) }
    )
    // More ranges to choose from do not hurt.
    let (least, greatest) = (Double(sample.weights.min() ?? 0), Double(sample.weights.max() ?? 0))
    let grids = [1, 0.9, 0.8, 0.7].map {
      QuantizationGrid(lower: $0 * least, range: $0 * (greatest - least), bitWidth: 2)
    }
    let ranged = CoordinateDescent.solve(
      sample.problem,
      weights: sample.weights,
      candidates: grids.map { [$0] }
    )
    let whole = CoordinateDescent.solve(sample.problem, weights: sample.weights, grids: [grids[0]])
    #expect(ranged.error <= whole.error)
  }

  @Test("the same in formats that are not evenly spaced, and with a scale for every weight", arguments: 1...4)
  func otherFormats(seed: Int) throws {
    let sample = Sample(depth: 5, seed: UInt64(seed))
    let policy = ConversionPolicy(rounding: .nearestEven, overflow: .saturate)
    for name in ["posit3", "float4_e2m1fn"] {
      let codec = try CodecCache().codec(for: FormatCatalog().format(named: name), policy: policy)
      let codes = try #require(codec.codec.rungs).map { codec.codec.encode(Float($0.value)) }
      try check(sample, QuantizationGrid(codec, scale: 0.2), codes: codes)
    }
    let codec = try CodecCache().codec(for: FormatCatalog().format(named: "float4_e2m1fn"), policy: policy)
    let grids = sample.weights.indices.map { QuantizationGrid(codec, scale: $0 < 3 ? 0.125 : 0.03) }
    let solution = CoordinateDescent.solve(sample.problem, weights: sample.weights, grids: grids)
    #expect(abs(solution.error - sample.error(solution.weights)) < 1e-12)
    let nearest = zip(sample.weights, grids).map { $1.fakeQuantize(Double($0)) }
    #expect(solution.error < sample.error(nearest))
    let adapted = AdaptiveRounding().solve(sample.problem, weights: sample.weights, grids: grids)
    for (index, weight) in adapted.weights.enumerated() {
      let (below, above) = grids[index].neighbours(of: Double(sample.weights[index]))
      #expect([Double(below), Double(above)].map { $0 * Double(grids[index].scale) }.contains(weight))
    }
    #expect(adapted.error <= sample.error(nearest) + 1e-12)
  }

  private func check(_ sample: Sample, _ grid: QuantizationGrid, codes: [UInt32]) throws {
    let problem = sample.problem
    let solution = CoordinateDescent.solve(problem, weights: sample.weights, grids: [grid])
    #expect(abs(solution.error - sample.error(solution.weights)) < 1e-12)
    let nearest = sample.weights.map { grid.fakeQuantize(Double($0)) }
    #expect(solution.error <= sample.error(nearest) + 1e-12)
    for index in 0..<5 {
      for code in codes {
        var other = solution
        other.codes[index] = code
        #expect(sample.error(other.weights) >= solution.error - 1e-12)
      }
    }
    guard codes.count == 4 else { return }
    let best =
      (0..<1024).map { choice in
        sample.error((0..<5).map { grid.decode(codes[choice >> (2 * $0) & 3]) })
      }.min() ?? 0
    #expect(solution.error >= best - 1e-12)
    #expect(solution.error <= 3 * best + 1e-4, "\(solution.error) \(best)")
  }

  @Test(
    "AdaRound: every code up or down, no worse than nearest, and half of the way to the best of all such choices"
  )
  func adaptive() {
    var (gained, possible) = (0.0, 0.0)
    for seed in 1...12 {
      let sample = Sample(depth: 8, seed: UInt64(seed))
      let grid = QuantizationGrid(lower: -0.6, range: 1.2, bitWidth: 3)
      let scale = Double(grid.scale)
      let solution = AdaptiveRounding().solve(sample.problem, weights: sample.weights, grids: [grid])
      let positions = sample.weights.map { Double($0) / scale }
      for (step, position) in zip(solution.unscaledWeights.map(Double.init), positions) {
        #expect(step == position.rounded(.down) || step == position.rounded(.up))
      }
      let nearest = sample.error(sample.weights.map { grid.fakeQuantize(Double($0)) })
      #expect(solution.error <= nearest + 1e-12)
      let best =
        (0..<256).map { choice in
          sample.error(
            positions.enumerated().map { ($1.rounded(.down) + Double(choice >> $0 & 1)) * scale }
          )
        }.min() ?? 0
      #expect(solution.error >= best - 1e-12)
      gained += nearest - solution.error
      possible += nearest - best
    }
    #expect(gained >= 0.5 * possible, "\(gained) of \(possible)")
  }
}
