import ArgumentParser
import Binade
import Foundation

extension RoundingRule: ExpressibleByArgument {}
extension OverflowRule: ExpressibleByArgument {}
extension Dialect: ExpressibleByArgument {}

/// Options of the commands that convert files.
struct ConversionOptions: ParsableArguments {
  @Option(help: "The format: a name, or the path of a definition file.", completion: NameCompletion.format)
  var format: String

  @Option(
    help: ArgumentHelp(
      "How values between two neighbours are rounded: \(RoundingChoice.names.joined(separator: ", "))."
    ),
    completion: .list(RoundingChoice.names),
    transform: RoundingChoice.init(named:)
  )
  var rounding: RoundingChoice = .rule(.nearestEven)

  @OptionGroup var stochastic: StochasticOptions

  @Option(help: "With --rounding stochastic: the seed of the random words. Default: 0.")
  var seed: UInt64?

  @Option(help: "What becomes of values beyond the range: ieee, saturate or wrap. Default: ieee.")
  var overflow: OverflowRule?

  @Option(help: "Overflow, infinity and NaN as a standard or library has them ('binade formats dialects').")
  var dialect: Dialect?

  @Option(help: "The file to read: raw little-endian, or .npy; - for standard input.", completion: .file())
  var input: String

  func validate() throws {
    if overflow != nil, dialect != nil {
      throw ValidationError("--overflow and --dialect say the same thing; give one of them")
    }
    try stochastic.requireStochastic(rounding == .stochastic)
    if rounding == .stochastic {
      _ = try stochastic.rounding()
    } else if seed != nil {
      throw ValidationError("--seed needs --rounding stochastic")
    }
  }

  /// Rounding and what lies beyond the range, of a deterministic rounding.
  func policy() throws -> ConversionPolicy {
    guard let rule = rounding.rule else {
      throw ValidationError("--rounding stochastic is for 'encode' and 'quantize' of single elements")
    }
    return ConversionPolicy(rounding: rule, overflow: overflow ?? .ieee, dialect: dialect)
  }

  /// Compiles the codec of a deterministic rounding.
  func codec(_ formats: FormatOptions) throws -> FormatCodec {
    try FormatCodec(try formats.catalog().format(named: format), policy: try policy())
  }

  /// Counts NaNs, which are refused where the format has no code and the dialect no rule for them.
  func missingNaN(_ codec: FormatCodec) -> MissingNaN {
    MissingNaN(
      path: input,
      format: codec.info.name,
      isRefused: codec.reference.ladder.specials.nan == nil && codec.policy.refusesMissingNaN
    )
  }

  /// How elements of blocks are rounded, other choices refused.
  func blockRounding(_ format: BlockFormat) throws -> RoundingRule {
    guard let rule = rounding.rule else {
      throw ValidationError(
        "--rounding stochastic is for formats of single elements; '\(format.name)' is a block format"
      )
    }
    guard overflow == nil || overflow == .saturate, dialect == nil else {
      throw ValidationError(
        "--overflow and --dialect are for formats of single elements; those of '\(format.name)' saturate"
      )
    }
    return rule
  }

  /// The conversion with random words; nil when the rounding is deterministic.
  func stochasticConversion(_ formats: FormatOptions, limit: Int?) throws -> StochasticConversion? {
    guard rounding == .stochastic else { return nil }
    return StochasticConversion(
      codec: try StochasticCodec(
        try formats.catalog().format(named: format),
        rounding: try stochastic.rounding(),
        overflow: overflow ?? .ieee,
        dialect: dialect
      ),
      words: CounterGenerator(seed: seed ?? 0),
      input: input,
      limit: limit,
      refusesNaN: dialect.map { $0.missingNaN == .error } ?? true
    )
  }
}

/// Why a file cannot be converted.
enum ConversionError: Error, Equatable, CustomStringConvertible {
  case nanWithoutCode(path: String, format: String, count: Int)
  case nanInStream(path: String, format: String)
  case codeOutOfRange(path: String, format: String, index: Int, code: UInt32, bitWidth: Int)
  case invalidScale(found: Float)

  var description: String {
    switch self {
    case .nanWithoutCode(let path, let format, let count):
      "\(path): \(count) NaN\(count == 1 ? "" : "s"), and '\(format)' has none; nothing was written"
    case .nanInStream(let path, let format):
      "\(path): NaN, and '\(format)' has none; what was written before it cannot be taken back"
    case .codeOutOfRange(let path, let format, let index, let code, let bitWidth):
      "\(path): element \(index) is 0x\(String(code, radix: 16)); codes of '\(format)' have \(bitWidth) bits"
    case .invalidScale(let found):
      "--scale must be a positive normal float32 number, found \(found)"
    }
  }
}

/// Elements converted at a time: 1 MB of floats.
let conversionChunk = 1 << 18
