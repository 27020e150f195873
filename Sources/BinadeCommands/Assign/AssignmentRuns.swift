import Binade
import Foundation

/// What a search found, and what became of it on the evaluation images.
struct AssignmentReport: Encodable, Sendable {
  /// An assignment, or one pair of formats everywhere.
  struct Row: Encodable, Sendable {
    /// What it is called: the budget, or the formats that are everywhere.
    let name: String
    /// The greatest cost that was allowed; nil for the same formats everywhere.
    let budget: Int?
    /// What it costs.
    let cost: Int
    /// Bits of weights in the mean over weights, of inputs in the mean over products.
    let meanWeightBits: Double, meanInputBits: Double
    /// The sum of the divergences of single operands, in nats.
    let predictedDivergence: Double
    /// The divergence on the evaluation images, in nats.
    let divergence: Double
    /// On the evaluation images.
    let top1Accuracy: Double
    let top1Interval: WilsonInterval
    let top1Outcomes: Top1Outcomes
    /// Lines of a file of formats.
    let assignment: String
    /// What cannot be trusted.
    let warnings: [String]
  }

  /// An assignment beside formats everywhere, at the least budget that allows both.
  struct Comparison: Encodable, Sendable {
    let uniform: String
    let budget: Int
    /// Of the assignment, less that of the formats everywhere.
    let top1Change: Double
    let top1ChangeInterval: PairedDifferenceInterval
    let mcNemar: McNemarTest
  }

  /// What was chosen and cannot run on the network.
  struct Failure: Encodable, Sendable {
    /// As of a row.
    let name: String
    /// Why, in a sentence.
    let failure: String
  }

  let model: String, data: String
  let costModel: CostModel
  let imageCount: Int
  /// What divergences were found on.
  let sensitivityImages: String
  let recipe: String?
  let float32Accuracy: Double
  /// How many assignments no other beats, of all budgets.
  let frontCount: Int
  let assignments: [Row], uniform: [Row]
  let comparisons: [Comparison]
  let failures: [Failure]
}

/// Runs what a search has chosen, beside the same formats everywhere.
struct AssignmentRuns {
  private let experiment: Experiment
  private let search: AssignmentSearch
  private let recipe: PostTrainingRecipe?
  private let recipeText: String?
  private let applied: (Configuration) throws -> Configuration

  /// `applied`: what options make of every configuration.
  init(
    _ experiment: Experiment,
    _ search: AssignmentSearch,
    recipe: PostTrainingRecipe?,
    recipeText: String?,
    applied: @escaping (Configuration) throws -> Configuration
  ) {
    (self.experiment, self.search, self.recipe, self.recipeText) = (experiment, search, recipe, recipeText)
    self.applied = applied
  }

  /// What a pair costs in all layers whose formats are searched.
  func cost(of pair: AssignmentSearch.Pair) throws(AssignmentSearchError) -> Int {
    try search.uniformCost(pair)
  }

  /// The choices that are the same in all searched layers: formats of the same name in both lists.
  func uniform(
    _ weights: [QuantizerSpecification?],
    _ inputs: [QuantizerSpecification?]
  ) -> [(name: String, solution: AssignmentProblem.Solution)] {
    func name(_ format: QuantizerSpecification?) -> String { format?.format.name ?? "float32" }
    return weights.compactMap { weight in
      guard let input = inputs.first(where: { name($0) == name(weight) }) else { return nil }
      return search.uniformSolution(AssignmentSearch.Pair(weights: weight, inputs: input)).map {
        (name(weight), $0)
      }
    }
  }

  /// Measures the best assignment within each budget, beside the same formats everywhere.
  ///
  /// `isCurve`: whether those of any cost are run, and their costs are budgets as well; otherwise the dearest that each budget allows.
  func report(
    budgets: [Int],
    isCurve: Bool,
    uniform: [(name: String, solution: AssignmentProblem.Solution)],
    _ divergences: OperandDivergences
  ) throws -> AssignmentReport {
    let uniform = uniform.filter { $0.solution.loss < .infinity }
    let rivals = uniform.filter { rival in
      isCurve
        || budgets.contains { budget in
          rival.solution.cost <= budget
            && !uniform.contains { $0.solution.cost > rival.solution.cost && $0.solution.cost <= budget }
        }
    }
    let wanted = isCurve ? Array(Set(budgets + rivals.map(\.solution.cost))).sorted() : budgets
    let bar = ProgressBar(total: wanted.count + rivals.count, label: "running what was chosen")
    defer { bar.finish() }
    var failures: [AssignmentReport.Failure] = []
    // One that cannot run takes no other with it.
    func measured(_ solution: AssignmentProblem.Solution, name: String, budget: Int?) throws
      -> AssignmentReport.Row?
    {
      defer { bar.advance(1) }
      do { return try row(solution, name: name, budget: budget) } catch
        where FailedRun.concernsFormats(error)
      {
        failures.append(AssignmentReport.Failure(name: name, failure: "\(error)"))
        guard failures.count < wanted.count + rivals.count else { throw error }
        return nil
      }
    }
    let rows = try wanted.compactMap { budget in
      try measured(try search.best(within: budget), name: "\(budget)", budget: budget)
    }
    let uniformRows = try rivals.compactMap { try measured($0.solution, name: $0.name, budget: nil) }
    return AssignmentReport(
      model: experiment.model.name,
      data: experiment.evaluator.images.name,
      costModel: search.costModel,
      imageCount: experiment.imageCount,
      sensitivityImages: "\(divergences.imageCount) images of \(divergences.imageName)",
      recipe: recipeText,
      float32Accuracy: Double(experiment.baseline.top1Count) / Double(experiment.imageCount),
      frontCount: search.front.count,
      assignments: rows,
      uniform: uniformRows,
      comparisons: uniformRows.compactMap { uniform in
        rows.first { ($0.budget ?? 0) >= uniform.cost }.map { Self.comparison($0, uniform) }
      },
      failures: failures
    )
  }

  private static func comparison(_ row: AssignmentReport.Row, _ uniform: AssignmentReport.Row)
    -> AssignmentReport.Comparison
  {
    let test = McNemarTest(uniform.top1Outcomes, row.top1Outcomes)
    return AssignmentReport.Comparison(
      uniform: uniform.name,
      budget: row.budget ?? uniform.cost,
      top1Change: row.top1Accuracy - uniform.top1Accuracy,
      top1ChangeInterval: PairedDifferenceInterval(
        onlyFirst: test.onlyFirst,
        onlySecond: test.onlySecond,
        count: row.top1Outcomes.isRight.count
      ),
      mcNemar: test
    )
  }

  private func row(_ solution: AssignmentProblem.Solution, name: String, budget: Int?) throws
    -> AssignmentReport.Row
  {
    var configuration = Configuration()
    configuration.layers = search.assignment(solution)
    configuration.recipe = recipe
    configuration.recipeText = recipeText
    let result = try experiment.run(try applied(configuration))
    let bits = search.meanBits(solution)
    return AssignmentReport.Row(
      name: name,
      budget: budget,
      cost: solution.cost,
      meanWeightBits: bits.weights,
      meanInputBits: bits.inputs,
      predictedDivergence: solution.loss,
      divergence: result.outputs.meanDivergence,
      top1Accuracy: result.top1Accuracy,
      top1Interval: result.top1Interval,
      top1Outcomes: result.top1Outcomes,
      assignment: configuration.layers.yaml,
      warnings: result.warnings
    )
  }
}
