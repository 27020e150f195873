import BinadeNetworks
import BinadeTraining
import Testing

/// Optimizers and schedules beside PyTorch 2.13's, on three parameters for five steps.
@Suite struct OptimizerTests {
  /// A network whose first three parameters are what is looked at.
  private static func trained(
    _ optimizer: Optimizer,
    _ schedule: Schedule,
    learningRate: Double,
    momentum: Double
  ) -> [[Float]] {
    let layout = ParameterLayout(graph)
    var parameters = NetworkParameters(graph, seed: 1)
    let start = layout.entries[0].range.lowerBound
    parameters.withUnsafeMutableValues { values in
      for (index, value) in ([1, -2, 0.5] as [Float]).enumerated() { values[start + index] = value }
    }
    var state = OptimizerState(optimizer, layout, weightDecay: 0.01, scope: .all)
    return (0..<5).map { step in
      var gradient = [Float](repeating: 0, count: layout.count)
      gradient[start] = 0.1 * Float(step + 1)
      gradient[start + 1] = -0.2 + 0.05 * Float(step)
      gradient[start + 2] = 0.3 / Float(step + 1)
      let values = schedule.values(at: step, of: 5, learningRate: learningRate, momentum: momentum)
      state.update(&parameters, gradient, values)
      return Array(parameters.values[start..<start + 3])
    }
  }

  private static let graph: NetworkGraph = {
    var graph = NetworkGraph(input: ImageShape(channels: 3, height: 1, width: 1))
    _ = graph.append("linear", .linear(outputCount: 2), inputs: [0])
    return graph
  }()

  private func expect(_ found: [[Float]], _ expected: [[Float]]) {
    for (one, two) in zip(found.flatMap { $0 }, expected.flatMap { $0 }) { #expect(abs(one - two) <= 4e-7) }
    #expect(found.count == expected.count)
  }

  @Test("Nesterov's momentum with one cycle")
  func nesterov() {
    var schedule = Schedule(.oneCycle)
    schedule.warmUp = 0.4
    let found = Self.trained(Optimizer(.sgd), schedule, learningRate: 0.1, momentum: 0.95)
    expect(
      found,
      [
        [0.999141991, -1.99828398, 0.497621], [0.952346087, -1.95094216, 0.446914136],
        [0.891392231, -1.91363752, 0.408437461], [0.859411597, -1.90107226, 0.394643724],
        [0.859410882, -1.90107203, 0.394643486],
      ]
    )
  }

  @Test("momentum without looking ahead")
  func plainMomentum() {
    var optimizer = Optimizer(.sgd)
    optimizer.nesterov = false
    expect(
      Self.trained(optimizer, Schedule(.constant), learningRate: 0.1, momentum: 0.9),
      [
        [0.989000022, -1.97800004, 0.469500005], [0.958111048, -1.94122207, 0.426580489],
        [0.899352849, -1.89618063, 0.377526343], [0.805571079, -1.84874713, 0.325500101],
        [0.670361936, -1.80420828, 0.272350997],
      ]
    )
  }

  @Test("AdamW")
  func adamW() {
    expect(
      Self.trained(Optimizer(.adamW), Schedule(.constant), learningRate: 0.1, momentum: 0.9),
      [
        [0.898999989, -1.898, 0.399500012], [0.801582754, -1.79784453, 0.305882543],
        [0.704981089, -1.70179212, 0.21826081], [0.608235121, -1.61356115, 0.135918677],
        [0.51090318, -1.53881073, 0.0582943782],
      ]
    )
  }

  @Test("one cycle of 3,900 steps")
  func oneCycle() {
    var schedule = Schedule(.oneCycle)
    schedule.warmUp = 0.1
    let expected: [(Int, Double, Double)] = [
      (0, 0.0012, 0.95), (1, 0.0012004696028010235, 0.9499983694347186), (389, 0.03, 0.85),
      (390, 0.0299999939917913, 0.8500000200274425), (2000, 0.01692799203033495, 0.8935735341930202),
      (3899, 1.2e-07, 0.95),
    ]
    for (step, rate, momentum) in expected {
      let values = schedule.values(at: step, of: 3900, learningRate: 0.03, momentum: 0.95)
      #expect(abs(values.learningRate - rate) <= 1e-14)
      #expect(abs(values.momentum - momentum) <= 1e-14)
    }
  }

  @Test("AQT's cosine with warm-up and cool-down: methods.md 1.7")
  func cosine() {
    var schedule = Schedule(.cosine)
    (schedule.warmUp, schedule.coolDown, schedule.least) = (0.02, 0.2, 0.001)
    let expected: [(Int, Double)] = [
      (10, 0.2), (50, 1), (500, 0.874381), (1000, 0.520613), (1025, 0.5005), (1500, 0.154484), (2000, 0.001),
      (2250, 0.0005), (2500, 0),
    ]
    for (step, rate) in expected {
      let found = schedule.values(at: step, of: 2500, learningRate: 1, momentum: 0.9).learningRate
      #expect(abs(found - rate) <= 5e-7, "step \(step): \(found)")
    }
  }

  @Test("steps")
  func steps() {
    let schedule = Schedule(.step)
    let rates = [0, 49, 50, 74, 75, 99].map {
      schedule.values(at: $0, of: 100, learningRate: 1, momentum: 0.9).learningRate
    }
    for (found, expected) in zip(rates, [1, 1, 0.1, 0.1, 0.01, 0.01]) {
      #expect(abs(found - expected) < 1e-15)
    }
  }

  @Test(
    "decay leaves batch norms and biases alone under rankAboveOne, depthwise kernels under notDepthwise, and is seen"
  )
  func decayScope() {
    let graph = TrainingPassTests.graph("mixed")
    let layout = ParameterLayout(graph)
    for scope in WeightDecayScope.allCases {
      var parameters = NetworkParameters(graph, seed: 1)
      let before = parameters
      var state = OptimizerState(Optimizer(.sgd), layout, weightDecay: 0.5, scope: scope)
      let values = StepValues(learningRate: 0.1, momentum: 0.9)
      state.update(&parameters, [Float](repeating: 0, count: layout.count), values)
      for entry in layout.entries {
        let changed = parameters.values[entry.range] != before.values[entry.range]
        let isDepthwise = entry.name == "depthwise.weight"
        let isZero = before.values[entry.range].allSatisfy { $0 == 0 }
        let expected: Bool =
          switch scope {
          case .all: entry.role.isTrainable && !isZero
          case .rankAboveOne: entry.role == .weight
          case .notDepthwise: entry.role == .weight && !isDepthwise
          }
        #expect(changed == expected, "\(scope): \(entry.name)")
      }
    }
  }
}
