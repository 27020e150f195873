import ArgumentParser
import Binade

/// Training, step by step and pass by pass.
struct BenchTrainingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "training",
    abstract:
      "Measure training: a whole step on drawn images, each fusion against its twin, and the products.",
    discussion: """
      A step is forward, loss, backward and update. Its twin takes all that rides on products as passes of its own
      over maps in memory; in bfloat16, or quantized, it is the step in float32. Rows 'step with ...' show what one
      fusion gains: batch norm's sums where products finish (moments), batch norm and ReLU where the next layer reads
      (normalization), the gradient of raw sums where products read it (gradient fill), ReLU's mask and batch norm's
      sums where gradients finish (gradient finish). The products are those of all layers, without the passes
      around them.

      EXAMPLES
        binade bench training --threads 2
        binade bench training --precision bfloat16 --threads 2
        binade bench training --weights int4 --activations int4 --ends int8 --qat lsq --step-only
        binade bench training --model resnet20-cifar --batch 128 --threads 2 --step-only --json
      """
  )

  @Option(help: "The architecture.", completion: NameCompletion.architecture)
  var model: String = "resnet20-cifar"

  @Option(help: "Images of a step.")
  var batch: Int = 128

  @Option(help: "What products take: float32 or bfloat16.")
  var precision: String = ProductPrecision.float32.rawValue

  @OptionGroup(title: "Quantization-Aware Training") var quantization: TrainingQuantizationOptions

  @Flag(help: "Measure the step alone, without the products.")
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
    guard let precision = ProductPrecision(rawValue: precision) else {
      throw ValidationError("--precision must be float32 or bfloat16, found '\(self.precision)'")
    }
    let isFloat = precision == .float32
    let settings = quantization.settings
    let catalog = try settings.isEmpty ? nil : FormatCatalog()
    let formats = [quantization.weights, quantization.activations].map { $0 ?? "float32" }
    let step = BenchRow(
      name: "step of \(model), batch \(batch)",
      format: catalog == nil ? precision.rawValue : formats.joined(separator: "/"),
      workload: {
        try BenchTraining.step(
          architecture,
          precision,
          settings: settings,
          catalog,
          batch: batch,
          threads: threads
        )
      },
      twin: options.worker || (stepOnly && isFloat && catalog == nil)
        ? nil
        : {
          let fusions: TrainingFusions = isFloat && catalog == nil ? [] : .all
          return try BenchTraining.step(architecture, batch: batch, threads: threads, fusions: fusions)
        }
    )
    guard !stepOnly, !options.worker else { return try options.run([step]) }
    let products = BenchTraining.Product.allCases.map { product in
      BenchRow(
        name: "\(product.rawValue), batch \(batch)",
        format: precision.rawValue,
        workload: {
          BenchTraining.products(product, architecture, precision, batch: batch, threads: threads)
        },
        twin: isFloat
          ? nil : { BenchTraining.products(product, architecture, .float32, batch: batch, threads: threads) }
      )
    }
    let fusions = catalog == nil ? fusionRows(architecture, precision) : []
    try options.run([step] + fusions + products)
  }

  /// The step beside itself without each of its fusions.
  private func fusionRows(_ architecture: any Architecture, _ precision: ProductPrecision) -> [BenchRow] {
    let (batch, threads) = (batch, options.threads)
    return TrainingFusions.each.map { name, fusion in
      BenchRow(
        name: "step with \(name)",
        format: precision.rawValue,
        workload: { try BenchTraining.step(architecture, precision, batch: batch, threads: threads) },
        twin: {
          let fusions = TrainingFusions.all.subtracting(fusion)
          return try BenchTraining.step(
            architecture,
            precision,
            batch: batch,
            threads: threads,
            fusions: fusions
          )
        }
      )
    }
  }
}
