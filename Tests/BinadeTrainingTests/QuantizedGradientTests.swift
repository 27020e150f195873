import BinadeNetworks
import BinadeQuantization
import BinadeTraining
import Testing

/// Gradients of quantized networks with all factors of scales and units: in formats so fine that straight-through gradients are
/// derivatives.
@Suite struct QuantizedGradientTests {
  /// A step that changes nothing, for its gradients.
  private static let still = StepValues(learningRate: 0, momentum: 0)

  private static func trainer(_ graph: NetworkGraph, _ format: String, _ method: TrainingMethod) throws
    -> Trainer
  {
    let parts = format.split(separator: "/").map(String.init)
    return try QuantizedTrainingTests.trainer(
      graph,
      QuantizedTrainingTests.quantization(parts[0], parts[parts.count - 1], method)
    )
  }

  /// Multiplies the scales of an operand.
  private static func scale(_ trainable: inout TrainableQuantizer?, by factor: Float) throws {
    guard let (scales, tracker) = trainable.map({ ($0.scales, $0.tracker) }) else { return }
    try trainable?.restore(
      scales: scales.map { $0 * factor },
      leastScales: scales.map { _ in 0 },
      tracker: tracker
    )
  }

  /// Gives all values room: averages of one step lie at a tenth of their extremes, LSQ begins far above them, and a value at the
  /// bound counts as clipped.
  private static func widen(_ trainable: inout TrainableQuantizer?, to bound: Float) throws {
    guard let quantizer = trainable, !quantizer.scales.isEmpty, !quantizer.isBlocked else { return }
    let greatest = Float(quantizer.codec.reference.ladder.greatest.value)
    // Posits are precise about 1.
    let scales = quantizer.scales.map { greatest > 0x1p20 ? $0 : bound / greatest }
    try trainable?.restore(scales: scales, leastScales: scales.map { _ in 0 }, tracker: quantizer.tracker)
    if greatest > 0x1p20, quantizer.rule == .tracked { try scale(&trainable, by: 12) }
  }

  /// The length of the difference over that of the gradient.
  static func distance(_ found: [Double], _ exact: [Double]) -> Double {
    let squares = zip(found, exact).reduce((0.0, 0.0)) {
      ($0.0 + ($1.0 - $1.1) * ($1.0 - $1.1), $0.1 + $1.1 * $1.1)
    }
    return (squares.0 / squares.1).squareRoot()
  }

  @Test(
    "with many bits the gradient is that of float32; in blocks of 8-bit elements, one operand or both, close to it",
    arguments: [
      "int16", "q7.8", "posit16", "float16", "tf32", "mxint8", "mxint8/int16", "int16/mxint8",
    ],
    TrainingMethod.allCases.filter { !$0.normalizesWeights }
  )
  func fine(format: String, method: TrainingMethod) throws {
    let isBlocked = format.contains("mxint8")
    guard !isBlocked || method.trainsBlocks else { return }
    for name in ["A", "mixed"] {
      let graph = TrainingPassTests.graph(name)
      let (images, labels) = TrainingPassTests.images(graph, 7)
      let exact = NetworkTwin(graph).run(
        TrainingPassTests.parameters(graph).values.map(Double.init),
        images.map(Double.init),
        labels: labels
      ).gradient
      let trainer = try Self.trainer(graph, format, method)
      try trainer.step(images: images, labels: labels, values: Self.still)
      for index in graph.weightedLayers.indices {
        if [.lsq, .lsqPlus].contains(method) {
          try Self.widen(&trainer.quantized!.layers[index].weights, to: 4)
        }
        try Self.widen(&trainer.quantized!.layers[index].inputs, to: 16)
      }
      try trainer.step(images: images, labels: labels, values: Self.still)
      let places = ParameterLayout(graph).entries.filter(\.role.isTrainable).flatMap(\.range)
      let error = Self.distance(places.map { Double(trainer.lastGradient[$0]) }, places.map { exact[$0] })
      // What is left are ReLUs that rounding has turned, and the greatest weight of each channel, whose gradient may be halved.
      #expect(error <= (isBlocked ? 0.5 : method.halvesEnds ? 0.15 : 0.06), "\(name)")
    }
  }

  @Test(
    "learned scales have the derivative of the loss, where values are clipped",
    arguments: [TrainingMethod.lsq, .lsqPlus, .pact, .pactCalibrated],
    ["A", "mixed"]
  )
  func learned(method: TrainingMethod, name: String) throws {
    let graph = TrainingPassTests.graph(name)
    let (images, labels) = TrainingPassTests.images(graph, 7)
    let trainer = try Self.trainer(graph, "int16", method)
    try trainer.step(images: images, labels: labels, values: Self.still)
    let quantized = try #require(trainer.quantized)
    // Some are clipped.
    for index in quantized.layers.indices {
      let isStep = method == .lsq && quantized.layers[index].inputs?.rule == .learnedStep
      try Self.scale(&quantized.layers[index].inputs, by: isStep ? 1.0 / 181 : 0.5)
      if method == .lsqPlus { try Self.scale(&quantized.layers[index].weights, by: 0.7) }
      guard method == .lsq else { continue }
      try Self.scale(&quantized.layers[index].weights, by: 1.0 / 181)
    }
    func loss() throws -> Double {
      try trainer.step(images: images, labels: labels, values: Self.still).loss
    }
    _ = try loss()
    let found = quantized.layers
    var (gradients, differences) = ([Double](), [Double]())
    for index in found.indices {
      for operand in [Operand.weights, .activations] {
        let layer = found[index]
        guard let trainable = operand == .weights ? layer.weights : layer.inputs, trainable.rule.isLearned
        else { continue }
        let shape = graph.weightedLayers[index].shape
        let count = operand == .weights ? shape.outputChannels * shape.depth : shape.inputCount
        let (parameters, h) = (trainable.parameters, 0.01)
        for (place, gradient) in (operand == .weights ? layer.weightGradient : layer.inputGradient)
          .enumerated()
        {
          func loss(_ change: Double) throws -> Double {
            var moved = trainable
            var changed = parameters
            changed[place] *= 1 + change
            try moved.move(to: changed)
            if operand == .weights { quantized.layers[index].weights = moved }
            if operand == .activations { quantized.layers[index].inputs = moved }
            return try trainer.step(images: images, labels: labels, values: Self.still).loss
          }
          // Of the logarithm: parameters have different units.
          differences.append((try loss(h) - loss(-h)) / (2 * h))
          gradients.append(gradient / trainable.gradientFactor(elementCount: count) * parameters[place])
        }
        quantized.layers[index] = layer
      }
    }
    // Inputs that may be negative have an offset; those of the first layer, images, learn nothing.
    #expect(found.contains { $0.inputs?.learnsOffset == true } == (method == .lsqPlus && name == "mixed"))
    #expect(gradients.count >= found.count - 1)
    let error = Self.distance(gradients, differences)
    // Differences of 1 % turn ReLUs.
    #expect(error <= 0.25)
  }
}
