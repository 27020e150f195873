import ArgumentParser
import Binade

/// Whole networks.
struct BenchNetworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "network",
    abstract: "Measure a network end to end: from the bytes of images to the ranks of their classes.",
    discussion: """
      Quantizers as in 'binade evaluate'. All images are one run; --limit makes it shorter.

      EXAMPLES
        binade bench network --weights int8 --activations int8
        binade bench network --model resnet20-cifar10.safetensors --data cifar10 --limit 512 --json
      """
  )

  @OptionGroup var models: ModelOptions
  @OptionGroup var formatOptions: FormatOptions

  @Option(help: "The quantizer of the weights.")
  var weights: String?

  @Option(help: "The quantizer of the layers' inputs.")
  var activations: String?

  @Option(help: "The quantizer of weights and inputs of the first and the last layer.")
  var ends: String?

  @OptionGroup var options: BenchOptions

  func run() throws {
    let configuration = try ConfigurationText.configuration(
      weights: weights,
      activations: activations,
      ends: ends,
      try formatOptions.catalog()
    )
    let experiment = try models.experiment(threads: options.threads)
    let format = "\(weights ?? BenchFormat.float32Name)/\(activations ?? BenchFormat.float32Name)"
    let isFloat32 = weights == nil && activations == nil && ends == nil
    try options.run([
      BenchRow(
        name: "\(experiment.model.name), \(experiment.imageCount) images",
        format: isFloat32 ? BenchFormat.float32Name : format,
        workload: { try BenchWorkloads.network(experiment, configuration) },
        twin: isFloat32 ? nil : { try BenchWorkloads.network(experiment, Configuration()) }
      )
    ])
  }
}
