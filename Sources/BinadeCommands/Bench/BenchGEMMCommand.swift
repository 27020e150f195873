import ArgumentParser
import Binade

/// Matrix products.
struct BenchGEMMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gemm",
    abstract: "Measure matrix products: activations times weights; weights of formats are packed before.",
    discussion: """
      EXAMPLES
        binade bench gemm
        binade bench gemm --size 512 --format float32 --format int8
        binade bench gemm --shape 64x576x3136 --weights int4 --activations int8 --json
      """
  )

  @OptionGroup var formats: BenchFormatOptions

  @Option(
    parsing: .unconditionalSingleValue,
    help: "Rows, depth and columns at once; repeatable. Default: 256 and 1024."
  )
  var size: [Int] = []

  @Option(help: "ROWSxDEPTHxCOLUMNS; repeatable.")
  var shape: [String] = []

  @OptionGroup var options: BenchOptions

  func run() throws {
    let isDefault = size.isEmpty && shape.isEmpty
    let sizes =
      try (isDefault ? [256, 1024] : size).map { try MatrixSizes(square: $0) }
      + shape.map { try MatrixSizes($0) }
    let pairs = try formats.pairs()
    let threads = options.threads
    try options.run(
      sizes.flatMap { sizes in
        pairs.map { pair in
          BenchRow(
            name: sizes.name,
            format: pair.name,
            workload: { try BenchWorkloads.product(sizes, pair, threads: threads) },
            twin: pair.isFloat32
              ? nil : { try BenchWorkloads.product(sizes, .float32, threads: threads) }
          )
        }
      }
    )
  }
}
