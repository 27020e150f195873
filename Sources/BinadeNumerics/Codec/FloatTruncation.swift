/// Rounding of Float32 bits to a format that shares its exponent field (float32 and tf32): the discarded bits
/// decide, and a carry into the exponent is the right answer, up to and including infinity.
struct FloatTruncation: Sendable {
  private let discardedBitCount: UInt32
  private let policy: ConversionPolicy
  private let greatestMagnitude: UInt32
  private let nanCode: UInt32

  /// Nil unless `format` is an IEEE-like float with the exponent field of Float32.
  init?(_ format: any NumericFormat, policy: ConversionPolicy) {
    guard policy.dialect == nil, let float = format as? BinaryFloatFormat, float.exponentBitCount == 8,
      float.exponentBias == 127, float.specialValues == .ieee, float.isSigned,
      float.lowestBinade == .subnormal,
      float.info.overflowTarget == nil,
      let nan = float.info.canonicalNaN
    else { return nil }
    discardedBitCount = UInt32(23 - float.significandBitCount)
    self.policy = policy
    greatestMagnitude = float.exponentMask << UInt32(float.significandBitCount) - 1
    nanCode = nan
  }

  func code(for value: Float) -> UInt32 {
    if value.isNaN { return nanCode }
    let bits = value.bitPattern
    let isNegative = bits >> 31 == 1
    let magnitude = bits & 0x7FFF_FFFF
    let kept = magnitude >> discardedBitCount
    let sign = (bits >> 31) << (31 - discardedBitCount)
    let rest = magnitude & ((1 << discardedBitCount) - 1)
    var rounded = kept
    if rest != 0 {
      let half: UInt32 = 1 << (discardedBitCount - 1)
      let position: Position =
        rest < half ? .belowBoundary : rest == half ? .atBoundary : .aboveBoundary
      rounded += policy.rounding.movesAwayFromZero(position, magnitude: kept, isNegative: isNegative) ? 1 : 0
    }
    if policy.overflow == .saturate { rounded = min(rounded, greatestMagnitude) }
    return rounded | sign
  }

  func value(of code: UInt32) -> Float {
    Float(bitPattern: code << discardedBitCount)
  }
}
