import ArgumentParser
import Binade
import Foundation

extension RoundingRule: ExpressibleByArgument {}
extension OverflowRule: ExpressibleByArgument {}
extension Dialect: ExpressibleByArgument {}
extension ScaleRule: ExpressibleByArgument {}

/// Options of the commands that convert files.
struct ConversionOptions: ParsableArguments {
  @Option(help: "The format: a name, or the path of a definition file.")
  var format: String

  @Option(help: "How values between two neighbours are rounded.")
  var rounding: RoundingRule = .nearestEven

  @Option(help: "What becomes of values beyond the range: ieee, saturate or wrap. Default: ieee.")
  var overflow: OverflowRule?

  @Option(help: "Overflow, infinity and NaN as a standard or library has them ('binade formats dialects').")
  var dialect: Dialect?

  @Option(help: "The file to read: raw little-endian, or .npy.")
  var input: String

  @Option(help: "The file to write.")
  var output: String

  func validate() throws {
    if overflow != nil, dialect != nil {
      throw ValidationError("--overflow and --dialect say the same thing; give one of them")
    }
  }

  /// Rounding and what lies beyond the range.
  var policy: ConversionPolicy {
    ConversionPolicy(rounding: rounding, overflow: overflow ?? .ieee, dialect: dialect)
  }

  /// Compiles the codec.
  func codec(_ formats: FormatOptions) throws -> FormatCodec {
    try FormatCodec(try formats.catalog().format(named: format), policy: policy)
  }

  /// Refuses NaNs that the format has no code for and the dialect has no rule for.
  func requireCodesForNaN(_ nanCount: Int, _ codec: FormatCodec) throws {
    guard nanCount > 0, codec.reference.ladder.specials.nan == nil, policy.refusesMissingNaN else {
      return
    }
    throw ConversionError.nanWithoutCode(path: input, format: codec.info.name, count: nanCount)
  }
}

/// Why a file cannot be converted.
enum ConversionError: Error, Equatable, CustomStringConvertible {
  case nanWithoutCode(path: String, format: String, count: Int)
  case codeOutOfRange(path: String, format: String, index: Int, code: UInt32, bitWidth: Int)
  case invalidScale(found: Float)

  var description: String {
    switch self {
    case .nanWithoutCode(let path, let format, let count):
      "\(path): \(count) NaN\(count == 1 ? "" : "s"), and '\(format)' has none; nothing was written"
    case .codeOutOfRange(let path, let format, let index, let code, let bitWidth):
      "\(path): element \(index) is 0x\(String(code, radix: 16)); codes of '\(format)' have \(bitWidth) bits"
    case .invalidScale(let found):
      "--scale must be a positive finite number, found \(found)"
    }
  }
}

/// Elements converted at a time: 1 MB of floats.
let conversionChunk = 1 << 18
