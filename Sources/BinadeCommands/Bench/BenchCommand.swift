import ArgumentParser
import Binade

/// How fast this machine is, against a float32 twin in the same run.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure this machine: products, convolutions, conversions, whole networks, training.",
    discussion: """
      Every row is measured in turn with its float32 twin, sample by sample, so that what else the machine does
      meets both: read the ratio, not the time. 'of peak' compares with float32 multiply-adds on registers,
      measured in the same run on as many threads; integers may do more than one float32 multiply-add does.
      The environment variable BINADE_MAX_ISA limits the instruction sets, in every command: portable (none beyond
      the compiler's baseline), avx2 (with FMA; NEON on ARM) or avx512 (as without it); other values are refused.

      EXAMPLES
        binade bench gemm --size 256 --size 1024 --format int8
        binade bench codec --format float8_e4m3fn --format posit8 --json
      """,
    subcommands: [
      BenchGEMMCommand.self, BenchConvolutionCommand.self, BenchCodecCommand.self,
      BenchNetworkCommand.self, BenchTrainingCommand.self,
    ]
  )
}

/// How samples are taken and shown.
struct BenchOptions: ParsableArguments {
  @Option(help: "Samples per row, in turn with those of the float32 twin.")
  var samples: Int = 10

  @Option(help: "The least time of a sample in seconds; a sample repeats its work until then.")
  var seconds: Double = 0.02

  @Option(help: "Threads.")
  var threads: Int = 1

  @Flag(help: "Print the rows with all samples as JSON.")
  var json = false

  @Flag(
    help: ArgumentHelp(
      "For comparisons with other programs: describe the row in one line of JSON, then take one sample per line of "
        + "standard input and answer with its seconds, until the input ends.",
    )
  )
  var worker = false

  func validate() throws {
    guard (1...100_000).contains(samples) else {
      throw ValidationError("--samples must be 1 to 100000, found \(samples)")
    }
    guard seconds >= 0, seconds <= 3600 else {
      throw ValidationError("--seconds must be 0 to 3600, found \(seconds)")
    }
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads must be 1 to 1024, found \(threads)")
    }
    if json, worker {
      throw ValidationError("--json and --worker are two ways to answer; give one of them")
    }
  }

  /// Measures the rows, or serves as a worker for the only one, and prints what was found.
  func run(_ rows: [BenchRow]) throws {
    let console = CommandContext.current.console
    if worker {
      guard rows.count == 1, let row = rows.first else {
        throw ValidationError("--worker serves one row; these options name \(rows.count)")
      }
      try BenchWorker(options: self).serve(try row.workload(), console: console)
      return
    }
    let bar = ProgressBar(total: rows.count * samples)
    let sampler = BenchSampler(options: self)
    let results = try rows.map { row in
      bar.setLabel(row.name)
      return try sampler.measure(row, progress: bar.advance)
    }
    bar.finish()
    let report = BenchReport(options: self, rows: results, peak: sampler.peak.greatest)
    console.write(json ? try JSONDocument.benchmark.text(report) : report.text)
  }
}
