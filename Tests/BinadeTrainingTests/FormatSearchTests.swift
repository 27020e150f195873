import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeQuantization
import BinadeTraining
import Foundation
import Testing

/// Formats that are searched while a network is trained: gradients, budget, choice, and what is deployed.
@Suite struct FormatSearchTests {
  static let graph = TrainingPassTests.graph("A")
  static let integers = [2, 3, 4, 6].map { "int\($0)_midrise/uint\($0)" }

  /// The chain of weights, or of inputs.
  static func chain(_ names: [String], isInputs: Bool) throws -> FormatChain {
    try ResourceModelTests.named(
      names.map { $0.split(separator: "/").map(String.init) }.map { isInputs ? $0[$0.count - 1] : $0[0] }
        .filter { !isInputs || $0 != "0" }
    )
  }

  static func quantizations(_ names: [String], isChannelWise: Bool) throws -> [LayerQuantization?] {
    let given = try QuantizedTrainingTests.quantization("int8", nil, .sat)
    let count = graph.weightedLayers.count
    return try (0..<count).map { index in
      let isEnd = index == 0 || index == count - 1
      var layer = LayerQuantization(
        weights: isEnd ? given.weights : nil,
        inputs: index == 0 ? given.inputs : nil,
        method: .sat
      )
      if !isEnd { layer.weightChain = try chain(names, isInputs: false) }
      if index > 0 { layer.inputChain = try chain(names, isInputs: true) }
      layer.isChannelWise = isChannelWise
      return layer
    }
  }

  /// A run of ten steps, of which six search.
  static func trainer(
    _ names: [String] = integers,
    budgetShare: Double = 0.4,
    threads: Int = 2,
    features: CPUFeatures = .detected,
    fusions: TrainingFusions = .all,
    _ change: (inout TrainingRecipe) -> Void = { _ in }
  ) throws -> Trainer {
    var recipe = TrainingRecipe()
    (recipe.epochs, recipe.batch, recipe.dropsLast) = (2, 16, false)
    recipe.learningRate = 0.02
    recipe.quantization = .sat
    recipe.search.formats = names.joined(separator: ",")
    recipe.search.share = 0.6
    change(&recipe)
    let quantizations = try quantizations(names, isChannelWise: recipe.search.isChannelWise)
    let range = ResourceModel(graph.weightedLayers.map(\.shape), quantizations, .bitOperations).range
    if recipe.search.budget == nil {
      recipe.search.budget = range.least + budgetShare * (range.greatest - range.least)
    }
    return try Trainer(
      graph,
      TrainingPassTests.parameters(graph),
      images: TestImages.of(graph, count: 75),
      normalization: TestImages.normalization(graph),
      recipe: recipe,
      quantization: quantizations,
      fusions: fusions,
      threads: threads,
      features: features
    )
  }

  @Test(
    "what one layer learns: gradients are the derivatives of the loss, by places or logits",
    arguments: [
      (3, false, SearchRule.fracbits), (3, true, .fracbits), (3, false, .dnas), (4, false, .fracbits),
    ]
  )
  func differences(layer: Int, isChannelWise: Bool, rule: SearchRule) throws {
    // Everything else is float32, so that the loss has a derivative. The inputs of layer 3 are in memory, those of layer 4 are made from the
    // sums of the layer before it.
    let chain = try ResourceModelTests.named(["int2_midrise", "int8"])
    func loss(_ weights: Double, _ inputs: Double) throws -> (loss: Double, trainer: Trainer) {
      var quantizations: [LayerQuantization?] = Self.graph.weightedLayers.map { _ in nil }
      var searched = LayerQuantization(weights: nil, inputs: nil, method: .sat)
      (searched.weightChain, searched.inputChain, searched.isChannelWise) = (chain, chain, isChannelWise)
      quantizations[layer] = searched
      var recipe = TrainingRecipe()
      recipe.batch = 1
      recipe.quantization = .sat
      recipe.search.formats = "int2_midrise,int8"
      (recipe.search.isChannelWise, recipe.search.rule) = (isChannelWise, rule)
      let shapes = Self.graph.weightedLayers.map(\.shape)
      let range = ResourceModel(shapes, quantizations, .bitOperations).range
      recipe.search.budget = (range.least + range.greatest) / 2
      let trainer = try Trainer(
        Self.graph,
        TrainingPassTests.parameters(Self.graph),
        images: TestImages.of(Self.graph, count: 1),
        normalization: TestImages.normalization(Self.graph),
        recipe: recipe,
        quantization: quantizations,
        threads: 2
      )
      // Of logits the first of two, beside the same other one.
      let count =
        isChannelWise ? Self.graph.weightedLayers[layer].shape.outputChannels : rule == .dnas ? 2 : 1
      var places = Array(repeating: 0.5, count: count)
      places[0] = weights
      let others = rule == .dnas ? [inputs, 0.5] : [inputs]
      trainer.quantized?.setPlaces(weights: places, inputs: others, ofLayer: layer)
      let (images, labels) = TrainingPassTests.images(Self.graph, 9)
      let report = try trainer.step(
        images: images,
        labels: labels,
        values: StepValues(learningRate: 0, momentum: 0)
      )
      return (report.loss, trainer)
    }
    let (base, trainer) = try loss(0.5, 0.5)
    let gradient = try #require(trainer.quantized?.searchGradients(ofLayer: layer))
    #expect(base.isFinite)
    // The loss is curved by place, and known to seven digits.
    let step = 1.0 / 256
    let weights = (try loss(0.5 + step, 0.5).loss - loss(0.5 - step, 0.5).loss) / (2 * step)
    let inputs = (try loss(0.5, 0.5 + step).loss - loss(0.5, 0.5 - step).loss) / (2 * step)
    #expect(
      abs(weights - gradient.weights[0]) < 0.04 * abs(weights) + 1e-4,
      "\(weights), \(gradient.weights[0])"
    )
    #expect(abs(inputs - gradient.inputs[0]) < 0.04 * abs(inputs) + 1e-4, "\(inputs), \(gradient.inputs[0])")
    #expect(abs(inputs) > 0.01 && abs(weights) > 1e-3)
    guard rule == .fracbits else { return }
    // At a format itself nothing but the cost pulls.
    let whole = try loss(1, 0).trainer
    let none = try #require(whole.quantized?.searchGradients(ofLayer: layer))
    #expect(none.weights[0] == 0 && none.inputs == [0])
  }

  @Test("a step of a search is the same with fused passes and without", arguments: SearchRule.allCases)
  func fusions(rule: SearchRule) throws {
    func step(_ fusions: TrainingFusions) throws -> (loss: Double, gradients: [Double]) {
      let trainer = try Self.trainer(fusions: fusions) { $0.search.rule = rule }
      let report = try trainer.step()
      let searched = (0..<Self.graph.weightedLayers.count).compactMap {
        trainer.quantized?.searchGradients(ofLayer: $0)
      }
      return (report.loss, searched.flatMap { $0.weights + $0.inputs })
    }
    let (fused, unfused) = (try step(.all), try step([]))
    #expect(fused.loss == unfused.loss)
    let greatest = fused.gradients.map(abs).max() ?? 0
    #expect((greatest > 0) == (rule != .us))
    let difference = zip(fused.gradients, unfused.gradients).map { abs($0 - $1) }.max() ?? 0
    #expect(difference <= 1e-5 * greatest)
  }

  @Test("the penalty drives the cost to the budget from both sides, and chosen formats are within 1 % of it")
  func budget() throws {
    for share in [0.15, 0.4, 0.8] {
      let trainer = try Self.trainer((2...8).map { "int\($0)_midrise/uint\($0)" }, budgetShare: share) {
        // The task's gradient is as nothing beside the penalty.
        ($0.epochs, $0.search.penalty, $0.learningRate) = (60, 2000, 2e-5)
      }
      let budget = try #require(trainer.search?.budget)
      let start = try #require(trainer.search?.cost)
      #expect(start > 1.02 * budget)
      while trainer.isSearching { try trainer.step() }
      let end = try #require(trainer.search)
      #expect(abs(end.cost / budget - 1) < 0.01, "\(share): \(end.cost / budget)")
      #expect(end.isChosen && end.layers.allSatisfy { !$0.weights.isEmpty })
      let bits = end.layers.compactMap(\.weightBits) + end.layers.compactMap(\.inputBits)
      #expect(bits.allSatisfy { $0 == $0.rounded() })
    }
  }

  @Test(
    "chosen formats are deployed with the bits of the training forward, mixtures are not deployed",
    arguments: [
      (integers, false, ProductPrecision.float32), (integers, true, .float32), (integers, true, .bfloat16),
      (["int2", "int4", "int8"], true, .bfloat16),
      (["int4", "float4_e2m1", "posit5", "posit8"], false, .float32),
      (["int2:down", "int3:down", "int4:down"], true, .float32),
    ]
  )
  func served(names: [String], isChannelWise: Bool, precision: ProductPrecision) throws {
    let trainer = try Self.trainer(names) {
      ($0.search.isChannelWise, $0.precision) = (isChannelWise, precision)
      // Places stay about where they are put.
      if isChannelWise { $0.search.penalty = 0 }
    }
    #expect(throws: TrainingError.self) { try trainer.deployed() }
    if isChannelWise, let search = trainer.quantized?.layers[2].search {
      let places = search.places.weights.indices.map { Double($0 % names.count) }
      trainer.quantized?.setPlaces(weights: places, inputs: [search.places.inputs], ofLayer: 2)
    }
    while !trainer.isDone { try trainer.step() }
    let (images, _) = TrainingPassTests.images(Self.graph, 7)
    let served = TrainServeTests.logits(try trainer.deployed(), Self.graph, images)
    #expect(served == trainer.logits(images: images, usesRunningStatistics: true))
    // What is exported gives the same, and says what was chosen.
    let quantizers = TrainedQuantizers(
      try Self.quantizations(names, isChannelWise: isChannelWise),
      state: try #require(trainer.exportMetadata[TrainedQuantizers.key])
    )
    let compiled = try quantizers.compiled(Self.graph, trainer.exportedParameters)
    #expect(TrainServeTests.logits(compiled, Self.graph, images) == served)
    let chosen = try #require(try quantizers.chosen(Self.graph))
    #expect(chosen.map(\.weightBits) == trainer.search?.layers.map(\.weightBits))
    #expect(chosen.map { $0.inputs?.format.name } == trainer.search?.layers.map { $0.inputs?.format.name })
    if isChannelWise { #expect(chosen.contains { Set($0.weights.map { $0?.format.name }).count > 1 }) }
  }

  @Test(
    "stopped after every step and resumed, across the choice of formats: the same bytes",
    arguments: [
      (false, SearchRule.fracbits), (true, .fracbits), (true, .gumbel), (false, .bitpruning), (false, .dnas),
      (false, .us), (false, .dq), (true, .dq),
    ]
  )
  func resumed(isChannelWise: Bool, rule: SearchRule) throws {
    func trainer(_ threads: Int, _ features: CPUFeatures = .detected) throws -> Trainer {
      try Self.trainer(threads: threads, features: features) {
        ($0.search.isChannelWise, $0.search.rule) = (isChannelWise, rule)
      }
    }
    let whole = try trainer(1)
    while !whole.isDone { try whole.step() }
    let portable = try trainer(7, [])
    while !portable.isDone { try portable.step() }
    #expect(portable.parameters.values == whole.parameters.values)
    #expect(portable.quantized?.state == whole.quantized?.state)
    let file = FileManager.default.temporaryDirectory.appending(
      path: "binade-\(UUID().uuidString).safetensors"
    )
    defer { try? FileManager.default.removeItem(at: file) }
    var run = try trainer(2)
    while !run.isDone {
      try run.step()
      try run.checkpoint().write(to: file)
      run = try trainer(run.stepCount % 3 + 1)
      try run.resume(Checkpoint(contentsOf: file, for: Self.graph))
    }
    #expect(run.parameters.values == whole.parameters.values)
    #expect(run.quantized?.state == whole.quantized?.state)
    #expect(run.search?.offset == whole.search?.offset && run.search?.cost == whole.search?.cost)
    // Whatever the rule, the formats are within the budget, or as near as rounding comes.
    let (cost, budget) = (try #require(whole.search?.cost), try #require(whole.search?.budget))
    #expect(cost < 1.15 * budget, "\(cost / budget)")
    if rule == .us { #expect(cost <= budget) }
    // What `us` chose here, the shorter chain has as well; for `dq` it has no grid.
    guard rule != .us, rule != .dq else { return }
    // Formats of another chain are none of this one's.
    let other = try Self.trainer(["int2_midrise/uint2", "int8"]) {
      ($0.search.isChannelWise, $0.search.formats) = (isChannelWise, Self.integers.joined(separator: ","))
      ($0.search.budget, $0.search.rule) = (whole.recipe.search.budget, rule)
    }
    #expect(throws: TrainingError.self) { try other.resume(Checkpoint(contentsOf: file, for: Self.graph)) }
  }

  @Test("a budget that no formats meet is refused with both bounds, as are methods without SAT's weights")
  func refusals() throws {
    for share in [-0.01, 1.01] {
      let fault = #expect(throws: TrainingError.self) { try Self.trainer(budgetShare: share) }
      guard case .invalidRecipe("budget", _, let allowed) = fault else {
        Issue.record("\(String(describing: fault))")
        continue
      }
      #expect(allowed.contains(" to ") && allowed.contains("bitOperations"))
    }
    #expect(throws: TrainingError.self) { try Self.trainer { $0.quantization = .lsq } }
    for names in [
      ["int2_midrise/uint2", "float4_e2m1"], ["int4/int4:tensor:max:down", "int5"], ["0", "int4", "int5"],
    ] {
      let fault = #expect(throws: TrainingError.self) {
        try Self.trainer(names, budgetShare: 0.9) {
          ($0.search.rule, $0.search.isChannelWise) = (.dq, names[0] == "0")
        }
      }
      guard case .invalidRecipe("searchRule", let found, _) = fault else {
        Issue.record("\(String(describing: fault))")
        continue
      }
      #expect(found.hasPrefix("dq with '"))
    }
    // Values that are no part of the widest format's cannot be a channel's.
    let mixed = try Self.trainer(["int4", "float4_e2m1", "posit5"]) {
      ($0.search.isChannelWise, $0.search.penalty) = (true, 5)
    }
    #expect(throws: TrainingError.self) { while !mixed.isDone { try mixed.step() } }
  }

  @Test(
    "the evolutionary search comes near the best of all choices, within the budget, and is a function of its seed"
  )
  func evolution() throws {
    let counts = Array(repeating: 5, count: 7)
    let worth = (0..<7).map { operand in (0..<5).map { Double(operand + 1) * Double($0).squareRoot() } }
    func cost(_ choice: [Int]) -> Int { choice.reduce(0, +) }
    func fitness(_ choice: [Int]) -> Double {
      choice.enumerated().reduce(0) { $0 + worth[$1.offset][$1.element] }
    }
    var best = -Double.infinity
    var choice = Array(repeating: 0, count: 7)
    for number in 0..<78125 {
      var rest = number
      for index in choice.indices { (choice[index], rest) = (rest % 5, rest / 5) }
      if cost(choice) <= 12 { best = max(best, fitness(choice)) }
    }
    let found = (0..<3).map { seed in
      var search = EvolutionarySearch(counts: counts, seed: UInt64(seed)) { cost($0) <= 12 }
      return search.best(from: Array(repeating: 1, count: 7), fitness: fitness)
    }
    for choice in found {
      #expect(cost(choice) <= 12 && fitness(choice) > 0.97 * best, "\(fitness(choice) / best)")
    }
    var again = EvolutionarySearch(counts: counts, seed: 0) { cost($0) <= 12 }
    #expect(again.best(from: Array(repeating: 1, count: 7), fitness: fitness) == found[0])
  }

  @Test(
    "channels of 0 bits are 0 from the choice on, and the network without them has the same bits and fewer products"
  )
  func pruned() throws {
    let names = ["0"] + Self.integers
    func trainer() throws -> Trainer {
      try Self.trainer(names) {
        ($0.search.isChannelWise, $0.search.penalty, $0.averageDecay) = (true, 0, 0.5)
      }
    }
    let run = try trainer()
    let prunable = ChannelPruning.prunableLayers(Self.graph)
    let layers = Self.graph.weightedLayers
    var lost = 0
    for (index, layer) in layers.enumerated() {
      guard let search = run.quantized?.layers[index].search else { continue }
      let places = search.places.weights
      // Half of the channels of layers that may lose some have next to nothing.
      let isPrunable = prunable.contains(layer.name)
      guard places.count == layer.shape.outputChannels else { continue }
      let moved = places.indices.map { isPrunable && $0 % 2 == 1 ? 0.1 : Double(2 + $0 % 2) }
      lost += isPrunable ? places.count / 2 : 0
      run.quantized?.setPlaces(weights: moved, inputs: [search.places.inputs], ofLayer: index)
    }
    #expect(!prunable.isEmpty && lost > 0)
    for _ in 0..<7 { try run.step() }
    let checkpoint = run.checkpoint()
    while !run.isDone { try run.step() }
    let pruned = (run.quantized?.layers ?? []).filter { !$0.prunedChannels.isEmpty }
    #expect(pruned.reduce(0) { $0 + $1.prunedChannels.count } == lost)
    #expect(Set(pruned.map(\.name)) == prunable)
    let (images, _) = TrainingPassTests.images(Self.graph, 7)
    let trained = run.logits(images: images, usesRunningStatistics: true)
    let pruning = ChannelPruning(
      kept: Dictionary(
        uniqueKeysWithValues: pruned.map { layer in
          let count = layers.first { $0.name == layer.name }?.shape.outputChannels ?? 0
          return (layer.name, (0..<count).filter { !layer.prunedChannels.contains($0) })
        }
      )
    )
    let graph = try pruning.graph(Self.graph)
    #expect(TrainServeTests.logits(try run.deployed(), graph, images) == trained)
    func products(_ graph: NetworkGraph) -> Int {
      graph.weightedLayers.reduce(0) { $0 + $1.shape.multiplyAccumulateCount }
    }
    #expect(products(graph) < products(Self.graph))
    // In float32 the channels that are left give the same, too.
    var silent = run.evaluated
    for layer in pruned {
      guard let depth = layers.first(where: { $0.name == layer.name })?.shape.depth else { continue }
      let values = Array(silent["\(layer.name).weight"])
      silent["\(layer.name).weight"] =
        values.indices.map { layer.prunedChannels.contains($0 / depth) ? 0 : values[$0] }[...]
    }
    let whole = TrainServeTests.logits(CompiledNetwork(FoldedNetwork(Self.graph, silent)), Self.graph, images)
    let parameters = try pruning.parameters(run.evaluated, of: Self.graph)
    let part = TrainServeTests.logits(CompiledNetwork(FoldedNetwork(graph, parameters)), graph, images)
    for (one, two) in zip(whole, part) { #expect(abs(one - two) <= 1e-5 * max(1, abs(one))) }
    // Resumed behind the choice: the same channels, the same bits.
    let again = try trainer()
    try again.resume(checkpoint)
    while !again.isDone { try again.step() }
    #expect(again.parameters.values == run.parameters.values)
  }

  @Test("a file that has lost channels is read as it was written; lists that are none are refused")
  func prunedFile() throws {
    let base = try ArchitectureName.resolve("resnet8-cifar")
    let kept = ["layer1.0.conv1": [0, 1, 2, 7, 9, 10], "layer3.0.conv1": [5]]
    let architecture = try PrunedArchitecture(base, ChannelPruning(kept: kept))
    let parameters = NetworkParameters(architecture.graph, seed: 1)
    let file = FileManager.default.temporaryDirectory.appending(
      path: "binade-\(UUID().uuidString).safetensors"
    )
    defer { try? FileManager.default.removeItem(at: file) }
    let normalization = Normalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1])
    try Model.write(architecture, parameters, normalization, to: file)
    let read = try Model(contentsOf: file)
    #expect((read.architecture as? PrunedArchitecture)?.pruning.kept == kept)
    #expect(read.parameters.values == parameters.values)
    for text in [
      "layer1.0.conv1", "layer1.0.conv1=", "layer1.0.conv1=3-1", "layer1.0.conv1=0-99", "conv1=0", "x=0",
      "layer1.0.conv1=1,1", "layer1.0.conv1=0;layer1.0.conv1=1", "layer1.0.conv1=0-1048575",
    ] {
      let metadata = ["keptChannels": text]
      try Model.write(
        base,
        NetworkParameters(base.graph, seed: 1),
        normalization,
        metadata: metadata,
        to: file
      )
      #expect(throws: NetworkError.self, "\(text)") { try Model(contentsOf: file) }
    }
  }

  @Test("formats of equal bits are searched by the task alone; sharpening draws places to formats")
  func families() throws {
    func places(_ sharpening: Double) throws -> [Double] {
      let trainer = try Self.trainer(["int4", "float4_e2m1", "posit5", "int8"], budgetShare: 0.2) {
        ($0.epochs, $0.search.sharpening, $0.search.share) = (4, sharpening, 0.999)
      }
      let start = try #require(trainer.quantized?.layers[2].search?.places.weights)
      while trainer.stepCount < 19 { try trainer.step() }
      let searches = (trainer.quantized?.layers ?? []).compactMap(\.search)
      let end = searches.flatMap { $0.places.weights + [$0.places.inputs] }
      #expect(end.contains { $0 != start[0] })
      return end
    }
    func distance(_ places: [Double]) -> Double {
      places.reduce(0) { $0 + abs($1 - $1.rounded()) } / Double(places.count)
    }
    #expect(try distance(places(50)) < 0.5 * distance(places(0)))
  }
}
