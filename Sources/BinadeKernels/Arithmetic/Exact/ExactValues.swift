import BinadeNumerics

/// One value as an odd integer times a power of two, or as what is no number.
struct ExactPart: Sendable, Hashable {
  /// The odd integer; 0 for zeros and for what is no finite number.
  let significand: Int64
  /// The power of two; 0 with a significand of 0.
  let exponent: Int
  /// NaN or an infinity; 0 for finite values.
  let special: Double

  /// Takes a Double apart, exactly.
  init(_ value: Double) {
    guard value.isFinite, value != 0 else {
      significand = 0
      exponent = 0
      special = value.isFinite ? 0 : value
      return
    }
    let width = value.significandWidth
    exponent = Int(value.exponent) - width
    let magnitude = Int64(Double(sign: .plus, exponent: width, significand: value.significand))
    significand = value < 0 ? -magnitude : magnitude
    special = 0
  }

  var isSpecial: Bool { special != 0 }
  /// Bits of the integer.
  var bitCount: Int { Int64.bitWidth - significand.magnitude.leadingZeroBitCount }
}

/// The values of a format as integers times powers of two, ready to be summed without rounding.
///
/// Irrational values, those of logarithmic formats and logarithmic takums, count as the Doubles nearest to them, which
/// is what `decode` gives.
struct ExactValues: Sendable {
  let format: any NumericFormat
  /// A power of two that divides every value.
  let leastExponent: Int
  /// Every finite magnitude lies below 2^greatestExponent.
  let greatestExponent: Int
  /// The values by code; empty for formats of more than 16 bits.
  private let parts: [ExactPart]

  /// Throws ``FormatError`` when the format has no ladder, or magnitudes that Doubles do not reach.
  init(_ format: any NumericFormat) throws(FormatError) {
    self.format = format
    let limits = try FormatLimits(of: format)
    greatestExponent = Int(limits.greatestFiniteMagnitude.exponent) + 1
    if format.bitWidth <= 16 {
      parts = format.codes.map { ExactPart(format.decode(UInt32($0))) }
      leastExponent = parts.lazy.filter { $0.significand != 0 }.map(\.exponent).min() ?? 0
    } else {
      parts = []
      // No value has more bits than a Double.
      leastExponent = Int(limits.leastNonzeroMagnitude.exponent) - Double.significandBitCount
    }
  }

  /// Whether some code is NaN or an infinity, of formats of up to 16 bits.
  var hasSpecials: Bool { parts.contains { $0.isSpecial } }

  /// The value of a code.
  ///
  /// - Precondition: the code is below 2^bitWidth.
  func part(_ code: UInt32) -> ExactPart {
    parts.isEmpty ? ExactPart(format.decode(code)) : parts[Int(code)]
  }
}
