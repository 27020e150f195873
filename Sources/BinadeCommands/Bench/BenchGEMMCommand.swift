import ArgumentParser
import Binade

/// Matrix products.
struct BenchGEMMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gemm",
    abstract: "Measure matrix products: activations times weights; weights of formats are packed before.",
    discussion: """
      Weights of formats, and those of the float32 twin of such a row, are packed before the run, as in a layer. A row
      of float32 packs both operands in the run, as BLAS does, and so do rows with --accumulator and their twins.

      EXAMPLES
        binade bench gemm
        binade bench gemm --size 512 --format float32 --format int8
        binade bench gemm --shape 64x576x3136 --weights int4 --activations int8 --json
        binade bench gemm --size 512 --format float8_e4m3fn --accumulator bfloat16,float16,exact
        binade bench gemm --size 512 --format lns4.3 --accumulator logarithmic
      """
  )

  @OptionGroup var formats: BenchFormatOptions
  @OptionGroup var accumulators: BenchAccumulatorOptions

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
    let sums = try accumulators.accumulators(formats.catalogOptions.catalog())
    // Before anything is measured.
    for pair in pairs {
      for sum in sums ?? [] { try sum.requireFit(pair) }
    }
    try options.run(
      sizes.flatMap { sizes in
        pairs.flatMap { pair in sums?.map { row(sizes, pair, $0) } ?? [row(sizes, pair)] }
      }
    )
  }

  private func row(_ sizes: MatrixSizes, _ pair: BenchFormatPair) -> BenchRow {
    BenchRow(
      name: sizes.name,
      format: pair.name,
      workload: { [options] in try BenchWorkloads.product(sizes, pair, threads: options.threads) },
      twin: pair.isFloat32
        ? nil
        : { [options] in
          // Packed before where the row's are: of two formats other than float32.
          let packsWeights = pair.weights.format == nil || pair.activations.format == nil
          return try BenchWorkloads.product(
            sizes,
            .float32,
            packsWeights: packsWeights,
            threads: options.threads
          )
        }
    )
  }

  private func row(_ sizes: MatrixSizes, _ pair: BenchFormatPair, _ accumulator: BenchAccumulator) -> BenchRow
  {
    BenchRow(
      name: sizes.name,
      format: accumulator.name(of: pair),
      workload: { [options] in
        try BenchWorkloads.product(sizes, pair, accumulator, threads: options.threads)
      },
      twin: { [options] in try BenchWorkloads.product(sizes, .float32, threads: options.threads) }
    )
  }
}
