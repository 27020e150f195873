import Binade
import Foundation
import Testing

/// Formats for each layer within a budget, on the embedded ResNet-8.
@Suite struct AssignmentSearchTests {
  static func quantizers(_ names: [String], _ granularity: Granularity) throws -> [QuantizerSpecification?] {
    try names.map { $0 == "float32" ? nil : try ExperimentTests.specification($0, granularity) }
  }

  static func divergences(_ experiment: Experiment, _ names: [String]) throws -> OperandDivergences {
    try experiment.operandDivergences(
      weights: quantizers(names, .channel),
      inputs: quantizers(names, .tensor),
      imageCount: 16
    )
  }

  @Test("on ResNet-8 the program finds what brute force finds; formats of several families take part")
  func bruteForce() throws {
    let experiment = try ExperimentTests.experiment(limit: 20)
    let divergences = try Self.divergences(experiment, ["int2", "float4_e2m1", "int4", "posit8"])
    let search = try AssignmentSearch(
      divergences,
      graph: experiment.model.architecture.graph,
      costModel: .bitOperations,
      isPaired: true
    )
    #expect(search.problem.layers.count == 8 && search.problem.layers.allSatisfy { $0.count == 4 })
    AssignmentProblemTests.check(search.problem.layers)
    // All pairs, of four layers: those of the others are fixed at their first choice.
    let free = try AssignmentSearch(
      divergences,
      graph: experiment.model.architecture.graph,
      costModel: .memoryBits
    )
    AssignmentProblemTests.check(free.problem.layers.enumerated().map { $0 < 4 ? $1 : [$1[0]] })
  }

  @Test("a divergence is that of the network with this operand alone quantized; costs are those of 'cost'")
  func meaning() throws {
    let experiment = try ExperimentTests.experiment(limit: 30)
    let divergences = try Self.divergences(experiment, ["int3", "float32"])
    #expect(divergences.weights.allSatisfy { $0[1] == 0 } && divergences.failures.isEmpty)
    let layer = 3
    var configuration = Configuration()
    try configuration.layers.add(
      parsing: "\(divergences.layers[layer])=int3/float32",
      catalog: FormatCatalog()
    )
    let images = experiment.roundingImages.prefix(16)
    let evaluator = Evaluator(images: images, normalization: experiment.model.normalization, threads: 2)
    let measures = OutputMeasures(
      logits: evaluator.logits(of: try experiment.compile(configuration)),
      reference: evaluator.logits(of: CompiledNetwork(experiment.model.network)),
      labels: images.labels,
      threads: 1
    )
    #expect(abs(divergences.weights[layer][0] - measures.meanDivergence) <= 1e-12 * measures.meanDivergence)
    #expect(measures.meanDivergence > 0)

    let graph = experiment.model.architecture.graph
    for model in [CostModel.bitOperations, .memoryBits] {
      let search = try AssignmentSearch(divergences, graph: graph, costModel: model)
      for solution in search.front {
        var configuration = Configuration()
        configuration.layers = search.assignment(solution)
        #expect(model.value(of: try experiment.run(configuration).cost) == solution.cost)
      }
      #expect(search.front.last?.loss == 0)
    }
    // Scales count for every family, as in the rows of 'evaluate'.
    for name in ["int4", "mxfp4_e2m1", "nvfp4", "nvfp4_two_level", "vsq4_s4", "bfloat16"] {
      let (one, two) = try (Self.quantizers([name], .channel)[0], Self.quantizers([name], .tensor)[0])
      let pair = AssignmentSearch.Pair(weights: one, inputs: two)
      var configuration = Configuration()
      configuration.weights = one
      configuration.activations = two
      let sum = try graph.weightedLayers.reduce(0) {
        $0 + (try #require(AssignmentSearch.cost($1.shape, pair, .memoryBits)))
      }
      #expect(CostModel.memoryBits.value(of: try experiment.run(configuration).cost) == sum, "\(name)")
    }
    // AQT's models end at 16 bits.
    #expect(throws: AssignmentSearchError.self) {
      try AssignmentSearch(divergences, graph: graph, costModel: .aqtLinear)
    }
  }

  @Test("budgets hold and are used up, ends stay as they are, files come back, bounds are in the message")
  func budgets() throws {
    let experiment = try ExperimentTests.experiment(limit: 20)
    let divergences = try Self.divergences(experiment, ["int2", "int3", "int4", "int5", "int6", "int8"])
    let graph = experiment.model.architecture.graph
    let catalog = try FormatCatalog()
    let (weights, inputs) = try QuantizerSpecification.pair(parsing: "int8", catalog: catalog)
    let ends = AssignmentSearch.Pair(weights: weights, inputs: inputs)
    let search = try AssignmentSearch(divergences, graph: graph, costModel: .bitOperations, ends: ends)
    let budgets = search.budgets(20)
    #expect(budgets.count == 20 && budgets == budgets.sorted())
    for budget in budgets.dropFirst().dropLast() {
      let solution = try search.best(within: budget)
      // The next that is better is beyond the budget.
      let next = search.front.first { $0.loss < solution.loss }
      #expect(solution.cost <= budget && (next?.cost ?? .max) > budget)
      let text = search.assignment(solution).yaml
      #expect(text.hasPrefix("conv1: int8\n") && text.contains("\nlinear: int8\n"), "\(text)")
      let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yaml")
      defer { try? FileManager.default.removeItem(at: url) }
      try Data(text.utf8).write(to: url)
      #expect(try FormatAssignment(contentsOf: url, catalog: catalog).yaml == text)
    }
    let least = try #require(search.front.first?.cost)
    for budget in [least - 1, .max] {
      let fault = #expect(throws: AssignmentSearchError.self) { try search.best(within: budget) }
      #expect(fault?.description.contains("choose \(least) to ") == true)
    }
    let four = try QuantizerSpecification.pair(parsing: "int4", catalog: catalog)
    let pair = AssignmentSearch.Pair(weights: four.weights, inputs: four.activations)
    let uniform = try #require(search.uniformSolution(pair))
    #expect(try search.uniformCost(pair) == uniform.cost)
    #expect(try search.best(within: uniform.cost).loss <= uniform.loss)
  }

  @Test(
    "a format that a layer cannot take is left out by name, and the others go on; with nothing left it is an error"
  )
  func failures() throws {
    let experiment = try ExperimentTests.experiment(limit: 20)
    let graph = experiment.model.architecture.graph
    func divergences(_ weights: [String]) throws -> OperandDivergences {
      try experiment.operandDivergences(
        weights: Self.quantizers(weights, .channel),
        inputs: Self.quantizers(["int4", "mxfp4_e2m1"], .tensor),
        imageCount: 4
      )
    }
    // Weights are negative, and values of this format are not evenly spaced: no zero point helps.
    let mixed = try divergences(["binary8p4ue", "int4"])
    #expect(mixed.weights.allSatisfy { $0[0] == .infinity && $0[1] < .infinity })
    #expect(mixed.failures.count == mixed.layers.count && mixed.failures[0].hasPrefix("conv1, binary8p4ue: "))
    let search = try AssignmentSearch(mixed, graph: graph, costModel: .bitOperations)
    #expect(search.front.allSatisfy { !search.assignment($0).yaml.contains("binary8p4ue") })
    let none = try divergences(["binary8p4ue"])
    let fault = #expect(throws: AssignmentSearchError.self) {
      try AssignmentSearch(none, graph: graph, costModel: .bitOperations)
    }
    #expect(fault?.description.contains("'conv1' cannot be quantized in any of the formats") == true)
  }

  @Test(
    "one format alone is searched as well: another's cost everywhere is its own, not that of the only choice"
  )
  func single() throws {
    let experiment = try ExperimentTests.experiment(limit: 20)
    let search = try AssignmentSearch(
      Self.divergences(experiment, ["int4"]),
      graph: experiment.model.architecture.graph,
      costModel: .bitOperations
    )
    let (weights, inputs) = try QuantizerSpecification.pair(parsing: "int8", catalog: FormatCatalog())
    let eight = AssignmentSearch.Pair(weights: weights, inputs: inputs)
    #expect(try search.uniformCost(eight) == 4 * search.front[0].cost && search.uniformSolution(eight) == nil)
  }
}
