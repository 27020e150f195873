import ArgumentParser
import Binade
import Foundation

/// One configuration on one network, in detail.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Run one configuration of formats on a network: accuracy, cost, error layer by layer.",
    discussion: """
      A quantizer is FORMAT[:GRANULARITY[:CALIBRATION[:ROUNDING]]].
        granularity  tensor, channel (default: channel for weights, tensor for activations)
        calibration  max, mse (default), percentile, percentile99.99; for evenly spaced values also octav, kl
        rounding     nearestEven (default), nearestAway, towardZero, awayFromZero, up, down, toOdd,
                     stochastic
      Of a block format (mxfp8_e4m3, nvfp4, ...) it is FORMAT[:SCALES[:ROUNDING]], with scales by the greatest magnitude
      (max, default), for powers of two by floor, ceil, rceil or even, or by the least error: mse, four-over-six. Blocks
      lie along the input channels of a pixel or of a kernel position; scales of activations are found as they come.
      What is left out stays float32.

      With --accumulator each layer sums the products of the values that codes stand for, before scales, in that
      format, in the order (kernel row, kernel column, channel); scales, bias and residual follow in float32.
      \(AccumulatorHelp.text)

      With --ptq a recipe of post-training quantization finds ranges, bits per channel and rounded weights; quantizers are
      formats alone. naive, mse, adaround, descent and best take every format of up to 16 bits, blocks included; zero points,
      bits per channel and analytic clipping are for evenly spaced formats of 2 to 8 bits. Recipes: naive, aciq,
      aciq+alloc+bias, best, or parts joined by '+':
      \(RecipeText.parts)

      EXAMPLES
        binade evaluate
        binade evaluate --ptq aciq+alloc+bias --weights int4 --activations int4 --ends int8
        binade evaluate --weights int8:channel:max --activations int8:tensor:max
        binade evaluate --model resnet20-cifar10.safetensors --data cifar10 \\
          --weights int4 --activations int4 --ends int8 --json
        binade evaluate --weights float8_e4m3fn --activations float8_e4m3fn --accumulator bfloat16 --explain
        binade evaluate --weights int8 --activations int8 --accumulator q15.16:wrap
        binade evaluate --weights int4 --activations int4 --layer 'layer1.*=int8' --layer linear=float32
        binade evaluate --weights float8_e4m3fn --activations float8_e4m3fn --accumulator hopper_float8
      """
  )

  @OptionGroup var models: ModelOptions
  @OptionGroup var formatOptions: FormatOptions
  @OptionGroup var runOptions: RunOptions

  @Option(help: "The quantizer of the weights.", completion: NameCompletion.quantizers)
  var weights: String?

  @Option(help: "The quantizer of the layers' inputs.", completion: NameCompletion.quantizers)
  var activations: String?

  @Option(
    help: "The quantizer of weights and inputs of the first and the last layer.",
    completion: NameCompletion.quantizers
  )
  var ends: String?

  @Option(
    help: "A recipe of post-training quantization: naive, aciq, aciq+alloc+bias, best, or other parts.",
    completion: NameCompletion.recipes
  )
  var ptq: String?

  @Option(
    help: """
      With --ptq: ranges of inputs from each batch of so many evaluated images itself, instead of calibration images.
      """
  )
  var onlineBatch: Int?

  @Option(
    help: """
      The format that each layer's sums of products are rounded to; 'exact' for one rounding at the end; 'logarithmic', \
      for formats of signed powers of one base: exponents add, sums in float32; or a matrix unit. Default: the cheapest \
      arithmetic of integers, or float32.
      """,
    completion: NameCompletion.accumulators
  )
  var accumulator: String?

  @OptionGroup var accumulatorOptions: AccumulatorOptions
  @OptionGroup var layerFormats: LayerFormatOptions
  @OptionGroup var zeroPoints: ZeroPointOptions
  @OptionGroup var rounding: NetworkRoundingOptions
  @OptionGroup var arrays: NetworkArrayOptions

  @Option(help: "A folder for results.json and layers.csv; made if missing.")
  var output: String?

  @Flag(help: "Print which arithmetic carries out each layer, and why.")
  var explain = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    try accumulatorOptions.requireLayerAccumulator(accumulator)
    if onlineBatch != nil { try arrays.refuse(with: "--online-batch") }
    if let onlineBatch {
      guard ptq != nil else { throw ValidationError("--online-batch needs --ptq") }
      guard onlineBatch >= 1 else {
        throw ValidationError("--online-batch must be at least 1, found \(onlineBatch)")
      }
    }
    try RecipeText.check(
      ptq,
      weights: weights,
      activations: activations,
      ends: ends
    )
    guard let accumulator, weights == nil || activations == nil else { return }
    throw ValidationError(
      "--accumulator \(accumulator) sums products of codes: give --weights and --activations"
    )
  }

  @Option(
    help: "Keep the result in this store as well (see 'binade study --help').",
    completion: .file(extensions: ["sqlite"])
  )
  var store: String?

  func run() throws {
    let console = CommandContext.current.console
    let catalog = try formatOptions.catalog()
    var configuration = try ConfigurationText.configuration(
      weights: weights,
      activations: activations,
      ends: ends,
      catalog
    )
    configuration.accumulator = try accumulatorOptions.layerAccumulator(accumulator, catalog)
    configuration.layers = try layerFormats.assignment(catalog)
    configuration.recipe = try ptq.map { try PostTrainingRecipe(parsing: $0) }
    configuration.recipeText = ptq
    configuration.onlineBatchSize = onlineBatch
    configuration = try rounding.applied(to: zeroPoints.applied(to: configuration))
    try configuration.checkRecipe()
    let asksForNothing =
      [weights, activations, ends, accumulator, ptq].allSatisfy { $0 == nil } && configuration.layers.isEmpty
    let folder = try output.map { try OutputFolder($0) }
    let results = try store.map { try ResultStore($0, for: .writing) }
    let experiment = try models.experiment(threads: runOptions.threads)
    if asksForNothing, let trained = try Configuration(trained: experiment.model, catalog: catalog) {
      configuration = trained
      console.writeError(
        "note: run with the quantizers that it was trained with; --weights float32 runs it without"
      )
    }
    let timer = RunTimer(threads: runOptions.threads)
    let result = try RecipeText.run(configuration, experiment) { network in
      try arrays.write(network, experiment)
    }
    try results?.add(StoredRun(result, configuration, experiment, timer))
    for note in result.notes + EvaluationText.accumulatorNotes(of: result) {
      console.writeError("note: \(note)")
    }
    if json {
      console.write(try JSONDocument.evaluation.text(result))
    } else {
      console.write(EvaluationText.summary(of: result))
      console.write(EvaluationText.layers(of: result).text)
      if explain { console.write("\n" + EvaluationText.datapaths(of: result).text) }
      let remarks = EvaluationText.remarks(on: result)
      if !remarks.isEmpty { console.write("\n" + remarks.joined(separator: "\n")) }
    }
    if let folder {
      try folder.write(try JSONDocument.evaluation.text(result) + "\n", as: "results.json")
      try folder.write(EvaluationText.csv(of: result), as: "layers.csv")
      if !json { console.write("\nwritten: \(folder.names(["results.json", "layers.csv"]))") }
    }
  }
}

/// One result in words.
enum EvaluationText {
  static func summary(of result: EvaluationResult) -> String {
    func percent(_ value: Double) -> String { String(format: "%.2f", 100 * value) }
    func giga(_ value: Int?) -> String {
      value.map { String(format: "%.9f G", Double($0) / 1e9) } ?? "- (more than 16 bits)"
    }
    let test = result.mcNemar
    var lines = [
      "model        \(result.model.visible())",
      "data         \(result.imageCount) images of \(result.data)",
      "weights      \(result.weights)",
      "activations  \(result.activations)",
    ]
    if let ends = result.ends { lines.append("ends         \(ends)") }
    if let layers = result.assignment { lines.append("layers       \(layers)") }
    if let recipe = result.recipe { lines.append("recipe       \(recipe)") }
    if let accumulator = result.provenance.accumulator { lines.append("accumulator  \(accumulator)") }
    lines += [
      "calibration  \(result.provenance.calibrationImages)",
      "",
      "top-1        \(percent(result.top1Accuracy)) %  (95 %: \(percent(result.top1Interval.lower)) to "
        + "\(percent(result.top1Interval.upper)))",
      "top-5        \(percent(result.top5Accuracy)) %  (95 %: \(percent(result.top5Interval.lower)) to "
        + "\(percent(result.top5Interval.upper)))",
      "change       \(String(format: "%+.2f", 100 * result.top1Change)) points against float32; "
        + "only float32 right \(test.onlyFirst), only this right \(test.onlySecond), "
        + (test.pValue > 0 ? "p = \(String(format: "%.3g", test.pValue))" : "p < 1e-300"),
    ]
    lines += OutputText.lines(result.outputs)
    lines += [
      "",
      "MACs         \(result.cost.multiplyAccumulateCount)",
      "AQT quadratic \(giga(result.cost.aqtQuadratic))",
      "AQT linear   \(giga(result.cost.aqtLinear))",
      "BitOPs       \(giga(result.cost.bitOperations))",
      "weights      \(result.cost.weightCount), \(result.cost.weightMemoryBits / 8) bytes, scales "
        + "\(result.cost.scaleMemoryBits / 8) bytes",
      "",
    ]
    return lines.joined(separator: "\n")
  }

  static func layers(of result: EvaluationResult) -> TextTable {
    var table = TextTable(columns: [
      .init("layer", .left), .init("MACs"), .init("MSE w"), .init("SQNR w dB"), .init("sat. w"),
      .init("to 0 w"), .init("MSE a"), .init("SQNR a dB"), .init("sat. a"), .init("to 0 a"),
      .init("not finite"), .init("zero point"),
    ])
    for layer in result.layers {
      table.append(
        [layer.name, "\(layer.multiplyAccumulateCount)"] + cells(layer.weights)
          + cells(layer.activations) + [notFinite(layer), zeroPoint(layer)]
      )
    }
    return table
  }

  private static func cells(_ error: EvaluationResult.TensorError?) -> [String] {
    guard let error else { return ["-", "-", "-", "-"] }
    return [
      String(format: "%.3g", error.meanSquaredError),
      error.signalToQuantizationNoiseInDecibels.map { String(format: "%.1f", $0) } ?? "-",
      "\(error.saturatedCount)", "\(error.underflowedCount)",
    ]
  }

  static func datapaths(of result: EvaluationResult) -> TextTable {
    var table = TextTable(columns: [
      .init("layer", .left), .init("datapath", .left), .init("kernel", .left), .init("why", .left),
    ])
    for layer in result.layers {
      let shift = layer.activations.map(\.zeroPoint) ?? 0
      let reasons =
        [layer.datapathReason] + (layer.accumulatorWarnings ?? [])
        + (shift == 0 ? [] : ["codes of the input are shifted by the zero point \(shift)"])
      table.append([layer.name, layer.datapath.rawValue, layer.kernel, reasons.joined(separator: "; ")])
    }
    return table
  }

  /// What is too narrow about the accumulator: the first layer of that kind.
  static func accumulatorNotes(of result: EvaluationResult) -> [String] {
    func note(_ layers: [EvaluationResult.LayerResult], _ text: (EvaluationResult.LayerResult) -> String)
      -> [String]
    {
      guard let first = layers.first else { return [] }
      let others = layers.count == 1 ? "" : " (and \(layers.count - 1) more layers; see --explain)"
      return ["\(first.name): \(text(first))\(others)"]
    }
    let narrow = result.layers.filter { $0.accumulatorWarnings?.isEmpty == false }
    return note(narrow) { ($0.accumulatorWarnings ?? []).joined(separator: "; ") }
  }
}
