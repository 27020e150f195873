import BinadeNumerics

/// A float encoder as people write it, with integer operations on the bits, and with one bug at a time.
///
/// To nearest even, subnormals, infinities in the greatest exponent (`ieee`).
struct BitLevelEncoder {
  enum Bug: String, CaseIterable {
    case none, stickyLost, tiesAway, truncates, roundsAway, tiesUp, flushesInput, flushesOutput, carryLost
    case subnormalCarryLost, clampsFirst, overflowsFirst, greatestUnused, zeroSignLost, nanToZero,
      nanToGreatest
    case nanToInfinity, nanTruncated, nanRounded, infinityToNaN, infinityToGreatest, signLost, halfAdded,
      denormalsAreZero
  }

  let exponentBitCount: Int
  let significandBitCount: Int
  let bug: Bug

  private var bias: Int { (1 << (exponentBitCount - 1)) - 1 }
  private var infinity: UInt32 { UInt32((1 << exponentBitCount) - 1) << UInt32(significandBitCount) }
  private var greatest: UInt32 { infinity - 1 }
  private var nan: UInt32 { infinity | 1 << UInt32(significandBitCount - 1) }

  func encode(_ value: Float) -> UInt32 {
    let isNegative = value.sign == .minus
    let sign: UInt32 =
      isNegative && bug != .signLost ? 1 << UInt32(exponentBitCount + significandBitCount) : 0
    if value.isNaN {
      switch bug {
      case .nanToZero: return 0
      case .nanToGreatest: return greatest
      case .nanToInfinity: return infinity
      case .nanTruncated:
        return sign | infinity | (value.bitPattern & 0x7F_FFFF) >> UInt32(23 - significandBitCount)
      case .nanRounded:
        // The trick of bfloat16 without its test for NaN.
        let bits = value.bitPattern
        return (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
      default: return nan
      }
    }
    if value.isInfinite {
      if bug == .infinityToNaN { return nan }
      return sign | (bug == .infinityToGreatest ? greatest : infinity)
    }
    let magnitude = self.magnitude(abs(value), isNegative: isNegative)
    if magnitude == 0, bug == .zeroSignLost { return 0 }
    return sign | magnitude
  }

  private func magnitude(_ value: Float, isNegative: Bool) -> UInt32 {
    if value == 0 || (bug == .denormalsAreZero && value < .leastNormalMagnitude) { return 0 }
    let leastNormal = Float(sign: .plus, exponent: 1 - bias, significand: 1)
    if bug == .flushesInput, value < leastNormal { return 0 }
    let greatestValue = Float(
      sign: .plus,
      exponent: bias,
      significand: 2 - Float(sign: .plus, exponent: -significandBitCount, significand: 1)
    )
    if value > greatestValue {
      if bug == .clampsFirst { return greatest }
      if bug == .overflowsFirst { return infinity }
    }
    // A 24-bit significand; the bits below the last one kept decide.
    let exponent = max(Int(value.exponent), 1 - bias)
    let dropped = min(60, 23 - significandBitCount + (exponent - Int(value.exponent)))
    let bits = UInt64(value.significand * 0x1p23)
    var kept = bits >> UInt64(dropped)
    let rest = bits & (1 << UInt64(dropped) - 1)
    let half = UInt64(1) << UInt64(dropped - 1)
    if roundsUp(kept: kept, rest: rest, half: half, isNegative: isNegative, value: value) { kept += 1 }
    let overflowsSignificand = kept == 1 << UInt64(significandBitCount + 1)
    let becomesNormal =
      exponent == 1 - bias && value < leastNormal && kept == 1 << UInt64(significandBitCount)
    if bug == .carryLost, overflowsSignificand { kept = 1 << UInt64(significandBitCount) }
    if bug == .subnormalCarryLost, becomesNormal { return 0 }
    // The hidden bit adds one to the exponent field.
    let code = UInt32(exponent - 1 + bias) << UInt32(significandBitCount) + UInt32(kept)
    if bug == .flushesOutput, code < 1 << UInt32(significandBitCount) { return 0 }
    if bug == .greatestUnused, code >= greatest { return infinity }
    return min(code, infinity)
  }

  private func roundsUp(kept: UInt64, rest: UInt64, half: UInt64, isNegative: Bool, value: Float) -> Bool {
    switch bug {
    case .truncates: return false
    case .roundsAway: return rest != 0
    case .tiesAway: return rest >= half
    case .tiesUp: return rest > half || (rest == half && !isNegative)
    case .stickyLost: return rest >= half && kept % 2 == 1
    case .halfAdded:
      // floor(x / step + 0.5) in Float: the sum itself is rounded.
      return (Float(kept) + Float(rest) / Float(2 * half) + 0.5).rounded(.down) > Float(kept)
    default: return rest > half || (rest == half && kept % 2 == 1)
    }
  }
}
