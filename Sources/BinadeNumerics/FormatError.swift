/// Why a format cannot be used.
public enum FormatError: Error, Sendable, Hashable {
  case needsClosedForm(format: String, bitWidth: Int)
  case duplicateValue(format: String, value: Double, codes: [UInt32])
  case tooFewValues(format: String, count: Int)
  case valueOutOfRange(format: String, code: UInt32, value: Double)
  case invalidParameter(format: String, parameter: String, found: String, allowed: String)
}

extension FormatError: CustomStringConvertible {
  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .needsClosedForm(let format, let bitWidth):
      "format '\(format)' has \(bitWidth) bits; values are enumerated for 1 to 16 bits, wider formats "
        + "must supply makeLadder()"
    case .duplicateValue(let format, let value, let codes):
      "format '\(format)' gives the value \(value) to more than one code: "
        + codes.map { "0x" + String($0, radix: 16) }.joined(separator: ", ")
    case .tooFewValues(let format, let count):
      "format '\(format)' has \(count) finite value\(count == 1 ? "" : "s"); at least 2 are needed"
    case .valueOutOfRange(let format, let code, let value):
      "format '\(format)' decodes 0x\(String(code, radix: 16)) to \(value); magnitudes must lie between "
        + "2^-960 and 2^960"
    case .invalidParameter(let format, let parameter, let found, let allowed):
      "format '\(format)': '\(parameter)' is \(found); allowed: \(allowed)"
    }
  }
}
