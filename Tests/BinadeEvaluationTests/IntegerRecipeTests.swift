import Binade
import Testing

/// Recipes on codes against the same recipes in float32, on what the codes stand for.
@Suite struct IntegerRecipeTests {
  private static let integers: [Datapath] = [.integer4, .integer8, .integer16]

  /// The same operands as real numbers, with which no layer runs on codes.
  static func floats(_ quantizer: PostTrainingQuantizer) throws -> CompiledNetwork {
    let operands = zip(quantizer.operands, quantizer.network.layers).map { operands, layer in
      var real = LayerOperands(layer)
      real.weights = .values(operands.realWeights(layer.shape))
      real.bias = operands.bias
      real.activations = operands.activations
      // All parts of an error are the error.
      real.activations?.separation = ErrorSeparation(Set(ErrorSource.allCases))
      return real
    }
    return try CompiledNetwork(quantizer.network, operands: operands)
  }

  private static func check(
    _ experiment: Experiment,
    _ quantizer: PostTrainingQuantizer,
    _ codes: CompiledNetwork
  ) throws {
    let floats = try floats(quantizer)
    #expect(floats.explanation.allSatisfy { $0.datapath == .float32 })
    let (found, expected) = (
      experiment.evaluator.logits(of: codes, limit: 40), experiment.evaluator.logits(of: floats, limit: 40)
    )
    let greatest = expected.map(abs).max() ?? 0
    // An activation next to the middle of two steps may fall to the other side: a step, not a wrong scale.
    let errors = zip(found, expected).map { abs($0 - $1) / greatest }
    #expect(errors.reduce(0, +) / Float(errors.count) < 2e-3, "\(errors.max() ?? 0)")
  }

  @Test(
    "integers, with the float32 logits: scales of input channels are in the weights",
    arguments: [
      "naive", "best+tensor", "aciq+tensor", "best", "aciq+absorbed", "naive+split", "mse+adaround",
    ]
  )
  func logits(recipe: String) throws {
    let experiment = try ExperimentTests.experiment(limit: 40)
    let quantizer = try PostTrainingTests.quantizer(experiment, recipe)
    let network = try CompiledNetwork(quantizer.network, operands: quantizer.operands)
    #expect(network.explanation.allSatisfy { Self.integers.contains($0.datapath) })
    try Self.check(experiment, quantizer, network)
    let isPerChannel = quantizer.operands[2].activations?.scales.isPerChannel == true
    #expect(isPerChannel == !["naive", "best+tensor", "aciq+tensor", "naive+split"].contains(recipe))
  }

  @Test(
    "every kind of format: codes, with the float32 logits; 'best' loses less than 'naive'",
    arguments: ["float4_e2m1fn", "nf4", "lns2.1", "int4_narrow", "nvfp4", "bfp4"]
  )
  func formats(name: String) throws {
    let experiment = try ExperimentTests.experiment(limit: 100, calibration: 64)
    let format = try FormatCatalog().entry(named: name)
    var errors: [Float] = []
    for recipe in ["naive", "best"] {
      let quantizer = try PostTrainingTests.quantizer(experiment, recipe, format: format)
      let network = try CompiledNetwork(quantizer.network, operands: quantizer.operands)
      let layer = network.explanation[2]
      #expect(format.blocks == nil || layer.reason.contains("a scale for every block"))
      #expect(format.blocks != nil || !layer.reason.contains("on what the codes stand for"))
      try Self.check(experiment, quantizer, network)
      #expect(quantizer.notes.contains { $0.hasPrefix("'best' without 'alloc'") } == (recipe == "best"))
      let logits = experiment.evaluator.logits(of: network, limit: 100)
      errors.append(zip(logits, experiment.baselineLogits).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
    }
    #expect(errors[1] < 0.7 * errors[0], "\(errors)")
  }

  @Test("rotated blocks: at 8 bits the network stays itself, and 4 bits lose less")
  func rotation() throws {
    let experiment = try ExperimentTests.experiment(limit: 100, calibration: 32)
    func error(_ name: String, _ recipe: String) throws -> Float {
      let quantizer = try PostTrainingTests.quantizer(
        experiment,
        recipe,
        format: FormatCatalog().entry(named: name)
      )
      let network = try CompiledNetwork(quantizer.network, operands: quantizer.operands)
      try Self.check(experiment, quantizer, network)
      let logits = experiment.evaluator.logits(of: network, limit: 100)
      let errors = zip(logits, experiment.baselineLogits).map { ($0 - $1) * ($0 - $1) }
      return errors.reduce(0, +) / experiment.baselineLogits.reduce(0) { $0 + $1 * $1 }
    }
    for recipe in ["naive", "naive+hadamard16", "naive+hadamard32", "best+hadamard16"] {
      #expect(try error("mxint8", recipe) < 1e-3)
    }
    #expect(try error("mxfp4_e2m1", "naive+hadamard16") < error("mxfp4_e2m1", "naive"))
    #expect(throws: PostTrainingError.rotation(part: "hadamard16", format: "int4")) {
      try experiment.compile(PostTrainingTests.configuration("naive+hadamard16"))
    }
    #expect(throws: PostTrainingError.rotation(part: "hadamard32", format: "nvfp4_two_level")) {
      let format = "nvfp4_two_level"
      _ = try experiment.compile(
        PostTrainingTests.configuration("naive+hadamard32", weights: format, activations: format)
      )
    }
  }

  @Test("corrected means and scales that stay with the inputs: float32, and the row says why")
  func float32() throws {
    let experiment = try ExperimentTests.experiment(limit: 2)
    for (recipe, words) in [
      ("aciq", "scales of input channels cannot leave an integer sum"),
      ("naive+bias", "is no multiple of their steps"),
      ("naive+vectors", "a scale for every block cannot leave the sum"),
    ] {
      var configuration = try PostTrainingTests.configuration(recipe)
      let middle = try experiment.compile(configuration).explanation[1]
      #expect(middle.datapath == .float32 && middle.reason.contains(words), "\(recipe): \(middle.reason)")
      configuration.accumulator = try .exact()
      #expect(throws: NetworkError.self) { try experiment.compile(configuration) }
    }
  }

  @Test("accumulators sum the codes of recipes: exact sums are the integers', rounded ones are not")
  func accumulators() throws {
    let experiment = try ExperimentTests.experiment(limit: 10, calibration: 32)
    var configuration = try PostTrainingTests.configuration("best", weights: "int4", activations: "int4")
    let plain = try experiment.compile(configuration)
    func logits(_ accumulator: Accumulator) throws -> [Float] {
      configuration.accumulator = accumulator
      return experiment.evaluator.logits(of: try experiment.compile(configuration), limit: 10)
    }
    let expected = experiment.evaluator.logits(of: plain, limit: 10)
    #expect(try logits(.exact()) == expected)
    let format = try FormatCatalog().format(named: "float16")
    let narrow = AccumulatorModel(sum: try AccumulatorFormat(format))
    #expect(try logits(Accumulator(narrow)) != expected)
  }

  @Test("whole steps hold bits and zero points of their own per channel")
  func steps() throws {
    let grids = [
      QuantizationGrid(lower: -0.5, range: 1.5, bitWidth: 4),
      QuantizationGrid(lower: -2, range: 3, bitWidth: 2),
      QuantizationGrid(lower: 0, range: 0, bitWidth: 0),
    ]
    let values: [Float] = [-0.5, 0, 0.31, 1, -3, 1, 0.9, -0.2, 0, 0.1, -4, 7]
    let tensor = CodedTensor(values, try Quantizer(grids, cache: CodecCache()), channelLength: 4)
    for (place, value) in values.enumerated() {
      #expect(tensor.values[place] == Float(grids[place / 4].fakeQuantize(Double(value))))
    }
    // From 5 steps below zero to 10 above.
    #expect(tensor.quantizer.codec.info.bitWidth == 4)
    #expect(tensor.quantizer.meanBitWidth == 2)
    #expect(tensor.bitCount == 24)
    // A channel's own ends hold: a wider one's would not.
    #expect(tensor.values[4] == -2 && tensor.values[11] == 0)
  }
}
