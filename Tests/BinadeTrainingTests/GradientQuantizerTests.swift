import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization
import BinadeTraining
import Testing

/// Gradients rounded on their way: by the scale of the step before, the same bits whatever the threads, without bias at random.
@Suite struct GradientQuantizerTests {
  static func specification(_ format: String, isStochastic: Bool = false) throws -> QuantizerSpecification {
    let catalog = try FormatCatalog()
    if let blocks = try? catalog.blockFormat(named: format) { return QuantizerSpecification(blocks: blocks) }
    var result = QuantizerSpecification(format: try catalog.format(named: format), granularity: .tensor)
    if isStochastic { result.words = RandomWords() }
    return result
  }

  private static func trainer(
    _ graph: NetworkGraph,
    _ gradients: QuantizerSpecification,
    threads: Int = 1,
    features: CPUFeatures = .detected,
    seed: UInt64 = 0
  ) throws -> Trainer {
    let quantization = LayerQuantization(weights: nil, inputs: nil, gradients: gradients, method: .lsq)
    return try QuantizedTrainingTests.trainer(graph, quantization, threads: threads, features: features) {
      $0.seed = seed
    }
  }

  /// The gradients of two steps that change nothing: without scales, and with those of the first.
  private static func gradients(_ trainer: Trainer, _ graph: NetworkGraph) throws -> (
    first: [Float], second: [Float]
  ) {
    let (images, labels) = TrainingPassTests.images(graph, 19)
    let still = StepValues(learningRate: 0, momentum: 0)
    try trainer.step(images: images, labels: labels, values: still)
    let first = trainer.lastGradient
    try trainer.step(images: images, labels: labels, values: still)
    return (first, trainer.lastGradient)
  }

  private static func exact(_ graph: NetworkGraph) -> [Double] {
    let (images, labels) = TrainingPassTests.images(graph, 19)
    return NetworkTwin(graph).run(
      TrainingPassTests.parameters(graph).values.map(Double.init),
      images.map(Double.init),
      labels: labels
    ).gradient
  }

  private static func distance(_ found: [Float], _ exact: [Double], _ graph: NetworkGraph) -> Double {
    let places = ParameterLayout(graph).entries.filter(\.role.isTrainable).flatMap(\.range)
    return QuantizedGradientTests.distance(places.map { Double(found[$0]) }, places.map { exact[$0] })
  }

  @Test(
    "formats change gradients as their precision says, from the step on that has scales",
    arguments: [
      ("tf32", 1e-3), ("bfloat16", 1e-2), ("int16", 1e-2), ("posit16", 1e-2), ("float8_e5m2", 0.3),
      ("mxfp8_e5m2", 0.3),
      ("int8", 0.3),
    ],
    TrainingPassTests.networks
  )
  func precision(format: (name: String, error: Double), name: String) throws {
    let graph = TrainingPassTests.graph(name)
    let exact = Self.exact(graph)
    let found = try Self.gradients(Self.trainer(graph, Self.specification(format.name)), graph)
    // Formats without scales, and blocks, round the first step as well.
    #expect(Self.distance(found.first, exact, graph) <= format.error)
    let error = Self.distance(found.second, exact, graph)
    #expect(error <= format.error && error > 1e-6, "\(error)")
  }

  @Test("threads, instruction sets and networks: the same bits", arguments: [false, true], ["A", "mixed"])
  func reproducible(isStochastic: Bool, name: String) throws {
    let graph = TrainingPassTests.graph(name)
    let specification = try Self.specification("float8_e5m2", isStochastic: isStochastic)
    let expected = try Self.gradients(Self.trainer(graph, specification), graph).second
    for threads in [2, 7] {
      #expect(
        try Self.gradients(Self.trainer(graph, specification, threads: threads), graph).second == expected
      )
    }
    let portable = try Self.trainer(graph, specification, threads: 2, features: .portable)
    #expect(try Self.gradients(portable, graph).second == expected)
    let other = try Self.gradients(Self.trainer(graph, specification, seed: 1), graph).second
    #expect((other == expected) == !isStochastic)
  }

  @Test(
    "at random the mean over many draws comes nearer to the gradient than a draw, and than rounding to nearest"
  )
  func unbiased() throws {
    let graph = TrainingPassTests.graph("A")
    let exact = Self.exact(graph)
    let specification = try Self.specification("float8_e5m2", isStochastic: true)
    var mean = [Double](repeating: 0, count: exact.count)
    var single = 0.0
    for seed in 0..<64 {
      let found = try Self.gradients(Self.trainer(graph, specification, seed: UInt64(seed)), graph).second
      single += Self.distance(found, exact, graph) / 64
      for place in mean.indices { mean[place] += Double(found[place]) / 64 }
    }
    #expect(Self.distance(mean.map { Float($0) }, exact, graph) < single / 4)
  }

  @Test("a format without negative values, and scales of channels, are refused")
  func refusal() throws {
    let graph = TrainingPassTests.graph("A")
    var specification = try Self.specification("uint8")
    specification.zeroPoint = .none
    let refused = specification
    let fault = #expect(throws: TrainingError.self) { _ = try Self.trainer(graph, refused) }
    #expect(fault?.description.contains("gradient") == true)
    var perChannel = try Self.specification("float8_e5m2")
    perChannel.granularity = .channel
    let channels = perChannel
    let other = #expect(throws: TrainingError.self) { _ = try Self.trainer(graph, channels) }
    #expect(other?.description.contains("one scale for each layer") == true)
  }
}
