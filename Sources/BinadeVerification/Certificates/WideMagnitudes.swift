import BinadeNumerics

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The values of a format of more than 16 bits, positive ones by their codes, written a second time from the definitions
/// for billions of questions: exact Doubles, and logarithms where values are irrational.
///
/// A value of up to 32 bits and a boundary of up to 33 are Doubles. Values of logarithmic takums are `e^(ell/2)` with a
/// Double ell: numbers are placed among them by `2·ln x`, and by MPFR where the C library's error could matter.
/// ``WideConversionProof`` holds both against ``MPFROracle`` at the ends of every chunk of inputs.
struct WideMagnitudes {
  private enum Family {
    case float(BinaryFloatFormat)
    case fixed(FixedPointFormat)
    case posit(PositFormat)
    case takumLinear
    case takumLogarithmic
  }

  /// C libraries keep logarithm and exponential within one unit in the last place; this is four of them, relative.
  private static let libraryError = 0x1p-50

  private let family: Family
  private let bitWidth: Int
  private let mask: UInt32

  /// Nil for families that have no such values.
  init?(_ format: any NumericFormat) {
    switch format {
    case let float as BinaryFloatFormat where float.isSigned && float.lowestBinade == .subnormal:
      family = .float(float)
    case let fixed as FixedPointFormat where fixed.isSigned: family = .fixed(fixed)
    case let posit as PositFormat: family = .posit(posit)
    case let takum as TakumFormat:
      family = takum.kind == .linear ? .takumLinear : .takumLogarithmic
    default: return nil
    }
    bitWidth = format.bitWidth
    mask = .max >> UInt32(32 - format.bitWidth)
  }

  /// The code of the same magnitude with a plus sign; parity is the same.
  func magnitude(of code: UInt32) -> UInt32 {
    let sign = UInt32(1) << UInt32(bitWidth - 1)
    guard code & sign != 0 else { return code }
    if case .float = family { return code & ~sign }
    return (0 &- code) & mask
  }

  /// A number as it is compared with ``key(_:)``.
  func key(of number: Double) -> Double {
    if case .takumLogarithmic = family { return 2 * log(number) }
    return number
  }

  /// The value of a positive code, or ell.
  func key(_ code: UInt32) -> Double { key(UInt64(code), width: bitWidth) }

  /// Where rounding to nearest switches between a positive code and the next one.
  func boundaryKey(after code: UInt32) -> Double {
    switch family {
    case .float, .fixed: (key(code) + key(code + 1)) / 2
    case .posit, .takumLinear, .takumLogarithmic: key(UInt64(code) << 1 | 1, width: bitWidth + 1)
    }
  }

  /// Whether `number`, whose key is `own`, lies below (negative), at or above a place.
  func side(of number: Double, _ own: Double, at place: Double) -> Int {
    if case .takumLogarithmic = family, abs(own - place) <= abs(own) * Self.libraryError {
      let exact = MPFRNumber(
        exponentialOf: Int64(place * 0x1p40),
        timesTwoTo: -41,
        precision: OracleMeanings.irrationalPrecision
      )
      return MPFRNumber(number).compared(to: exact)
    }
    return own < place ? -1 : own > place ? 1 : 0
  }

  /// The value of a positive code, rounded once to Float32.
  func float(_ code: UInt32) -> Float {
    let key = key(code)
    guard case .takumLogarithmic = family else { return Float(key) }
    let value = exp(key / 2)
    let (least, most) = (value * (1 - Self.libraryError), value * (1 + Self.libraryError))
    if Float(least) == Float(most) { return Float(value) }
    return MPFRNumber(
      exponentialOf: Int64(key * 0x1p40),
      timesTwoTo: -41,
      precision: OracleMeanings.irrationalPrecision
    ).nearestFloat
  }

  private func key(_ code: UInt64, width: Int) -> Double {
    switch family {
    case .fixed(let format): return Double(code) * Self.power(-format.fractionBitCount)
    case .float(let format):
      let m = format.significandBitCount
      let field = Int(code >> UInt64(m))
      let significand = code & (1 << UInt64(m) - 1) | (field == 0 ? 0 : 1 << UInt64(m))
      return Double(significand) * Self.power(max(field, 1) - format.exponentBias - m)
    case .posit(let format):
      let body = code << UInt64(65 - width)
      let startsWithOne = body >> 63 == 1
      let run = (startsWithOne ? ~body : body).leadingZeroBitCount
      let regime = startsWithOne ? run - 1 : -run
      let tail = run + 1 >= 64 ? 0 : body << UInt64(run + 1)
      let es = format.exponentBitCount
      let exponent = es == 0 ? 0 : Int(tail >> UInt64(64 - es))
      // The fraction: what follows, below a hidden one.
      let fraction = (tail << UInt64(es)) >> 12
      return Double(bitPattern: fraction | UInt64(1023 + regime << es + exponent) << 52)
    case .takumLinear, .takumLogarithmic:
      let body = code << UInt64(64 - width)
      let regime = Int(body >> 59 & 7)
      let ascends = body >> 62 & 1 == 1
      let count = ascends ? regime : 7 - regime
      let rest = body << 5
      let field = count == 0 ? 0 : Int(rest >> UInt64(64 - count))
      let characteristic = ascends ? (1 << count) - 1 + field : 1 - (2 << count) + field
      let mantissa = Double((rest << UInt64(count)) >> 12) * 0x1p-52
      if case .takumLogarithmic = family { return Double(characteristic) + mantissa }
      return (1 + mantissa) * Self.power(characteristic)
    }
  }

  /// 2^exponent, for normal Doubles.
  private static func power(_ exponent: Int) -> Double {
    Double(bitPattern: UInt64(1023 + exponent) << 52)
  }
}
