import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization
import BinadeTraining
import Testing

/// Quantization-aware training: the deployed network has the bits of the training network, threads and instruction sets change nothing.
@Suite struct QuantizedTrainingTests {
  static func quantization(_ weights: String, _ inputs: String? = nil, _ method: TrainingMethod) throws
    -> LayerQuantization
  {
    func specification(_ text: String, _ granularity: Granularity) throws -> QuantizerSpecification {
      let catalog = try FormatCatalog()
      if let blocks = try? catalog.blockFormat(named: text) { return QuantizerSpecification(blocks: blocks) }
      return QuantizerSpecification(format: try catalog.format(named: text), granularity: granularity)
    }
    return LayerQuantization(
      weights: try specification(weights, .channel),
      inputs: try specification(inputs ?? weights, .tensor),
      method: method
    )
  }

  static func trainer(
    _ graph: NetworkGraph,
    _ quantization: LayerQuantization,
    teacher: NetworkGraph? = nil,
    threads: Int = 2,
    features: CPUFeatures = .detected,
    _ change: (inout TrainingRecipe) -> Void = { _ in }
  ) throws -> Trainer {
    var recipe = TrainingRecipe()
    recipe.batch = 1
    recipe.epochs = 4
    // The first of four steps: the others have bounds.
    recipe.trackedShare = 0.25
    change(&recipe)
    return try Trainer(
      graph,
      TrainingPassTests.parameters(graph),
      images: TestImages.of(graph, count: 1),
      normalization: TestImages.normalization(graph),
      recipe: recipe,
      teacher: teacher.map { ($0, TrainingPassTests.parameters($0)) },
      quantization: graph.weightedLayers.map { _ in quantization },
      threads: threads,
      features: features
    )
  }

  static func steps(_ trainer: Trainer, _ graph: NetworkGraph) throws {
    let (images, labels) = TrainingPassTests.images(graph, 7)
    for _ in 0..<3 {
      let values = StepValues(learningRate: 0.02, momentum: 0.9)
      try trainer.step(images: images, labels: labels, values: values)
    }
  }

  @Test(
    "the deployed network is the training forward with running statistics, bit for bit",
    arguments: ["int8", "int4", "int2", "float8_e4m3fn", "posit8", "nf4", "bfloat16"],
    TrainingMethod.allCases
  )
  func served(format: String, method: TrainingMethod) throws {
    try Self.checkServed(Self.quantization(format, nil, method))
  }

  @Test(
    "so it is with block formats, of one level and two, alone and beside formats of single elements",
    arguments: [
      ("mxfp4_e2m1", "mxfp4_e2m1"), ("mxfp8_e4m3", "mxfp8_e4m3"), ("mxint8", "int8"), ("int4", "mxfp4_e2m1"),
      ("nvfp4", "nvfp4"), ("nvfp4_two_level", "nvfp4_two_level"), ("vsq4_s4", "vsq4_s4"), ("bfp4", "bfp4"),
    ],
    [TrainingMethod.straightThrough, .aqt]
  )
  func servedBlocks(formats: (weights: String, inputs: String), method: TrainingMethod) throws {
    try Self.checkServed(Self.quantization(formats.weights, formats.inputs, method))
  }

  @Test(
    "and with products of bfloat16, where operands are whole numbers, on every kernel row",
    arguments: ["int8", "int4", "int2", "float4_e2m1", "int4_midrise"],
    [CPUFeatures.detected, []]
  )
  func servedByBFloat16(format: String, features: CPUFeatures) throws {
    for method in TrainingMethod.allCases {
      try Self.checkServed(Self.quantization(format, nil, method), .bfloat16, features)
      // Codes have no neighbours to be drawn to: only gradients are rounded at random.
      try Self.checkServed(Self.quantization(format, nil, method), .bfloat16, features, .stochastic)
    }
  }

  private static func checkServed(
    _ quantization: LayerQuantization,
    _ precision: ProductPrecision = .float32,
    _ features: CPUFeatures = .detected,
    _ rounding: OperandRounding = .nearestEven
  ) throws {
    for name in TrainingPassTests.networks {
      let graph = TrainingPassTests.graph(name)
      let trainer = try trainer(graph, quantization, features: features) {
        ($0.precision, $0.rounding) = (precision, rounding)
      }
      try steps(trainer, graph)
      #expect(trainer.quantized?.layers.allSatisfy { $0.inputs?.quantizer != nil } == true)
      let (images, _) = TrainingPassTests.images(graph, 7)
      let served = TrainServeTests.logits(try trainer.deployed(), graph, images)
      let trained = trainer.logits(images: images, usesRunningStatistics: true)
      #expect(served == trained, "\(name)")
      // The float32 network is another.
      let plain = CompiledNetwork(FoldedNetwork(graph, trainer.parameters, placement: .epilogue))
      #expect(TrainServeTests.logits(plain, graph, images) != trained, "\(name)")
    }
  }

  @Test("AQT's bounds must freeze before the run ends; a teacher has the same classes")
  func bounds() throws {
    let graph = TrainingPassTests.graph("A")
    let quantization = try Self.quantization("int4", nil, .aqt)
    func trainer(_ share: Double, teacher: NetworkGraph? = nil) throws -> Trainer {
      try Self.trainer(graph, quantization, teacher: teacher) { $0.trackedShare = share }
    }
    _ = try trainer(0.75)
    let late = #expect(throws: TrainingError.self) { _ = try trainer(0.76) }
    #expect(late?.description.contains("4 of 4 steps") == true)
    let other = try ResNet.cifar(depth: 8, widths: [4, 6, 8], input: graph.inputShape, classCount: 6).graph
    #expect(throws: TrainingError.otherTeacher(classCount: 5, teacher: 6)) {
      _ = try trainer(0.1, teacher: other)
    }
    _ = try trainer(0.1, teacher: graph)
  }

  @Test("what would be deployed with other bits is refused: bfloat16 products of other values, random words")
  func refusals() throws {
    let graph = TrainingPassTests.graph("A")
    let quantization = try Self.quantization("int4", nil, .lsq)
    func trainer(_ quantization: LayerQuantization, _ precision: ProductPrecision) throws -> Trainer {
      try Self.trainer(graph, quantization) { $0.precision = precision }
    }
    _ = try trainer(quantization, .float32)
    _ = try trainer(quantization, .bfloat16)
    for (weights, inputs, found) in [
      ("float8_e4m3fn", "int8", "the weights of 'conv1' are float8_e4m3fn"),
      ("int8", "posit8", "the inputs of 'conv1' are posit8"),
      ("int8", "int12", "the inputs of 'conv1' are int12"),
      ("mxint8", "int8", "the weights of 'conv1' lie in blocks"),
    ] {
      let mixed = try Self.quantization(weights, inputs, .straightThrough)
      let fault = #expect(throws: TrainingError.self) { try trainer(mixed, .bfloat16) }
      #expect(fault?.description.contains(found) == true, "\(String(describing: fault))")
    }
    // Gradients would be rounded twice, or by the words of bfloat16 alone.
    var graded = quantization
    graded.gradients = QuantizerSpecification(
      format: try FormatCatalog().format(named: "float8_e5m2"),
      granularity: .tensor
    )
    _ = try trainer(graded, .float32)
    let gradedFault = #expect(throws: TrainingError.self) { try trainer(graded, .bfloat16) }
    #expect(gradedFault?.description.contains("gradients are rounded once") == true)
    var half = quantization
    half.inputs = nil
    let halfFault = #expect(throws: TrainingError.self) { try trainer(half, .bfloat16) }
    #expect(halfFault?.description.contains("the inputs of 'conv1' are not quantized") == true)
    var random = quantization
    random.inputs?.words = RandomWords(seed: 1)
    let fault = #expect(throws: TrainingError.self) { try trainer(random, .float32) }
    #expect(fault?.description.contains("not at random") == true)
  }

  @Test("1, 2 and 7 threads and every kernel row have the same bits", arguments: TrainingMethod.allCases)
  func sameBits(method: TrainingMethod) throws {
    let graph = TrainingPassTests.graph(TrainingPassTests.networks[0])
    func run(_ threads: Int, _ features: CPUFeatures) throws -> [Float] {
      let trainer = try Self.trainer(
        graph,
        Self.quantization("int4", nil, method),
        threads: threads,
        features: features
      )
      try Self.steps(trainer, graph)
      return trainer.parameters.values
    }
    let expected = try run(1, .detected)
    #expect(try run(2, .detected) == expected)
    #expect(try run(7, .detected) == expected)
    #expect(try run(2, .portable) == expected)
  }
}
