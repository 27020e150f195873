import ArgumentParser
import Binade

/// Whole networks.
struct BenchNetworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "network",
    abstract: "Measure a network end to end: from the bytes of images to the ranks of their classes.",
    discussion: """
      Quantizers as in 'binade evaluate'. All images are one run; --limit makes it shorter. --random-weights needs
      neither a model nor images: an architecture with drawn weights on a batch of drawn images, in float32.

      EXAMPLES
        binade bench network --weights int8 --activations int8
        binade bench network --model resnet20-cifar10.safetensors --data cifar10 --limit 512 --json
        binade bench network --weights int4 --activations int4 --ends int8 --ptq best
        binade bench network --random-weights resnet50 --batch 8 --samples 3
      """
  )

  @OptionGroup var models: ModelOptions
  @OptionGroup var formatOptions: FormatOptions

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
    help: "A recipe of post-training quantization that makes the network, as in 'binade evaluate'.",
    completion: NameCompletion.recipes
  )
  var ptq: String?

  @Option(
    help: "An architecture to run with drawn weights, in float32: resnet20-cifar, resnet50.",
    completion: NameCompletion.architecture
  )
  var randomWeights: String?

  @Option(help: "The images of a batch, with --random-weights.")
  var batch: Int?

  @OptionGroup var options: BenchOptions

  func validate() throws {
    if let batch, !(1...65_536).contains(batch) {
      throw ValidationError("--batch must be 1 to 65536, found \(batch)")
    }
    if batch != nil, randomWeights == nil {
      throw ValidationError(
        "--batch needs --random-weights; --limit says how many images of a data set are run"
      )
    }
    try RecipeText.check(ptq, weights: weights, activations: activations, ends: ends)
    if randomWeights != nil,
      models.model != nil || models.architecture != nil || models.limit != nil || weights != nil
        || activations != nil || ends != nil
    {
      throw ValidationError("--random-weights runs float32 on drawn images; only --batch goes with it")
    }
  }

  func run() throws {
    if let randomWeights {
      let architecture = try ArchitectureName.resolve(randomWeights)
      let batch = batch ?? 1
      try options.run([
        BenchRow(
          name: "\(randomWeights), batch \(batch)",
          format: BenchFormat.float32Name,
          workload: { BenchWorkloads.network(architecture, batch: batch) },
          twin: nil
        )
      ])
      return
    }
    var configuration = try ConfigurationText.configuration(
      weights: weights,
      activations: activations,
      ends: ends,
      try formatOptions.catalog()
    )
    configuration.recipe = try ptq.map { try PostTrainingRecipe(parsing: $0) }
    configuration.recipeText = ptq
    try configuration.checkRecipe()
    let experiment = try models.experiment(threads: options.threads)
    let format = "\(weights ?? BenchFormat.float32Name)/\(activations ?? BenchFormat.float32Name)"
    let isFloat32 = weights == nil && activations == nil && ends == nil
    try options.run([
      BenchRow(
        name: "\(experiment.model.name), \(experiment.imageCount) images",
        format: isFloat32 ? BenchFormat.float32Name : ptq.map { "\(format), \($0)" } ?? format,
        workload: { try BenchWorkloads.network(experiment, configuration) },
        twin: isFloat32 ? nil : { try BenchWorkloads.network(experiment, Configuration()) }
      )
    ])
  }
}
