import ArgumentParser
import Binade

/// Conversions.
struct BenchCodecCommand: ParsableCommand {
  /// What is measured.
  enum Operation: String, ExpressibleByArgument, CaseIterable {
    case encode, decode, roundTrip
  }

  static let configuration = CommandConfiguration(
    commandName: "codec",
    abstract: "Measure conversions of standard normal numbers; the float32 twin copies them.",
    discussion: """
      EXAMPLES
        binade bench codec
        binade bench codec --format float8_e4m3fn --format posit8 --operation encode
        binade bench codec --format bfloat16 --count 65536 --json
      """
  )

  /// Every way to convert: a table, a table with search, the bits of float32.
  static let defaultFormats = [
    "int8", "float8_e4m3fn", "float8_e5m2", "float6_e2m3fn", "float4_e2m1fn", "posit8", "lns4.3", "nf4",
    "bfloat16", "float16", "tf32",
  ]

  @OptionGroup var formatOptions: FormatOptions

  @Option(
    help: "A format; repeatable. Default: \(defaultFormats.count) of all families.",
    completion: NameCompletion.format
  )
  var format: [String] = []

  @Option(help: "encode, decode or roundTrip; repeatable. Default: all three.")
  var operation: [Operation] = []

  @Option(help: "Numbers per run.")
  var count: Int = 1 << 20

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...1 << 28).contains(count) else {
      throw ValidationError("--count must be 1 to \(1 << 28), found \(count)")
    }
  }

  func run() throws {
    let catalog = try formatOptions.catalog()
    let codecs = try (format.isEmpty ? Self.defaultFormats : format).map { name in
      try FormatCodec(try catalog.format(named: name))
    }
    let operations = operation.isEmpty ? Operation.allCases : operation
    let (count, threads) = (count, options.threads)
    try options.run(
      codecs.flatMap { codec in
        operations.map { operation in
          BenchRow(
            name: "\(operation.rawValue) \(count)",
            format: codec.info.name,
            workload: {
              BenchConversions.workload(operation, codec, count: count, threads: threads)
            },
            twin: { BenchConversions.copy(count: count, threads: threads) }
          )
        }
      }
    )
  }
}
