import ArgumentParser
import Binade
import Foundation

/// Where the error of a format comes from.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract:
      "Say where a network's error in a format comes from, and how far from the best codebook the format is.",
    discussion: """
      Attribution: the network runs with each source of error alone, and with all but each. Sources are clipping (values
      beyond the format's range), rounding, underflow to zero, the mean shift of each output channel's weights and, with
      --accumulator, rounded sums. The interaction is what all together cost beyond the sum of each.
      Sensitivity: one layer at a time is quantized.
      Regret: the mean squared error of each tensor over that of the best codebook of as many levels (Lloyd-Max). 1 says that
      no other format of as many codes can do better.

      A format is FORMAT or WEIGHTS/ACTIVATIONS, and each of them FORMAT[:GRANULARITY[:CALIBRATION[:ROUNDING]]], as in
      'binade compare'.

      EXAMPLES
        binade explain --format int4
        binade explain --format int4,float4_e2m1fn,nf4 --ends int8 --output explained
        binade explain --format int4 --ends int8 --ptq aciq
        binade explain --model resnet20-cifar10.safetensors --data cifar10 --format int4:channel:max/int4:tensor:max
      """
  )

  @OptionGroup var models: ModelOptions
  @OptionGroup var formatOptions: FormatOptions
  @OptionGroup var runOptions: RunOptions

  @Option(help: "The format, or several separated by commas.", completion: NameCompletion.quantizers)
  var format: String

  @Option(
    help: "The format of the first and the last layer. Default: the same as the others.",
    completion: NameCompletion.quantizers
  )
  var ends: String?

  @Option(
    help:
      "A recipe of post-training quantization, whose losses are explained; formats alone then. No regret.",
    completion: NameCompletion.recipes
  )
  var ptq: String?

  @Option(
    help: "The format that each layer's sums of products are rounded to. Default: none is.",
    completion: NameCompletion.accumulators
  )
  var accumulator: String?

  @OptionGroup var accumulatorOptions: AccumulatorOptions
  @OptionGroup var layerFormats: LayerFormatOptions
  @OptionGroup var zeroPoints: ZeroPointOptions
  @OptionGroup var rounding: NetworkRoundingOptions

  @Flag(inversion: .prefixedNo, help: "Quantize one layer at a time as well.")
  var sensitivity = true

  @Option(help: "A folder for explanation.json and the plots; made if missing.", completion: .directory)
  var output: String?

  @Flag(help: "Print the figures as JSON instead of tables.")
  var json = false

  func validate() throws {
    try accumulatorOptions.requireLayerAccumulator(accumulator)
    try RecipeText.check(ptq, weights: format, activations: nil, ends: ends)
  }

  func run() throws {
    let console = CommandContext.current.console
    let catalog = try formatOptions.catalog()
    let configurations = try self.configurations(catalog)
    try RecipeText.check(configurations.map(\.1))
    let folder = try output.map { try OutputFolder($0) }
    let experiment = try models.experiment(threads: runOptions.threads)
    var entries: [Explanation.Entry] = []
    var failures: [FailedRun] = []
    for (label, configuration) in configurations {
      do {
        entries.append(try entry(label, configuration, experiment))
      } catch  where FailedRun.concernsFormats(error) {
        failures.append(FailedRun(configuration, label: label, reason: error))
      }
    }
    let explanation = Explanation(
      experiment,
      recipe: try ptq.map { try PostTrainingRecipe(parsing: $0) },
      entries: entries,
      failures: failures
    )
    if json {
      console.write(try JSONDocument.explanation.text(explanation))
    } else {
      for entry in entries { console.write(text(explanation, entry)) }
      for failure in failures { console.write("x \(failure.label): \(failure.failure)") }
    }
    guard failures.isEmpty || !entries.isEmpty else { throw CompareError.noneRan(failures.count) }
    guard let folder else { return }
    try folder.write(try JSONDocument.explanation.text(explanation) + "\n", as: "explanation.json")
    for plot in explanation.plots { try plot.write(to: folder.url) }
    if !json {
      console.write(
        "written: \(folder.names(["explanation.json"] + explanation.plots.flatMap(\.pictureNames)))"
      )
    }
  }

  private func configurations(_ catalog: FormatCatalog) throws -> [(String, Configuration)] {
    let names = format.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    guard !names.isEmpty else { throw ValidationError("--format is empty; name at least one format") }
    let endsPair = try ends.map { try ConfigurationText.ends($0, catalog) }
    return try names.map { name in
      var configuration = try ConfigurationText.body(name, catalog)
      configuration.ends = endsPair
      configuration.layers = try layerFormats.assignment(catalog)
      configuration.recipe = try ptq.map { try PostTrainingRecipe(parsing: $0) }
      configuration.recipeText = ptq
      configuration.accumulator = try accumulatorOptions.layerAccumulator(accumulator, catalog)
      configuration = try rounding.applied(to: zeroPoints.applied(to: configuration))
      return (ptq.map { "\(name), \($0)" } ?? name, configuration)
    }
  }

  private func entry(_ label: String, _ configuration: Configuration, _ experiment: Experiment) throws
    -> Explanation.Entry
  {
    let layers = experiment.model.network.layers.count
    // One of the runs sums in the accumulator.
    if configuration.accumulator != nil,
      let forecast = try experiment.compile(configuration).referenceForecast
    {
      SlowAccumulation.foretell(
        forecast,
        seconds: forecast.seconds(imageCount: experiment.imageCount, threads: runOptions.threads)
      )
    }
    let runs = experiment.attributionRunCount(configuration) + (sensitivity ? layers + 1 : 0)
    let bar = ProgressBar(total: runs * experiment.imageCount, label: label)
    defer { bar.finish() }
    let attribution = try experiment.attribution(of: configuration, progress: bar.advance)
    return Explanation.Entry(
      label: label,
      attribution: attribution,
      sensitivities: sensitivity
        ? try experiment.sensitivities(to: configuration, progress: bar.advance) : nil,
      regrets: ptq == nil ? try experiment.regrets(of: configuration, threads: runOptions.threads) : []
    )
  }

  private func text(_ explanation: Explanation, _ entry: Explanation.Entry) -> String {
    let layers =
      entry.sensitivities == nil && entry.regrets.isEmpty
      ? ""
      : """

      \(explanation.layerTable(entry).text)

      """
    return """
      \(explanation.model.visible()), \(explanation.imageCount) images of \(explanation.data); \(entry.attribution.configuration)

      \(explanation.sourceTable(entry).text)
      \(layers)
      points: top-1 against float32; logits: their signal to quantization noise. Sources: alone, and all others without it\(
        accumulator == nil ? "." : ",\nwithout the accumulator too: parts of errors have no codes to sum. Layers: in exact sums.")
      Layers: one alone quantized; regret of its weights (w) and its input (a): 1 is the best codebook of as many levels.
      \(explanation.leftOut(entry).map { $0 + "\n" } ?? "")
      """
  }
}
