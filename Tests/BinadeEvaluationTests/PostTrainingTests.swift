import Binade
import Testing

/// Recipes of post-training quantization on the embedded network.
@Suite struct PostTrainingTests {
  static func configuration(
    _ recipe: String,
    weights: String? = "int4",
    activations: String? = "int4",
    ends: String? = "int8"
  ) throws -> Configuration {
    var configuration = Configuration(
      weights: try weights.map { try ExperimentTests.specification($0, .channel) },
      activations: try activations.map { try ExperimentTests.specification($0, .tensor) },
      ends: try ends.map {
        Configuration.Ends(
          weights: try ExperimentTests.specification($0, .channel),
          activations: try ExperimentTests.specification($0, .tensor)
        )
      }
    )
    configuration.recipe = try PostTrainingRecipe(parsing: recipe)
    configuration.recipeText = recipe
    return configuration
  }

  static func quantizer(_ experiment: Experiment, _ recipe: String, bits: Int = 4, threads: Int = 2) throws
    -> PostTrainingQuantizer
  {
    try quantizer(experiment, recipe, format: FormatCatalog().entry(named: "int\(bits)"), threads: threads)
  }

  static func quantizer(
    _ experiment: Experiment,
    _ recipe: String,
    format: TensorFormat,
    threads: Int = 2
  ) throws -> PostTrainingQuantizer {
    let count = experiment.model.network.layers.count
    let int8 = try FormatCatalog().entry(named: "int8")
    return try PostTrainingQuantizer(
      experiment.model.network,
      recipe: PostTrainingRecipe(parsing: recipe),
      targets: (0..<count).map { layer in
        let isEnd = layer == 0 || layer == count - 1
        return LayerTarget(
          weights: isEnd ? int8 : format,
          activations: isEnd ? int8 : format,
          isEnd: isEnd
        )
      },
      images: experiment.calibrationImages,
      normalization: experiment.model.normalization,
      threads: threads
    )
  }

  @Test(
    "every part runs and says so in the row; at 8 bits none loses more than 3 of 200 images",
    arguments: PostTrainingRecipe.parts.map(\.name)
  )
  func parts(name: String) throws {
    let experiment = try ExperimentTests.experiment(limit: 200, calibration: 32)
    // Rotations are for blocks.
    let format = name.hasPrefix("hadamard") ? "mxint8" : "int8"
    let result = try experiment.run(Self.configuration(name, weights: format, activations: format))
    #expect(result.recipe == name)
    #expect(result.weights == format)
    // AdaRound and vectors included: finer steps than the network needs. Clipping where a prior says is another matter.
    let clips = ["aciq-after-relu", "gauss"].contains(name)
    #expect(result.top1Change >= (clips ? -0.05 : -0.015), "\(result.top1Change)")
    // The ends have one range per input and whole steps, whatever the recipe; between them it depends on the recipe.
    let integers: [Datapath] = [.integer4, .integer8, .integer16]
    for layer in [result.layers[0], result.layers[result.layers.count - 1]] {
      #expect(integers.contains(layer.datapath), "\(layer.name): \(layer.datapathReason)")
    }
    #expect((result.weightSignalToQuantizationNoiseInDecibels ?? 0) > 10)
  }

  @Test(
    "weights take at most as many values as bits allow, in every channel; bits of channels keep the mean",
    arguments: ["naive", "aciq+alloc", "mse+clip", "adaround", "best"]
  )
  func levels(recipe: String) throws {
    let experiment = try ExperimentTests.experiment(limit: 1, calibration: 32)
    let quantized = try Self.quantizer(experiment, recipe, bits: 3)
    let allocates = try PostTrainingRecipe(parsing: recipe).allocatesBits
    for (index, layer) in quantized.operands.enumerated().dropFirst().dropLast() {
      let shape = quantized.network.layers[index].shape
      let tensor = try #require(layer.codedWeights)
      let weights = tensor.values
      let counts = (0..<shape.outputChannels).map {
        Set(weights[$0 * shape.depth..<($0 + 1) * shape.depth]).count
      }
      #expect(counts.allSatisfy { $0 <= (allocates ? 256 : 8) }, "\(counts)")
      #expect(counts.contains { $0 > 4 })
      let widths = (tensor.quantizer.meanBitWidth, try #require(layer.activations).meanBitWidth)
      #expect(abs(widths.0 - 3) <= (allocates ? 0.25 : 0), "\(widths.0)")
      #expect(abs(widths.1 - 3) <= (allocates ? 0.25 : 0), "\(widths.1)")
    }
  }

  @Test("results do not depend on the number of threads", arguments: ["aciq+alloc+bias", "best", "adaround"])
  func threads(recipe: String) throws {
    let experiment = try ExperimentTests.experiment(limit: 1, calibration: 24)
    let one = try Self.quantizer(experiment, recipe, threads: 1)
    let seven = try Self.quantizer(experiment, recipe, threads: 7)
    for (left, right) in zip(one.operands, seven.operands) {
      #expect(left.bias == right.bias)
      #expect(left.codedWeights?.codes == right.codedWeights?.codes && left.codedWeights != nil)
      #expect(left.codedWeights?.values == right.codedWeights?.values)
      #expect(left.activations?.scales.values == right.activations?.scales.values)
      #expect(left.activations?.limits == right.activations?.limits && left.activations != nil)
    }
  }

  @Test(
    "at 3 bits: naive loses, clipping with allocation and correction less, the best recipe next to nothing"
  )
  func order() throws {
    let experiment = try ExperimentTests.experiment(calibration: 128)
    func change(_ recipe: String) throws -> Double {
      try experiment.run(Self.configuration(recipe, weights: "int3", activations: "int3")).top1Change
    }
    let (naive, combined, best) = (try change("naive"), try change("mse+alloc+bias"), try change("best"))
    #expect(naive < combined - 0.05 && combined < best, "\(naive) \(combined) \(best)")
    #expect(best > -0.015)
  }

  @Test("bias correction gives every output channel of the weights its mean back")
  func biasCorrection() throws {
    let experiment = try ExperimentTests.experiment(limit: 1, calibration: 8)
    let (plain, corrected) = (
      try Self.quantizer(experiment, "naive"), try Self.quantizer(experiment, "naive+bias")
    )
    let layer = experiment.model.network.layers[2]
    func shift(_ weights: [Float], _ channel: Int) -> Double {
      let row = channel * layer.shape.depth..<(channel + 1) * layer.shape.depth
      return row.reduce(0) { $0 + Double(weights[$1]) - Double(layer.weights[$1]) } / Double(row.count)
    }
    for channel in 0..<layer.shape.outputChannels {
      #expect(abs(shift(corrected.operands[2].realWeights(layer.shape), channel)) < 1e-8)
    }
    #expect(
      (0..<layer.shape.outputChannels).contains {
        abs(shift(plain.operands[2].realWeights(layer.shape), $0)) > 1e-5
      }
    )
  }

  @Test("equalization does not change the function; ranges of rows and columns become equal")
  func equalization() throws {
    let experiment = try ExperimentTests.experiment(limit: 20, calibration: 8)
    var targets = experiment.model.network.layers.map { _ in
      LayerTarget(weights: nil, activations: nil)
    }
    targets[0].isEnd = true
    let quantizer = try PostTrainingQuantizer(
      experiment.model.network,
      recipe: PostTrainingRecipe(parsing: "equalize"),
      targets: targets,
      images: experiment.calibrationImages,
      normalization: experiment.model.normalization,
      threads: 1
    )
    #expect(quantizer.network.layers[1].weights != experiment.model.network.layers[1].weights)
    let before = experiment.evaluator.logits(of: CompiledNetwork(experiment.model.network), limit: 20)
    let after = experiment.evaluator.logits(
      of: try CompiledNetwork(quantizer.network, operands: quantizer.operands),
      limit: 20
    )
    let greatest = before.map(abs).max() ?? 0
    #expect(zip(before, after).allSatisfy { abs($0 - $1) < 1e-5 * greatest })
    let (first, second) = (quantizer.network.layers[1], quantizer.network.layers[2])
    let kernel = second.shape.kernelHeight * second.shape.kernelWidth
    for channel in 0..<first.shape.outputChannels {
      let row =
        first.weights[channel * first.shape.depth..<(channel + 1) * first.shape.depth].map(abs).max() ?? 0
      let column =
        second.weights.enumerated().filter { $0.offset % second.shape.depth / kernel == channel }
        .map { abs($0.element) }.max() ?? 0
      #expect(abs(row - column) <= 1e-5 * column)
    }
  }

  @Test("batch norm tells the means of inputs: data-free correction comes close to what images say")
  func dataFree() throws {
    let experiment = try ExperimentTests.experiment(calibration: 64)
    func change(_ recipe: String) throws -> Double {
      try experiment.run(Self.configuration(recipe, weights: "int3", activations: nil)).top1Change
    }
    let (without, with) = (try change("naive"), try change("dfq"))
    #expect(with > without, "\(without) \(with)")
  }

  @Test("online statistics: each batch its own ranges, another outcome than calibration images")
  func online() throws {
    let experiment = try ExperimentTests.experiment(limit: 100, calibration: 32)
    var configuration = try Self.configuration("aciq")
    let offline = try experiment.run(configuration)
    configuration.onlineBatchSize = 30
    let online = try experiment.run(configuration)
    #expect(online.provenance.calibrationImages == "batches of 30 evaluated images, each its own")
    #expect(online.imageCount == 100 && offline.imageCount == 100)
    #expect(online.top1Accuracy > 0.9)
    // A batch that holds all images is calibrated on them.
    configuration.onlineBatchSize = 100
    let whole = try experiment.compile(configuration)
    let logits = experiment.evaluator.logits(of: whole, limit: 5)
    configuration.onlineBatchSize = nil
    #expect(logits != experiment.evaluator.logits(of: try experiment.compile(configuration), limit: 5))
    configuration.recipe = .best
    configuration.onlineBatchSize = 30
    #expect(throws: PostTrainingError.onlineRounding) { try experiment.run(configuration) }
  }

  @Test("what cannot be quantized is refused: no images, too few, inputs that are not finite")
  func refusals() throws {
    let none = try ExperimentTests.experiment(limit: 1, calibration: 0)
    #expect(throws: QuantizationFailure.emptyCalibrationSet(tensor: "conv1.input")) {
      try none.compile(Self.configuration("aciq"))
    }
    let few = try ExperimentTests.experiment(limit: 1, calibration: 1)
    #expect(throws: PostTrainingError.self) { try few.compile(Self.configuration("adaround")) }
    #expect(throws: PostTrainingError.notUniform(part: "alloc", format: "nf4")) {
      try few.compile(Self.configuration("aciq+alloc", weights: "nf4"))
    }
    #expect(throws: PostTrainingError.notUniform(part: "octav", format: "nvfp4")) {
      try few.compile(Self.configuration("octav", weights: "int4", activations: "nvfp4"))
    }
    #expect(
      throws: PostTrainingError.unusableWidth(
        format: "int16",
        bits: 16,
        allowed: "evenly spaced formats of 2 to 8 bits"
      )
    ) {
      try few.compile(Self.configuration("aciq", weights: "int16"))
    }
    #expect(throws: QuantizationFailure.notFinite(tensor: "conv1.input")) {
      try PreactivationStatistics(
        few.model.network,
        images: few.calibrationImages,
        normalization: Normalization(mean: [0], standardDeviation: [.leastNonzeroMagnitude]),
        threads: 1
      )
    }
    #expect(throws: PostTrainingError.unknownPart(part: "aciqq", recipe: "aciqq+bias")) {
      try PostTrainingRecipe(parsing: "aciqq+bias")
    }
    for (text, first, second) in [
      ("descent+dfq", "descent", "dfq"), ("aciq+mse", "aciq", "mse"), ("vectors+split", "vectors", "split"),
      ("tensor+channel", "tensor", "channel"), ("bias+best", "best", "bias"), ("best+naive", "best", "naive"),
    ] {
      #expect(throws: PostTrainingError.conflict(first, second, recipe: text)) {
        try PostTrainingRecipe(parsing: text)
      }
    }
    #expect(try PostTrainingRecipe(parsing: "equalize+best") == PostTrainingRecipe(parsing: "best+equalize"))
    var named = try PostTrainingRecipe(parsing: "mse+alloc+descent")
    // 'best' goes without bits per channel where a format has no other widths; asked for by name they are no option.
    named.allocationIsOptional = true
    #expect(named == .best)
    #expect(throws: PostTrainingError.nothingToQuantize) {
      try few.compile(Self.configuration("aciq", weights: "float32", activations: nil))
    }
    #expect(throws: PostTrainingError.notUniform(part: "split", format: "int4_narrow")) {
      try few.compile(Self.configuration("aciq+split", weights: "int4_narrow"))
    }
    #expect(throws: PostTrainingError.unknownPart(part: "", recipe: "")) {
      try PostTrainingRecipe(parsing: "")
    }
  }

  @Test("constant inputs and channels that are zero are said; they are exact")
  func notes() throws {
    let experiment = try ExperimentTests.experiment(limit: 1, calibration: 4)
    // Every pixel becomes 0.
    let black = Normalization(mean: [0], standardDeviation: [.infinity])
    let int4 = try FormatCatalog().entry(named: "int4")
    for recipe in ["naive", "aciq+alloc+bias", "mse", "octav", "mix"] {
      let quantizer = try PostTrainingQuantizer(
        experiment.model.network,
        recipe: PostTrainingRecipe(parsing: recipe),
        targets: experiment.model.network.layers.map { _ in LayerTarget(weights: int4, activations: int4) },
        images: experiment.calibrationImages,
        normalization: black,
        threads: 1
      )
      #expect(quantizer.notes.first == "conv1.input: is 0.0 throughout on all images looked at")
      #expect(
        quantizer.notes.contains {
          $0.hasPrefix("channels that are zero throughout on all images looked at: layer")
        }
      )
      #expect(quantizer.operands[0].activations?.fakeQuantize(0, channel: 0) == 0)
    }
  }

  @Test(
    "statistics before the ReLU are those after it where values are positive; end layers have no ReLU before them"
  )
  func preactivations() throws {
    let experiment = try ExperimentTests.experiment(limit: 1, calibration: 24)
    let (network, images) = (experiment.model.network, experiment.calibrationImages)
    let normalization = experiment.model.normalization
    let before = try PreactivationStatistics(
      network,
      images: images,
      normalization: normalization,
      threads: 2
    )
    let after = ActivationStatistics(network, images: images, normalization: normalization, threads: 2)
    #expect(before.isRectified == network.layers.indices.map { $0 != 0 && $0 != network.layers.count - 1 })
    #expect(before.imageCount == 24)
    var negative = 0
    for (layer, samples) in before.samples.enumerated() {
      for (left, right) in zip(samples, after.samples[layer]) {
        if before.isRectified[layer] {
          #expect(max(left.greatest, 0) == right.greatest && right.least >= 0)
          negative += left.least < 0 ? 1 : 0
        } else {
          #expect(left.greatest == right.greatest && left.least == right.least)
        }
      }
    }
    #expect(negative > 20)
  }

  @Test(
    "moments of patches say what becomes of the outputs: the error of rounded weights, and the bias that centres it"
  )
  func moments() throws {
    let experiment = try ExperimentTests.experiment(limit: 80, calibration: 80)
    let images = experiment.evaluator.images
    let network = experiment.model.network
    var layers = try Self.quantizer(experiment, "naive", bits: 3).operands
    let (last, layer) = (layers.count - 1, network.layers[layers.count - 1])
    let grid = QuantizationGrid(lower: -0.5, range: 1, bitWidth: 2)
    let weights = layer.weights.map { Float(grid.fakeQuantize(Double($0))) }
    layers[last].weights = .values(weights)
    layers[last].activations = try Quantizer(
      [QuantizationGrid(lower: 0, range: 4, bitWidth: 3)],
      cache: CodecCache()
    )
    let moments = PatchMoments(
      layer: last,
      float: CompiledNetwork(network),
      quantized: try CompiledNetwork(network, operands: layers),
      input: layers[last].activations,
      images: images,
      normalization: experiment.model.normalization,
      threads: 2
    )
    let (classes, depth) = (layer.shape.outputChannels, layer.shape.depth)
    func row(_ channel: Int) -> Range<Int> { channel * depth..<(channel + 1) * depth }
    layers[last].bias = (0..<classes).map {
      moments.bias(layer.bias[$0], weights: layer.weights[row($0)], rounded: weights[row($0)])
    }
    let exact = experiment.evaluator.logits(of: CompiledNetwork(network), limit: 80)
    let found = experiment.evaluator.logits(of: try CompiledNetwork(network, operands: layers), limit: 80)
    for channel in 0..<classes {
      let errors = (0..<80).map {
        Double(exact[$0 * classes + channel]) - Double(found[$0 * classes + channel])
      }
      let power = errors.reduce(0) { $0 + $1 * $1 } / 80
      let predicted = moments.problem(weights: layer.weights[row(channel)])
        .error(at: weights[row(channel)].map(Double.init))
      #expect(abs(errors.reduce(0, +) / 80) < 1e-3 * power.squareRoot())
      #expect(abs(power - predicted) < 1e-3 * power, "\(power) \(predicted)")
    }
  }

  @Test("ACIQ takes its ranges of the moments before the ReLU; after it they are others, and so are MSE's")
  func ranges() throws {
    let experiment = try ExperimentTests.experiment(limit: 1, calibration: 24)
    let statistics = try PreactivationStatistics(
      experiment.model.network,
      images: experiment.calibrationImages,
      normalization: experiment.model.normalization,
      threads: 1
    )
    func scales(_ recipe: String) throws -> [Float] {
      try Self.quantizer(experiment, recipe).operands[2].activations?.scales.values ?? []
    }
    let expected = try statistics.samples[2].map { sample in
      AnalyticClipping.grid(
        try #require(ChannelMoments(sample.values)),
        prior: .laplace,
        bitWidth: 4,
        output: .rectified
      ).scale
    }
    #expect(try scales("aciq") == expected)
    #expect(try scales("aciq-after-relu") != expected)
    let (mse, naive) = (try scales("mse"), try scales("naive+channel"))
    #expect(mse != expected && mse != naive)
    for (channel, sample) in statistics.samples[2].enumerated() {
      let seen = sample.values.map { max($0, 0) }
      func error(_ scale: Float) -> Double {
        QuantizationGrid(lower: 0, range: Double(scale) * 15, bitWidth: 4).meanSquaredError(of: seen)
      }
      #expect(error(mse[channel]) <= error(naive[channel]) * 1.001)
    }
  }
}
