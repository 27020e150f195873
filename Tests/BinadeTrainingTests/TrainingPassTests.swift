import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeTraining
import Testing

/// Gradients of whole networks: the twin against finite differences, the engine against the twin.
@Suite struct TrainingPassTests {
  /// Small networks with all that graphs have: both shortcuts, max pooling, groups, depthwise layers, biases, a ReLU by
  /// itself, an inverted residual with ReLU6.
  static let networks = ["A", "B", "imageNet", "mixed", "inverted"]

  static func graph(_ name: String) -> NetworkGraph {
    let input = ImageShape(channels: 3, height: 8, width: 8)
    func make(_ body: () throws -> ResNet) -> NetworkGraph {
      do { return try body().graph } catch { preconditionFailure("\(error)") }
    }
    switch name {
    case "A": return make { try .cifar(depth: 8, widths: [4, 6, 8], input: input, classCount: 5) }
    case "B":
      return make { try .cifar(depth: 8, widths: [3, 5, 7], shortcut: .b, input: input, classCount: 5) }
    case "imageNet":
      return make {
        try .imageNet(
          depth: 18,
          widthMultiplier: 1.0 / 16,
          input: ImageShape(channels: 3, height: 16, width: 16),
          classCount: 4
        )
      }
    case "inverted": return inverted(input)
    default: return mixed(input)
    }
  }

  private static func inverted(_ input: ImageShape) -> NetworkGraph {
    var graph = NetworkGraph(input: input)
    func convolution(_ name: String, _ channels: Int, kernel: Int = 1, groups: Int = 1, from node: Int) -> Int
    {
      let sums = graph.append(
        name,
        .convolution(
          outputChannels: channels,
          kernel: kernel,
          stride: 1,
          padding: kernel / 2,
          groups: groups
        ),
        inputs: [node]
      )
      return graph.append(name + "Norm", .batchNormalization, inputs: [sums])
    }
    func clip(_ node: Int) -> Int { graph.append("clip\(node)", .unweighted(ReLU6()), inputs: [node]) }
    let stem = clip(convolution("stem", 6, kernel: 3, from: 0))
    let expanded = clip(convolution("expand", 12, from: stem))
    let depthwise = clip(convolution("depthwise", 12, kernel: 3, groups: 12, from: expanded))
    let sum = graph.append("sum", .add, inputs: [convolution("project", 6, from: depthwise), stem])
    let average = graph.append("average", .unweighted(GlobalAveragePool()), inputs: [sum])
    _ = graph.append("linear", .linear(outputCount: 5), inputs: [average])
    return graph
  }

  private static func mixed(_ input: ImageShape) -> NetworkGraph {
    var graph = NetworkGraph(input: input)
    let stem = graph.append(
      "stem",
      .convolution(outputChannels: 8, kernel: 3, stride: 1, padding: 1, hasBias: true),
      inputs: [0]
    )
    let relu = graph.append("relu", .relu, inputs: [stem])
    let grouped = graph.append(
      "grouped",
      .convolution(outputChannels: 8, kernel: 3, stride: 1, padding: 1, groups: 2),
      inputs: [relu]
    )
    let norm = graph.append("norm", .batchNormalization, inputs: [grouped])
    let sum = graph.append("sum", .add, inputs: [norm, relu])
    let pooled = graph.append(
      "pool",
      .unweighted(MaxPool(window: 2, stride: 2, padding: 0)),
      inputs: [sum]
    )
    let depthwise = graph.append(
      "depthwise",
      .convolution(outputChannels: 8, kernel: 3, stride: 2, padding: 1, groups: 8),
      inputs: [pooled]
    )
    let normalized = graph.append("depthwiseNorm", .batchNormalization, inputs: [depthwise])
    let rectified = graph.append("depthwiseRelu", .relu, inputs: [normalized])
    let average = graph.append("average", .unweighted(GlobalAveragePool()), inputs: [rectified])
    _ = graph.append("linear", .linear(outputCount: 5), inputs: [average])
    return graph
  }

  static func parameters(_ graph: NetworkGraph) -> NetworkParameters {
    var parameters = NetworkParameters(graph, seed: 7)
    // Batch norms that do something.
    parameters.withUnsafeMutableValues { values in
      for entry in ParameterLayout(graph).entries where entry.shape.extents.count == 1 {
        for place in entry.range {
          let noise = Float((place &* 2_654_435_761) % 1_009) / 1_009 - 0.5
          values[place] += entry.role == .runningVariance ? abs(noise) : noise * 0.5
        }
      }
    }
    return parameters
  }

  static func images(_ graph: NetworkGraph, _ count: Int) -> (images: [Float], labels: [Int]) {
    let generator = CounterGenerator(seed: 3)
    return (
      (0..<count * graph.inputShape.count).map {
        Float(Double(generator.word(of: UInt64($0))) / 0x1p31 - 1)
      },
      (0..<count).map { ($0 * 7 + 2) % graph.outputCount }
    )
  }

  @Test("the twin's gradient is the derivative of its loss", arguments: networks)
  func finiteDifferences(name: String) {
    let graph = Self.graph(name)
    var twin = NetworkTwin(graph)
    twin.smoothing = 0.1
    let (images, labels) = Self.images(graph, name == "imageNet" ? 5 : 3)
    let (input, parameters) = (images.map(Double.init), Self.parameters(graph).values.map(Double.init))
    let gradient = twin.run(parameters, input, labels: labels).gradient
    // Small enough that no activation crosses 0; in the deep network, batch norms of few values magnify the rounding of the
    // loss, and h is greater.
    let h = name == "imageNet" ? 1e-6 : 1e-7
    for entry in ParameterLayout(graph).entries where entry.role.isTrainable {
      for place in [entry.range.lowerBound, entry.range.lowerBound + entry.range.count / 2] {
        func loss(_ change: Double) -> Double {
          var moved = parameters
          moved[place] += change
          return twin.run(moved, input, labels: labels).loss
        }
        // Fourth order: the truncation is far below the rounding of the loss, 2⁻⁵³/h.
        let difference = (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h)
        #expect(
          abs(difference - gradient[place]) <= 1e-7 * max(1e-1, abs(gradient[place])),
          "\(entry.name)[\(place - entry.range.lowerBound)]: \(difference), \(gradient[place])"
        )
      }
    }
  }

  /// Runs one step of the engine and returns gradient, parameters and the report.
  static func step(
    _ graph: NetworkGraph,
    _ images: [Float],
    _ labels: [Int],
    threads: Int = 1,
    features: CPUFeatures = .detected,
    fusions: TrainingFusions = .all,
    precision: ProductPrecision = .float32,
    rounding: OperandRounding = .nearestEven,
    seed: UInt64 = 0
  ) throws -> (gradient: [Float], parameters: [Float], report: StepReport) {
    var recipe = TrainingRecipe()
    recipe.batch = 1
    recipe.labelSmoothing = 0.1
    recipe.precision = precision
    recipe.rounding = rounding
    recipe.seed = seed
    let trainer = try Trainer(
      graph,
      parameters(graph),
      images: TestImages.of(graph, count: 1),
      normalization: TestImages.normalization(graph),
      recipe: recipe,
      fusions: fusions,
      threads: threads,
      features: features
    )
    let report = try trainer.step(
      images: images,
      labels: labels,
      values: StepValues(learningRate: 0.1, momentum: 0.9)
    )
    return (trainer.lastGradient, trainer.parameters.values, report)
  }

  /// The greatest difference, relative to the greatest gradient of the parameter.
  static func error(_ found: [Float], _ exact: [Double], _ graph: NetworkGraph) -> Double {
    ParameterLayout(graph).entries.filter(\.role.isTrainable).map { entry in
      let greatest = entry.range.map { abs(exact[$0]) }.max() ?? 0
      return entry.range.map { abs(Double(found[$0]) - exact[$0]) }.max()! / max(greatest, 1e-6)
    }.max()!
  }

  @Test(
    "the engine is within 1e-4 of the twin: one image more than a shard, a short shard",
    arguments: networks,
    [11, 9]
  )
  func engine(name: String, count: Int) throws {
    let graph = Self.graph(name)
    let (images, labels) = Self.images(graph, count)
    let found = try Self.step(graph, images, labels)
    var twin = NetworkTwin(graph)
    twin.smoothing = 0.1
    let parameters = Self.parameters(graph).values.map(Double.init)
    let exact = twin.run(parameters, images.map(Double.init), labels: labels)
    #expect(abs(found.report.loss - exact.loss) <= 1e-5 * exact.loss)
    #expect(Self.error(found.gradient, exact.gradient, graph) <= 1e-4)
    for entry in ParameterLayout(graph).entries where !entry.role.isTrainable {
      for place in entry.range {
        #expect(abs(Double(found.parameters[place]) - exact.statistics[place]) <= 1e-5)
      }
    }
  }

  @Test(
    "threads and instruction sets leave every bit as it is",
    arguments: networks,
    ProductPrecision.allCases
  )
  func reproducible(name: String, precision: ProductPrecision) throws {
    let graph = Self.graph(name)
    let (images, labels) = Self.images(graph, 19)
    let first = try Self.step(graph, images, labels, precision: precision)
    for threads in [2, 7] {
      let other = try Self.step(graph, images, labels, threads: threads, precision: precision)
      #expect(other.parameters == first.parameters)
    }
    for features in [CPUFeatures.portable, .avx2, .avx512]
    where CPUFeatures.detected.isSuperset(of: features) {
      let other = try Self.step(graph, images, labels, features: features, precision: precision)
      #expect(other.parameters == first.parameters, "\(features.names)")
    }
  }

  @Test("bfloat16 is within a few units of its precision of float32", arguments: networks)
  func bfloat16(name: String) throws {
    let graph = Self.graph(name)
    let (images, labels) = Self.images(graph, 11)
    let float = try Self.step(graph, images, labels)
    let rounded = try Self.step(graph, images, labels, precision: .bfloat16)
    #expect(rounded.gradient != float.gradient)
    #expect(abs(rounded.report.loss - float.report.loss) <= 0.02 * float.report.loss)
  }

  @Test(
    "stochastic rounding of operands: a function of the seed, the same on every instruction set",
    arguments: ["A", "mixed"]
  )
  func stochastic(name: String) throws {
    let graph = Self.graph(name)
    let (images, labels) = Self.images(graph, 11)
    func gradient(_ seed: UInt64, threads: Int = 1, features: CPUFeatures = .detected) throws -> [Float] {
      try Self.step(
        graph,
        images,
        labels,
        threads: threads,
        features: features,
        precision: .bfloat16,
        rounding: .stochastic,
        seed: seed
      ).gradient
    }
    let first = try gradient(0)
    #expect(try gradient(0, threads: 3) == first)
    for features in [CPUFeatures.avx512, .avx2, .portable] where CPUFeatures.detected.isSuperset(of: features)
    {
      #expect(try gradient(0, features: features) == first, "\(features.names)")
    }
    #expect(try gradient(1) != first)
    #expect(try first != Self.step(graph, images, labels, precision: .bfloat16).gradient)
  }

  @Test("stochastic rounding gives a neighbour, with the value as the mean")
  func stochasticOperands() {
    let values: [Float] = [1.001, -3.14159, 0x1p-130, 65504, 1.5, 0, .infinity, -.infinity, 0x1.fffffep127]
    var sums = [Double](repeating: 0, count: values.count)
    let count = 4096
    for step in 0..<count {
      var rounded = values
      StochasticOperands(seed: 1, step: step).round(&rounded, count: values.count, first: 3, layer: 2, .input)
      for (index, value) in values.enumerated() {
        let below = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
        let above = Float(bitPattern: below.bitPattern &+ 0x1_0000)
        #expect(rounded[index] == below || (below != value && rounded[index] == above))
        sums[index] += Double(rounded[index]) / Double(count)
      }
    }
    for (mean, value) in zip(sums, values) where value.isFinite && value < 1e30 {
      let unit =
        Double(Float(bitPattern: (value.bitPattern & 0xFFFF_0000) + 0x1_0000).magnitude)
        - Double(Float(bitPattern: value.bitPattern & 0xFFFF_0000).magnitude)
      // A share of `count` words: at most half a step of deviation each; five of the mean's.
      #expect(abs(mean - Double(value)) <= 5 * unit / 2 / Double(count).squareRoot())
    }
    // Elements have words of their own wherever a line begins.
    var (whole, part) = ([Float](repeating: 1.0039, count: 40), [Float](repeating: 1.0039, count: 17))
    let operands = StochasticOperands(seed: 1, step: 0)
    operands.round(&whole, count: 40, first: 0, layer: 0, .gradient)
    operands.round(&part, count: 17, first: 11, layer: 0, .gradient)
    #expect(part == Array(whole[11..<28]))
    #expect(Set(whole).count == 2)
  }

  @Test(
    "fused and unfused passes agree to the rounding of sums",
    arguments: networks,
    TrainingFusions.each.map { TrainingFusions.all.subtracting($0.fusion) } + [[]]
  )
  func fusions(name: String, fusions: TrainingFusions) throws {
    let graph = Self.graph(name)
    let (images, labels) = Self.images(graph, 11)
    let fused = try Self.step(graph, images, labels)
    let unfused = try Self.step(graph, images, labels, fusions: fusions)
    #expect(fused.report.loss == unfused.report.loss)
    #expect(Self.error(unfused.gradient, fused.gradient.map(Double.init), graph) <= 1e-5)
  }

  @Test("every planted bug is seen", arguments: NetworkTwin.PlantedBug.allCases)
  func plantedBug(bug: NetworkTwin.PlantedBug) throws {
    let graph = Self.graph("A")
    let (images, labels) = Self.images(graph, 9)
    var parameters = Self.parameters(graph)
    if bug == .reluPassesZeros {
      // A channel that is 0 everywhere after batch norm.
      for part in ["weight", "bias"] {
        let values = parameters["bn1.\(part)"]
        parameters["bn1.\(part)"] = [0] + values.dropFirst()
      }
    }
    var recipe = TrainingRecipe()
    recipe.batch = 1
    recipe.labelSmoothing = 0.1
    let trainer = try Trainer(
      graph,
      parameters,
      images: TestImages.of(graph, count: 1),
      normalization: TestImages.normalization(graph),
      recipe: recipe
    )
    try trainer.step(images: images, labels: labels, values: StepValues(learningRate: 0.1, momentum: 0.9))
    var twin = NetworkTwin(graph)
    twin.smoothing = 0.1
    func isRight() -> Bool {
      let exact = twin.run(parameters.values.map(Double.init), images.map(Double.init), labels: labels)
      let statistics = ParameterLayout(graph).entries.filter { !$0.role.isTrainable }.allSatisfy { entry in
        entry.range.allSatisfy { abs(Double(trainer.parameters.values[$0]) - exact.statistics[$0]) <= 1e-5 }
      }
      return statistics && Self.error(trainer.lastGradient, exact.gradient, graph) <= 1e-4
    }
    #expect(isRight())
    twin.bug = bug
    #expect(!isRight(), "\(bug) went unseen")
  }
}
