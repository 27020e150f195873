import ArgumentParser
import Binade
import Foundation

/// Formats on one network: the main job.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Run formats on a ResNet and compare accuracy, error and cost.",
    discussion: """
      Each format is used for weights (scale per output channel) and for activations (scale per tensor), with
      the scales that give the least mean squared error. FORMAT may also be WEIGHTS/ACTIVATIONS, and each of
      them FORMAT[:GRANULARITY[:CALIBRATION[:ROUNDING]]], or FORMAT[:SCALES[:ROUNDING]] for block formats (see
      'binade evaluate --help'). With --ptq each format is run with each recipe of post-training
      quantization (see 'binade evaluate --help'), and float32 leaves one side as it is: int4/float32.

      With --accumulator each format is run with each accumulator: formats and matrix units as in 'binade evaluate --help',
      exact, logarithmic, or cheapest for none.

      EXAMPLES
        binade compare
        binade compare --formats int8,int4,float8_e4m3fn,int4/int8 --ends int8 --output results
        binade compare --model resnet20-cifar10.safetensors --data cifar10 --limit 1000
        binade compare --formats int4,int3/int4 --ends int8 --ptq naive,aciq+alloc+bias,best
        binade compare --formats int8,float8_e4m3fn --accumulator cheapest,q15.16,q7.16:wrap,bfloat16
      """
  )

  /// The default set: every family, 2 to 16 bits.
  static let defaultFormats = [
    "int2", "int3", "int4", "int5", "int6", "int7", "int8", "int16", "q1.2", "q3.4", "q7.8", "pot3",
    "pot4", "pot5", "nf4", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn", "float8_e3m4",
    "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "posit8", "lns3.2", "lns4.3", "lns6.9", "bfloat16",
    "float16", "posit16",
  ]

  /// The default set for recipes.
  static let recipeFormats = ["int2", "int3", "int4", "int5", "int6", "int8"]

  @OptionGroup var models: ModelOptions
  @OptionGroup var formatOptions: FormatOptions
  @OptionGroup var runOptions: RunOptions

  @Option(
    help:
      "Formats, separated by commas. Default: \(defaultFormats.count) from every family; with --ptq int2 to int8.",
    completion: NameCompletion.quantizers
  )
  var formats: String?

  @Option(
    help: "The format of the first and the last layer. Default: the same as the others.",
    completion: NameCompletion.quantizers
  )
  var ends: String?

  @Option(
    help: "Recipes of post-training quantization, separated by commas.",
    completion: NameCompletion.recipes
  )
  var ptq: String?

  @OptionGroup var layerFormats: LayerFormatOptions
  @OptionGroup var zeroPoints: ZeroPointOptions
  @OptionGroup var rounding: NetworkRoundingOptions

  @Option(
    help: "What products are summed in, a row for each: accumulators, separated by commas.",
    completion: NameCompletion.accumulators
  )
  var accumulator: String?

  @OptionGroup var accumulatorOptions: AccumulatorOptions

  @Option(
    help: "A folder for results.csv, results.json and the plots; made if missing.",
    completion: .directory
  )
  var output: String?

  @Option(
    help: "Keep the results in this store as well, and take from it what it has (see 'binade study --help').",
    completion: .file(extensions: ["sqlite"])
  )
  var store: String?

  @Flag(help: "Print the results as JSON instead of a table.")
  var json = false

  func validate() throws { try accumulatorOptions.requireAccumulators(accumulator) }

  func run() throws {
    let console = CommandContext.current.console
    let catalog = try formatOptions.catalog()
    let wanted = try self.configurations(catalog).map {
      ($0, try rounding.applied(to: zeroPoints.applied(to: $1)))
    }
    let configurations = Self.withoutDuplicates(wanted, console)
    try RecipeText.check(configurations.map(\.1))
    let folder = try output.map { try OutputFolder($0) }
    let store = try self.store.map { try ResultStore($0, for: .writing) }
    let experiment = try models.experiment(threads: runOptions.threads)
    let bar = ProgressBar(total: experiment.imageCount * (configurations.count + 1))
    var results = [try experiment.run(Configuration(), progress: bar.advance)]
    var failures: [FailedRun] = []
    var knownCount = 0
    for (name, configuration) in configurations {
      let label = configuration.recipeText.map { "\(name), \($0)" } ?? name
      bar.setLabel(label)
      do {
        if let known = try store?.result(of: RunKey(configuration, experiment)) {
          results.append(known)
          knownCount += 1
          bar.advance(experiment.imageCount)
          continue
        }
        let timer = RunTimer(threads: runOptions.threads)
        let result = try experiment.run(
          configuration,
          foretell: SlowAccumulation.foretell,
          progress: bar.advance
        )
        results.append(result)
        try store?.add(StoredRun(result, configuration, experiment, timer))
      } catch  where FailedRun.concernsFormats(error) {
        failures.append(FailedRun(configuration, label: label, reason: error))
        bar.advance(experiment.imageCount)
      }
    }
    bar.finish()
    if knownCount > 0 { console.writeError("note: \(knownCount) rows are from the store") }
    for note in Set(results.flatMap(\.notes)).sorted() { console.writeError("note: \(note)") }
    for result in results {
      guard let warning = OutputText.warning(result.outputs) else { continue }
      console.writeError("warning: \(result.weights) / \(result.activations): \(warning)")
    }
    let report = ComparisonReport(
      results,
      failures: failures,
      graph: experiment.model.architecture.graph
    )
    try show(report, experiment, configurations.map(\.1), console)
    if let folder { try write(report, to: folder, console) }
    guard failures.count < configurations.count else { throw CompareError.noneRan(failures.count) }
  }

  private func show(
    _ report: ComparisonReport,
    _ experiment: Experiment,
    _ configurations: [Configuration],
    _ console: Console
  ) throws {
    guard !json else { return console.write(try JSONDocument.comparison.text(list: report.rows)) }
    console.write(heading(experiment, configurations))
    if let common = report.commonLabel { console.write("all rows: \(common)\n") }
    console.write(report.table.text)
    console.write(Self.legend)
    console.write(report.outputTable.text)
    console.write(Self.outputLegend(experiment))
    for finding in report.findings { console.write("\n" + finding) }
    if !report.remarks.isEmpty { console.write("\n" + report.remarks.joined(separator: "\n")) }
  }

  private func write(_ report: ComparisonReport, to folder: OutputFolder, _ console: Console) throws {
    try folder.write(report.csv, as: "results.csv")
    try folder.write(try JSONDocument.comparison.text(list: report.rows) + "\n", as: "results.json")
    for plot in report.plots { try plot.write(to: folder.url) }
    if !json {
      console.write(
        "\nwritten: \(folder.names(["results.csv", "results.json"] + report.plots.flatMap(\.pictureNames)))"
      )
    }
  }

  private func configurations(_ catalog: FormatCatalog) throws -> [(String, Configuration)] {
    let names =
      formats?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      ?? (ptq == nil ? Self.defaultFormats : Self.recipeFormats)
    guard !names.isEmpty else { throw ValidationError("--formats is empty; name at least one format") }
    let endsPair = try ends.map { try ConfigurationText.ends($0, catalog) }
    let layers = try layerFormats.assignment(catalog)
    let recipes = ptq?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    if let recipes { try RecipeText.check(recipes, formats: names + [ends].compactMap { $0 }) }
    let accumulators = try accumulatorOptions.layerAccumulators(accumulator, catalog)
    return try names.flatMap { name in
      try (recipes ?? [""]).flatMap { recipe in
        var configuration = try ConfigurationText.body(name, catalog)
        configuration.ends = endsPair
        configuration.layers = layers
        if recipes != nil {
          configuration.recipe = try PostTrainingRecipe(parsing: recipe)
          configuration.recipeText = recipe
        }
        return accumulators.map { accumulator in
          var own = configuration
          own.accumulator = accumulator
          return (accumulator.map { "\(name), \($0.description)" } ?? name, own)
        }
      }
    }
  }

  /// Each configuration once, in the order they were named; says what was dropped.
  private static func withoutDuplicates(_ configurations: [(String, Configuration)], _ console: Console)
    -> [(String, Configuration)]
  {
    func label(_ named: (String, Configuration)) -> String {
      named.1.recipeText.map { "\(named.0), \($0)" } ?? named.0
    }
    var kept: [(String, Configuration)] = []
    for named in configurations {
      guard let first = kept.first(where: { $0.1.isSame(as: named.1) }) else {
        kept.append(named)
        continue
      }
      let found = label(first) == label(named) ? "is named twice" : "is the same as '\(label(first))'"
      console.writeError("note: '\(label(named))' \(found); it is run once")
    }
    return kept
  }

  private func heading(_ experiment: Experiment, _ configurations: [Configuration]) -> String {
    let model = experiment.model
    let byOutput = configurations.contains { $0.recipe.map { $0.weightRounding != .nearest } ?? false }
    let rounding = experiment.roundingImages.count
    return "\(model.name.visible()) (\(model.architecture.name)), \(experiment.imageCount) images of "
      + "\(experiment.evaluator.images.name); scales from \(experiment.calibrationImages.count) images of "
      + "\(experiment.calibrationImages.name)"
      + (byOutput && rounding != experiment.calibrationImages.count
        ? ", weights rounded by the output of \(rounding)\n" : "\n")
  }

  private static let legend = """

    change: top-1 points against float32; p: McNemar's exact test against float32. SQNR: weights (w) and
    activations (a). cost: weight bits x activation bits per MAC, against bfloat16. memory: weights and scales.
    front *: no other row is as cheap and as accurate; ~: not significantly less accurate than the front's row at its cost
    (McNemar's exact test between the two, p >= 0.05). notes: z evenly spaced values are shifted by a zero point where
    tensors are never negative, or codes unsigned (--zero-point); ! do not trust the row, x it cannot run: see below.

    Outputs against float32's:
    """

  private static func outputLegend(_ experiment: Experiment) -> String {
    let bootstrap = experiment.bootstrap
    return """

      KL: Kullback-Leibler divergence of the softmax from float32's in thousandths of a nat, mean and 99th percentile over
      the images. agree: images of float32's class. CE: cross-entropy, thousandths of a nat. 95 %: bootstrap over the images,
      \(bootstrap.resampleCount) resamples, seed \(bootstrap.seed). front *: no other row is as cheap and as near to float32.
      """
  }
}

/// Why a comparison compared nothing.
enum CompareError: Error, Equatable, CustomStringConvertible {
  case noneRan(Int)

  var description: String {
    switch self {
    case .noneRan(1): "the configuration cannot run on this network; the reason stands above"
    case .noneRan(let count):
      "none of the \(count) configurations can run on this network; the reasons stand above"
    }
  }
}

/// Configurations as text.
enum ConfigurationText {
  /// `FORMAT` for weights and activations, or `WEIGHTS/ACTIVATIONS`.
  static func body(_ text: String, _ catalog: FormatCatalog) throws -> Configuration {
    let (weights, activations) = try pair(text, catalog)
    return Configuration(weights: weights, activations: activations)
  }

  /// The quantizers of the options `--weights`, `--activations` and `--ends`.
  static func configuration(
    weights: String?,
    activations: String?,
    ends: String?,
    _ catalog: FormatCatalog
  ) throws -> Configuration {
    Configuration(
      weights: try weights.map {
        try QuantizerSpecification(parsing: $0, catalog: catalog, granularity: .channel)
      },
      activations: try activations.map {
        try QuantizerSpecification(parsing: $0, catalog: catalog, granularity: .tensor)
      },
      ends: try ends.map { try Self.ends($0, catalog) }
    )
  }

  /// The quantizers of the first and the last layer.
  static func ends(_ text: String, _ catalog: FormatCatalog) throws -> Configuration.Ends {
    let (weights, activations) = try pair(text, catalog)
    return Configuration.Ends(weights: weights, activations: activations)
  }

  /// As the library reads it; what is no pair at all is wrong usage.
  private static func pair(_ text: String, _ catalog: FormatCatalog) throws -> (
    weights: QuantizerSpecification, activations: QuantizerSpecification
  ) {
    do {
      return try QuantizerSpecification.pair(parsing: text, catalog: catalog)
    } catch SpecificationError.noPair(let text) {
      throw ValidationError("\(SpecificationError.noPair(text: text))")
    }
  }
}
