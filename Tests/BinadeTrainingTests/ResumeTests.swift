import BinadeNetworks
import BinadeQuantization
import BinadeTraining
import Foundation
import Testing

/// Interrupted and resumed is uninterrupted, byte for byte.
@Suite struct ResumeTests {
  private static let graph = TrainingPassTests.graph("A")

  /// A run with everything that has a state: momentum, an average, a teacher, augmentation, a last batch that is short.
  private static func trainer(
    threads: Int = 1,
    optimizer: Optimizer.Kind = .sgd,
    quantization: LayerQuantization? = nil,
    _ change: (inout TrainingRecipe) throws -> Void = { _ in }
  ) throws -> Trainer {
    var recipe = TrainingRecipe()
    recipe.epochs = 2
    recipe.batch = 16
    recipe.dropsLast = false
    recipe.averageDecay = 0.9
    recipe.augmentation = Augmentation(padding: 1, flips: true, cutout: 3)
    recipe.optimizer = Optimizer(optimizer)
    recipe.labelSmoothing = 0.1
    try change(&recipe)
    return try Trainer(
      graph,
      TrainingPassTests.parameters(graph),
      images: TestImages.of(graph, count: 75),
      normalization: TestImages.normalization(graph),
      recipe: recipe,
      teacher: (graph, NetworkParameters(graph, seed: 5)),
      quantization: quantization.map { quantization in graph.weightedLayers.map { _ in quantization } } ?? [],
      threads: threads
    )
  }

  private static func bytes(_ trainer: Trainer) throws -> Data {
    let file = FileManager.default.temporaryDirectory.appending(
      path: "binade-\(UUID().uuidString).safetensors"
    )
    defer { try? FileManager.default.removeItem(at: file) }
    try trainer.checkpoint().write(to: file)
    return try Data(contentsOf: file)
  }

  @Test(
    "quantized: stopped after every second step, across the freeze of tracked inputs, the same bytes",
    arguments: TrainingMethod.allCases
  )
  func quantized(method: TrainingMethod) throws {
    var quantization = try QuantizedTrainingTests.quantization("int4", nil, method)
    // Their scales are a state too, their random words go by the step.
    quantization.gradients = try GradientQuantizerTests.specification("float8_e5m2", isStochastic: true)
    func trainer(_ threads: Int) throws -> Trainer {
      try Self.trainer(threads: threads, quantization: quantization) { $0.trackedShare = 0.5 }
    }
    let whole = try trainer(1)
    while !whole.isDone { try whole.step() }
    var run = try trainer(2)
    let file = FileManager.default.temporaryDirectory.appending(
      path: "binade-\(UUID().uuidString).safetensors"
    )
    defer { try? FileManager.default.removeItem(at: file) }
    while !run.isDone {
      for _ in 0..<2 where !run.isDone { try run.step() }
      try run.checkpoint().write(to: file)
      run = try trainer(run.stepCount % 3 + 1)
      try run.resume(Checkpoint(contentsOf: file, for: Self.graph))
    }
    #expect(try Self.bytes(run) == Self.bytes(whole))
    // Another recipe's checkpoint has none of these quantizers.
    let plain = try Self.trainer { $0.trackedShare = 0.5 }
    #expect(throws: TrainingError.self) { try plain.resume(Checkpoint(contentsOf: file, for: Self.graph)) }
  }

  @Test("stopped after every k-th step and resumed from the file, with other threads", arguments: [1, 3, 7])
  func everyStep(k: Int) throws {
    for optimizer in Optimizer.Kind.allCases {
      let whole = try Self.trainer(optimizer: optimizer)
      while !whole.isDone { try whole.step() }
      let expected = try Self.bytes(whole)
      var run = try Self.trainer(optimizer: optimizer)
      let file = FileManager.default.temporaryDirectory.appending(
        path: "binade-\(UUID().uuidString).safetensors"
      )
      defer { try? FileManager.default.removeItem(at: file) }
      var pieces = 0
      while !run.isDone {
        for _ in 0..<k where !run.isDone { try run.step() }
        try run.checkpoint().write(to: file)
        pieces += 1
        run = try Self.trainer(threads: 1 + pieces % 2, optimizer: optimizer)
        try run.resume(Checkpoint(contentsOf: file, for: Self.graph))
      }
      #expect(try Self.bytes(run) == expected)
      #expect(run.stepCount == 10)
    }
  }

  @Test("a run without its momentum, its average or its step is another")
  func plantedBugs() throws {
    let run = try Self.trainer()
    for _ in 0..<3 { try run.step() }
    let checkpoint = run.checkpoint()
    try run.step()
    let expected = run.evaluated.values
    for bug in ["momentum", "average", "step"] {
      let resumed = try Self.trainer()
      try resumed.resume(checkpoint)
      resumed.forget(bug)
      try resumed.step()
      #expect(resumed.evaluated.values != expected, "\(bug)")
    }
    let resumed = try Self.trainer()
    try resumed.resume(checkpoint)
    try resumed.step()
    #expect(resumed.evaluated.values == expected)
  }

  @Test("a checkpoint of another recipe, network or data is refused with the first difference")
  func otherRuns() throws {
    let checkpoint = try Self.trainer().checkpoint()
    func message(_ trainer: Trainer) -> String {
      do throws(TrainingError) {
        try trainer.resume(checkpoint)
        return "resumed"
      } catch { return "\(error)" }
    }
    #expect(message(try Self.trainer()) == "resumed")
    #expect(
      message(try Self.trainer { $0.learningRate = 0.05 })
        == "the checkpoint is of another run: 'learningRate' is 0.05 here and 0.1 there"
    )
    let file = FileManager.default.temporaryDirectory.appending(
      path: "binade-\(UUID().uuidString).safetensors"
    )
    defer { try? FileManager.default.removeItem(at: file) }
    try checkpoint.write(to: file)
    #expect(throws: TrainingError.self) {
      try Checkpoint(contentsOf: file, for: TrainingPassTests.graph("B"))
    }
    #expect(try Checkpoint(contentsOf: file, for: Self.graph).recipe() == Self.trainer().recipe)
    let other = try Trainer(
      Self.graph,
      TrainingPassTests.parameters(Self.graph),
      images: TestImages.of(Self.graph, count: 74),
      normalization: TestImages.normalization(Self.graph),
      recipe: Self.trainer().recipe,
      teacher: (Self.graph, NetworkParameters(Self.graph, seed: 5))
    )
    #expect(message(other).contains("the images are"))
  }

  @Test("a batch whose maps do not fit into memory is refused before they are made, with one that fits")
  func memory() throws {
    func trainer(_ batch: Int, memory: Int) throws -> Trainer {
      var recipe = TrainingRecipe()
      recipe.batch = batch
      return try Trainer(
        Self.graph,
        TrainingPassTests.parameters(Self.graph),
        images: TestImages.of(Self.graph, count: 75),
        normalization: TestImages.normalization(Self.graph),
        recipe: recipe,
        fusions: .all,
        memory: memory
      )
    }
    let fault = #expect(throws: TrainingError.self) { _ = try trainer(70, memory: 100_000) }
    guard case .batchNeedsMemory(70, let byteCount, 100_000, let greatest) = fault else {
      Issue.record("\(String(describing: fault))")
      return
    }
    #expect(fault?.description.contains("--batch \(greatest) or less") == true)
    #expect(throws: TrainingError.self) { _ = try trainer(greatest + 1, memory: 100_000) }
    // What is counted is needed: a step takes as much, and not ten times as much.
    let fitting = try trainer(greatest, memory: 100_000)
    try fitting.step()
    #expect(fitting.mapByteCount >= byteCount / 70 * greatest)
    #expect(fitting.mapByteCount <= 2_000_000)
    let tiny = #expect(throws: TrainingError.self) { _ = try trainer(1, memory: 10) }
    #expect(tiny?.description.contains("not one image fits") == true)
  }

  @Test("a recipe that makes no sense, labels outside the classes and a batch too large are sentences")
  func badInput() throws {
    var recipe = TrainingRecipe()
    #expect(throws: TrainingError.self) { try recipe.set("epochs", to: "0") }
    #expect(throws: TrainingError.self) { try recipe.set("epoch", to: "1") }
    #expect(throws: TrainingError.self) { try recipe.set("warmUp", to: "nan") }
    #expect(throws: TrainingError.batchTooLarge(batch: 128, imageCount: 75)) {
      try Self.trainer { $0.batch = 128 }
    }
    // What came later is left out at its default, so that texts from before stay the same.
    #expect(!recipe.text.contains("gradients"))
    for (key, value) in [
      ("gradients", "float8_e5m2"), ("layers", "conv1=int8, layer1.*=int4/int3"), ("search", "int2,int8"),
      ("budget", "1000.0"), ("costModel", "memoryBits"), ("penalty", "7.0"), ("searchShare", "0.5"),
      ("searchChannels", "true"), ("sharpening", "0.5"), ("searchRule", "gumbel"),
    ] {
      #expect(!recipe.text.contains("\(key): "))
      try recipe.set(key, to: value)
    }
    let full = recipe
    for key in TrainingRecipe.keys {
      let line = recipe.text.split(separator: "\n").first { $0.hasPrefix("\(key): ") }
      try recipe.set(key, to: String(try #require(line).dropFirst(key.count + 2)))
    }
    #expect(recipe == full)
    #expect(try TrainingRecipe(text: recipe.text) == recipe)
    #expect(try TrainingRecipe(text: TrainingRecipe().text) == TrainingRecipe())
  }

  @Test("clipping scales the gradient to its limit, and leaves smaller ones alone")
  func clipping() throws {
    func gradient(_ limit: Double?) throws -> (values: [Float], norm: Double) {
      let trainer = try Self.trainer { $0.clipping = limit }
      let report = try trainer.step()
      return (trainer.lastGradient, report.gradientNorm)
    }
    let plain = try gradient(nil)
    let clipped = try gradient(plain.norm / 4)
    #expect(clipped.norm == plain.norm)
    for (one, other) in zip(clipped.values, plain.values) {
      #expect(abs(one - other / 4) <= abs(other) * 0x1p-23)
    }
    #expect(try gradient(plain.norm * 2).values == plain.values)
  }

  @Test("stochastic rounding without rounded operands is refused, not ignored")
  func roundingOfFloats() {
    #expect(throws: TrainingError.self) { try Self.trainer { $0.rounding = .stochastic } }
  }

  @Test("a loss that is not finite stops the run with step and layer, parameters as before")
  func notFinite() throws {
    let trainer = try Self.trainer {
      $0.learningRate = 1e6
      $0.schedule = Schedule(.constant)
    }
    var last = trainer.parameters.values
    let error = #expect(throws: TrainingError.self) {
      for _ in 0..<10 {
        last = trainer.parameters.values
        try trainer.step()
      }
    }
    #expect(trainer.parameters.values == last)
    #expect("\(try #require(error))".contains("is not finite"))
  }
}
