/// Integers: two's complement, or unsigned.
public struct IntegerFormat: NumericFormat {
  /// Which codes encoding may produce.
  public enum Range: String, Sendable, Hashable, CaseIterable {
    /// All codes: -128 ... 127 for int8.
    case full
    /// Without the most negative one, symmetric around zero: -127 ... 127 for int8.
    case narrow
    /// Odd integers on both sides of zero, which is none of them: 2c + 1 for code c, -15 ... 15 for 4 bits. Over their greatest value
    /// the levels of a mid-rise quantizer from -1 to 1.
    case midrise
  }

  /// Name, width and origin.
  public let info: FormatInfo
  /// Two's complement when true, else from 0 to 2^bitWidth - 1.
  public let isSigned: Bool
  /// Full, narrow or mid-rise; unsigned integers are full.
  public let range: Range

  /// Creates an integer format.
  ///
  /// Throws ``FormatError/invalidParameter(format:parameter:found:allowed:)`` for widths outside 1 ... 16 and for
  /// a range other than full without a sign, and a narrow one of fewer than 2 bits.
  public init(info: FormatInfo, isSigned: Bool, range: Range = .full) throws(FormatError) {
    guard (1...16).contains(info.bitWidth) else {
      throw .invalidParameter(
        format: info.name,
        parameter: "bitWidth",
        found: "\(info.bitWidth)",
        allowed: "1 to 16"
      )
    }
    guard range == .full || (isSigned && (info.bitWidth >= 2 || range == .midrise)) else {
      throw .invalidParameter(
        format: info.name,
        parameter: "range",
        found: range.rawValue,
        allowed: "full; narrow needs a sign and at least 2 bits, midrise a sign"
      )
    }
    self.info = info
    self.isSigned = isSigned
    self.range = range
  }

  /// The value of a code.
  public func decode(_ code: UInt32) -> Double {
    let integer = isSigned ? code.signExtended(from: bitWidth) : Int64(code)
    return Double(range == .midrise ? 2 * integer + 1 : integer)
  }

  /// Whether encoding may produce a code.
  public func isEncodable(_ code: UInt32) -> Bool {
    range != .narrow || code != 1 << UInt32(bitWidth - 1)
  }
}

extension UInt32 {
  /// The low `width` bits read as two's complement.
  func signExtended(from width: Int) -> Int64 {
    let value = Int64(self)
    return value >> (width - 1) & 1 == 1 ? value - (1 << width) : value
  }
}
