/// Encodes real numbers that need more bits than a Double has, each rounded once.
///
/// Twice 53 bits, the last one odd where something is cut off, place a number on its side of every value and boundary
/// of a format: rational ones are Doubles or sums of two, irrational ones are known to 2^-95.
public struct ExactEncoder: Sendable {
  /// What results are encoded with.
  public let codec: FormatCodec
  private let fitsFloat: Bool

  /// Prepares a codec.
  ///
  /// - Precondition: the codec does not wrap around: that takes all bits of a number.
  public init(_ codec: FormatCodec) {
    precondition(!codec.policy.wraps, "a codec that wraps around cannot round an exact sum")
    self.codec = codec
    fitsFloat = (codec.reference.ladder as? EnumeratedLadder)?.fitsFloat ?? false
  }

  /// Returns the code of the real number `high + low`; zero is +0, NaN and infinities are `high`.
  ///
  /// - Precondition: `|low|` is at most half an ulp of `high`.
  public func encode(high: Double, low: Double) -> UInt32 {
    guard high.isFinite, high != 0 else { return codec.encode(high) }
    let sum = DoubleDouble(high: high, low: low)
    if fitsFloat { return codec.encode(ElementEncoder.narrowed(sum.roundedToOdd)) }
    return codec.reference.encode(RealNumber(sum), isNegative: high < 0)
  }
}
