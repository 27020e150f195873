import ArgumentParser
import Binade
import Foundation

/// Formats for each layer within a budget, without training.
struct AssignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "assign",
    abstract:
      "Find the formats of each layer that a budget allows, without training: one budget or the whole curve.",
    discussion: """
      Each operand of each layer is quantized alone, in each format, on training images without their labels: how far do the
      outputs move from float32's (in nats)? These divergences are taken to add up, and the assignment with the least sum is found
      exactly, for every budget at once. What is chosen is then run on the evaluation images, beside the same formats everywhere.

      Formats are quantizers as in 'binade evaluate', of any families. A budget is a number (with k, M or G), or a format:
      what it costs everywhere.

      EXAMPLES
        binade assign --curve 20
        binade assign --model resnet20-cifar10.safetensors --data cifar10 --curve 20 --output curve
        binade assign --model resnet20-cifar10.safetensors --data cifar10 --budget int4 --ends int8 --ptq best --output four
        binade assign --formats int4,float4_e2m1,posit5,int8,float8_e4m3fn --cost memoryBits --budget 600k
        binade evaluate --model resnet20-cifar10.safetensors --data cifar10 --assignment four/assignment.yaml
      """
  )

  @OptionGroup var models: ModelOptions
  @OptionGroup var formatOptions: FormatOptions
  @OptionGroup var runOptions: RunOptions
  @OptionGroup var zeroPoints: ZeroPointOptions

  @Option(help: "The formats of weights and inputs, joined by commas.", completion: NameCompletion.quantizers)
  var formats = "int2,int3,int4,int5,int6,int7,int8"

  @Option(help: "The formats of weights, where they are others.", completion: NameCompletion.quantizers)
  var weights: String?

  @Option(help: "The formats of inputs, where they are others.", completion: NameCompletion.quantizers)
  var activations: String?

  @Flag(help: "Weights and inputs of a layer get formats of the same place in both lists.")
  var paired = false

  @Option(
    help:
      "The quantizer of the first and the last layer, FORMAT or WEIGHTS/ACTIVATIONS. Default: they are searched, too.",
    completion: NameCompletion.quantizers
  )
  var ends: String?

  @Option(help: "Count costs so: bitOperations, aqtQuadratic, aqtLinear, memoryBits.")
  var cost = CostModel.bitOperations

  @Option(help: "The greatest cost: a number, or a format for what it costs everywhere. Repeatable.")
  var budget: [String] = []

  @Option(
    help: "So many budgets from the cheapest assignment to the best one, and the costs of formats everywhere."
  )
  var curve: Int?

  @Option(help: "Images that divergences are found on.")
  var sensitivityImages = 512

  @Option(
    help:
      "Run what was chosen with this recipe of post-training quantization (see 'binade evaluate --help').",
    completion: NameCompletion.recipes
  )
  var ptq: String?

  @Option(
    help: "A folder for the assignments, results.json and a plot; made if missing.",
    completion: .directory
  )
  var output: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard budget.isEmpty != (curve == nil) else {
      throw ValidationError("give --budget B, or --curve N for the whole curve")
    }
    if let curve, !(2...1000).contains(curve) {
      throw ValidationError("--curve must be 2 to 1000, found \(curve)")
    }
    guard sensitivityImages >= 1 else {
      throw ValidationError("--sensitivity-images must be at least 1, found \(sensitivityImages)")
    }
  }

  func run() throws {
    let console = CommandContext.current.console
    let catalog = try formatOptions.catalog()
    let (weights, inputs) = try candidates(catalog)
    let recipe = try ptq.map { try PostTrainingRecipe(parsing: $0) }
    let ends = try ends.map { try QuantizerSpecification.pair(parsing: $0, catalog: catalog) }.map {
      AssignmentSearch.Pair(weights: $0.weights, inputs: $0.activations)
    }
    if let recipe {
      for weight in weights {
        for input in inputs {
          var configuration = Configuration(weights: weight, activations: input)
          (configuration.recipe, configuration.recipeText) = (recipe, ptq)
          if weight != nil || input != nil { try configuration.checkRecipe() }
        }
      }
    }
    let folder = try output.map { try OutputFolder($0) }
    let experiment = try models.experiment(threads: runOptions.threads)
    let total = experiment.divergenceImageCount(
      weights: weights,
      inputs: inputs,
      imageCount: sensitivityImages
    )
    let bar = ProgressBar(total: total, label: "quantizing one operand at a time")
    let divergences = try experiment.operandDivergences(
      weights: weights,
      inputs: inputs,
      imageCount: sensitivityImages,
      progress: bar.advance
    )
    bar.finish()
    for failure in divergences.failures { console.writeError("note: left out: \(failure)") }
    let search = try AssignmentSearch(
      divergences,
      graph: experiment.model.architecture.graph,
      costModel: cost,
      ends: ends,
      isPaired: paired
    )
    let runs = AssignmentRuns(experiment, search, recipe: recipe, recipeText: ptq) {
      zeroPoints.applied(to: $0)
    }
    let report = try runs.report(
      budgets: try budgets(search, runs, catalog),
      isCurve: curve != nil,
      uniform: runs.uniform(weights, inputs),
      divergences
    )
    if json {
      console.write(try JSONDocument.assignment.text(report))
    } else {
      console.write(AssignmentText.text(of: report))
    }
    if let folder { try write(report, to: folder, console) }
  }

  /// The formats of both lists.
  private func candidates(_ catalog: FormatCatalog) throws -> (
    weights: [QuantizerSpecification?], inputs: [QuantizerSpecification?]
  ) {
    func list(_ text: String, _ option: String, _ granularity: Granularity) throws
      -> [QuantizerSpecification?]
    {
      let names = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      guard !names.isEmpty else { throw ValidationError("\(option) is empty; name at least one format") }
      guard Set(names).count == names.count else {
        throw ValidationError("\(option) names a format twice: '\(text)'")
      }
      return try names.map {
        let quantizer = try QuantizerSpecification(parsing: $0, catalog: catalog, granularity: granularity)
        return quantizer.format.name == "float32" ? nil : quantizer
      }
    }
    let lists = (
      weights: try list(weights ?? formats, weights == nil ? "--formats" : "--weights", .channel),
      inputs: try list(activations ?? formats, activations == nil ? "--formats" : "--activations", .tensor)
    )
    if paired, lists.weights.count != lists.inputs.count {
      throw ValidationError("--paired needs as many --weights as --activations")
    }
    return lists
  }

  /// What is asked for, the cheapest first.
  private func budgets(_ search: AssignmentSearch, _ runs: AssignmentRuns, _ catalog: FormatCatalog) throws
    -> [Int]
  {
    if let curve { return search.budgets(curve) }
    return try budget.map { text in
      if let number = Self.number(text) { return number }
      let pair = try QuantizerSpecification.pair(parsing: text, catalog: catalog)
      return try runs.cost(of: AssignmentSearch.Pair(weights: pair.weights, inputs: pair.activations))
    }.sorted()
  }

  /// A number with k, M or G behind it, to the nearest whole one.
  static func number(_ text: String) -> Int? {
    let factors: [Character: Double] = ["k": 1e3, "M": 1e6, "G": 1e9]
    let factor = text.last.flatMap { factors[$0] }
    guard let value = Double(factor == nil ? text : String(text.dropLast())), value > 0 else { return nil }
    let number = (value * (factor ?? 1)).rounded()
    return number < 0x1p62 ? Int(number) : nil
  }

  private func write(_ report: AssignmentReport, to folder: OutputFolder, _ console: Console) throws {
    var names: [String] = []
    for (number, row) in report.assignments.enumerated() {
      let name = report.assignments.count == 1 ? "assignment.yaml" : "assignment-\(number + 1).yaml"
      try folder.write(row.assignment, as: name)
      names.append(name)
    }
    try folder.write(try JSONDocument.assignment.text(report) + "\n", as: "results.json")
    names.append("results.json")
    if let plot = AssignmentPlot.files(report) {
      do {
        try plot.write(to: folder.url)
        names += plot.pictureNames
      } catch {
        console.writeError("note: \(error)")
      }
    }
    if !json { console.write("written: \(folder.names(names))") }
  }
}
