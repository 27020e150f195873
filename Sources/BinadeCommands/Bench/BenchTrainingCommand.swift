import ArgumentParser
import Binade

/// Training, step by step and pass by pass.
struct BenchTrainingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "training",
    abstract: "Measure training: a whole step on drawn images, its unfused twin, and each product by itself.",
    discussion: """
      A step is batch, forward, loss, backward and update. Its twin takes batch norm's sums, its normalization and its
      gradient as passes of their own over maps in memory; the products are those of the network's layers, forward, of
      the inputs' gradients and of the weights', without the passes around them, beside the forward one.

      EXAMPLES
        binade bench training --threads 2
        binade bench training --model resnet20-cifar --batch 128 --threads 2 --step-only --json
      """
  )

  @Option(help: "The architecture.", completion: NameCompletion.architecture)
  var model: String = "resnet20-cifar"

  @Option(help: "Images of a step.")
  var batch: Int = 128

  @Flag(help: "Measure the step alone, without its twin and the products.")
  var stepOnly = false

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...65_536).contains(batch) else {
      throw ValidationError("--batch must be 1 to 65536, found \(batch)")
    }
  }

  func run() throws {
    let architecture = try ArchitectureName.resolve(model)
    let (batch, threads) = (batch, options.threads)
    let step = BenchRow(
      name: "step of \(model), batch \(batch)",
      format: BenchFormat.float32Name,
      workload: { try BenchTraining.step(architecture, batch: batch, threads: threads, isFused: true) },
      twin: stepOnly || options.worker
        ? nil : { try BenchTraining.step(architecture, batch: batch, threads: threads, isFused: false) }
    )
    guard !stepOnly, !options.worker else { return try options.run([step]) }
    let products = BenchTraining.Product.allCases.map { product in
      BenchRow(
        name: "\(product.rawValue), batch \(batch)",
        format: BenchFormat.float32Name,
        workload: { BenchTraining.products(product, architecture, batch: batch, threads: threads) },
        twin: product == .forward
          ? nil : { BenchTraining.products(.forward, architecture, batch: batch, threads: threads) }
      )
    }
    try options.run([step] + products)
  }
}
