#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Conversion of Float32 to wide posits and takums by writing a number's bit string out and cutting it off.
///
/// Rounding of these formats happens on the bit string: the boundary between two neighbours is the number of one more
/// bit, so the bits that are cut off say where a number lies. Strings of posits and linear takums are exact: a Float32
/// has 24 significant bits, and regime, exponent and fraction of any of them fit 63. The string of a logarithmic takum
/// is `2·ln|x|`, irrational for all numbers but 1: it is taken from the C library's logarithm where its error cannot
/// matter, and from ``ReferenceEncoder`` where it could.
struct TaperedConversion: Sendable {
  private enum Kind: Sendable {
    case posit(exponentBitCount: Int)
    case takumLinear
    case takumLogarithmic
  }

  /// The C libraries keep their logarithm within one unit in the last place; this is four of them, relative.
  private static let logarithmError = 0x1p-50

  private let kind: Kind
  private let bitWidth: Int
  private let rounding: RoundingRule
  private let reference: ReferenceEncoder

  /// Nil for other families, and for formats of up to 16 bits, which have tables.
  init?(_ format: any NumericFormat, reference: ReferenceEncoder) {
    switch format {
    case let posit as PositFormat: kind = .posit(exponentBitCount: posit.exponentBitCount)
    case let takum as TakumFormat: kind = takum.kind == .linear ? .takumLinear : .takumLogarithmic
    default: return nil
    }
    guard format.bitWidth > 16 else { return nil }
    bitWidth = format.bitWidth
    rounding = reference.policy.rounding
    self.reference = reference
  }

  /// The code of `value`, rounded once.
  func code(for value: Float) -> UInt32 {
    let isNegative = value.sign == .minus
    let outcomes = reference.outcomes
    if value.isNaN { return isNegative ? outcomes.negativeNaN : outcomes.positiveNaN }
    if value.isInfinite { return isNegative ? outcomes.negativeInfinity : outcomes.positiveInfinity }
    if value == 0 { return 0 }
    let magnitude = Double(value.magnitude)
    let rounded: UInt32
    switch kind {
    case .posit(let exponentBitCount): rounded = posit(magnitude, exponentBitCount, isNegative)
    case .takumLinear:
      let fraction = magnitude.significandBitPattern >> 29
      let (head, length) = Self.takumHead(Int(magnitude.exponent))
      rounded = cutOff(head << 23 | fraction, length: length + 23, isNegative)
    case .takumLogarithmic:
      guard let code = logarithmicTakum(magnitude, isNegative) else {
        return reference.encode(Double(value))
      }
      rounded = code
    }
    let mask = UInt32.max >> UInt32(32 - bitWidth)
    return isNegative ? (0 &- rounded) & mask : rounded
  }

  private func posit(_ magnitude: Double, _ exponentBitCount: Int, _ isNegative: Bool) -> UInt32 {
    let exponent = Int(magnitude.exponent)
    let regime = exponent >> exponentBitCount
    let run = regime >= 0 ? regime + 1 : -regime
    // No room for the end of the run: at or beyond the greatest value, or below the least one, which numbers become.
    if run > bitWidth - 2 { return regime >= 0 ? UInt32(1) << UInt32(bitWidth - 1) - 1 : 1 }
    let head: UInt64 = regime >= 0 ? (1 << UInt64(run + 1)) - 2 : 1
    let field = UInt64(exponent & ((1 << exponentBitCount) - 1))
    let fraction = magnitude.significandBitPattern >> 29
    let string = (head << UInt64(exponentBitCount) | field) << 23 | fraction
    return cutOff(string, length: run + 1 + exponentBitCount + 23, isNegative)
  }

  /// Direction, regime and characteristic bits of a takum, and how many there are.
  private static func takumHead(_ characteristic: Int) -> (bits: UInt64, length: Int) {
    let ascends = characteristic >= 0
    let reach = UInt64(ascends ? characteristic + 1 : -characteristic)
    let count = 63 - reach.leadingZeroBitCount
    let field =
      ascends ? reach - 1 << UInt64(count) : (2 << UInt64(count)) - 1 - reach
    let regime = UInt64(ascends ? 8 | count : 7 - count)
    return (regime << UInt64(count) | field, 4 + count)
  }

  /// Nil where the error of the logarithm could decide.
  private func logarithmicTakum(_ magnitude: Double, _ isNegative: Bool) -> UInt32? {
    let logarithm = 2 * log(magnitude)
    let (head, length) = Self.takumHead(Int(logarithm.rounded(.down)))
    let mantissaBitCount = bitWidth - 1 - length
    let steps = logarithm * Double(UInt64(1) << UInt64(mantissaBitCount))
    let whole = steps.rounded(.down)
    let rest = steps - whole
    let error = abs(steps) * Self.logarithmError
    guard rest > error, rest < 1 - error, abs(rest - 0.5) > error else { return nil }
    let mantissa = UInt64(Int64(whole) & (1 << Int64(mantissaBitCount) - 1))
    let code = UInt32(head << UInt64(mantissaBitCount) | mantissa)
    let position: Position = rest < 0.5 ? .belowBoundary : .aboveBoundary
    return code + (rounding.movesAwayFromZero(position, magnitude: code, isNegative: isNegative) ? 1 : 0)
  }

  /// The code of a magnitude from the bits after its sign.
  private func cutOff(_ string: UInt64, length: Int, _ isNegative: Bool) -> UInt32 {
    let aligned = string << UInt64(63 - length)
    let code = UInt32(aligned >> UInt64(64 - bitWidth))
    let rest = aligned << UInt64(bitWidth)
    // Nothing lies beyond the greatest value.
    if rest == 0 || code == UInt32(1) << UInt32(bitWidth - 1) - 1 { return code }
    let half = UInt64(1) << 63
    let position: Position = rest < half ? .belowBoundary : rest == half ? .atBoundary : .aboveBoundary
    return code + (rounding.movesAwayFromZero(position, magnitude: code, isNegative: isNegative) ? 1 : 0)
  }
}
