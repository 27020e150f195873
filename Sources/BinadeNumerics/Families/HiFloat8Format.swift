/// HiFloat8 (HiF8): eight bits whose exponent field is as long as a prefix code, the dot, says; precision tapers off
/// away from 1.
///
/// | dot    | bits after it      | value                            |
/// |--------|--------------------|----------------------------------|
/// | `11`   | 4 exponent, 1 rest | exponents ±8 ... ±15             |
/// | `10`   | 3 exponent, 2 rest | exponents ±4 ... ±7              |
/// | `01`   | 2 exponent, 3 rest | exponents ±2 and ±3              |
/// | `001`  | 1 exponent, 3 rest | exponents ±1                     |
/// | `0001` | 3 rest             | exponent 0                       |
/// | `0000` | 3 rest, M          | `2^(M - 23)`; zero where M is 0  |
///
/// The exponent is a sign and a magnitude whose leading 1 is not stored; the rest is the fraction f of `2^E (1 + f)`.
/// The greatest magnitude code of each sign is an infinity, the code of -0 is NaN. Rounding goes by arithmetic
/// midpoints, and overflow begins half a step above `2^15`, at `1.25 · 2^15`, as if the infinity were `1.5 · 2^15`.
///
/// - Source: Luo et al., Ascend HiFloat8 Format for Deep Learning, arXiv 2409.16626, 2024.
public struct HiFloat8Format: NumericFormat {
  /// Name, width and origin.
  public let info: FormatInfo

  /// Creates the format; `info.bitWidth` becomes 8.
  public init(info: FormatInfo) {
    self.info = info.withBitWidth(8)
  }

  /// The value of a code.
  public func decode(_ code: UInt32) -> Double {
    let magnitudeCode = code & 0x7F
    let isNegative = code & 0x80 != 0
    let magnitude: Double
    switch magnitudeCode {
    case 0: return isNegative ? .nan : 0
    case 0x6F: magnitude = .infinity
    case 1...7:
      magnitude = Double(sign: .plus, exponent: Int(magnitudeCode) - 23, significand: 1)
    default: magnitude = Self.normal(magnitudeCode)
    }
    return isNegative ? -magnitude : magnitude
  }

  /// `2^E (1 + f)` of the seven bits after the sign; those of the infinity would be `1.5 · 2^15`.
  private static func normal(_ bits: UInt32) -> Double {
    let (dotBitCount, exponentBitCount): (Int, Int) =
      switch bits {
      case 0x60...: (2, 4)
      case 0x40...: (2, 3)
      case 0x20...: (2, 2)
      case 0x10...: (3, 1)
      default: (4, 0)
      }
    let fractionBitCount = 7 - dotBitCount - exponentBitCount
    let fraction = bits & ((1 << UInt32(fractionBitCount)) - 1)
    let field = bits >> UInt32(fractionBitCount) & ((1 << UInt32(exponentBitCount)) - 1)
    var exponent = 0
    if exponentBitCount > 0 {
      let leadingOne = UInt32(1) << UInt32(exponentBitCount - 1)
      exponent = Int(leadingOne | field)
      // The stored sign lies where the leading 1 of the magnitude would be.
      if field & leadingOne != 0 { exponent = -exponent }
    }
    return Double(
      sign: .plus,
      exponent: exponent - fractionBitCount,
      significand: Double(1 << UInt32(fractionBitCount) | fraction)
    )
  }

  /// What the code of the infinity would be if it were a number: one step of the last binade beyond the greatest.
  public func valueBeyond(_ extreme: Rung, inside neighbour: Rung) -> Double {
    let next = Self.normal(0x6F)
    return extreme.value < 0 ? -next : next
  }
}
