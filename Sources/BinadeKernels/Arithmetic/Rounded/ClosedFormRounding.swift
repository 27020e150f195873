import BinadeNumerics
import CBinadeKernels

extension binade_sum_rounding {
  /// Rounding to a format in a few vector instructions; nil for formats and rules without such a form.
  ///
  /// There is one for IEEE-like floats with float32's exponent field, for floats of narrower range with subnormals, and
  /// for integers and fixed point of up to 22 bits; to nearest even and toward zero; with overflow by a rule rather than
  /// a dialect. `lane` is left to the caller.
  init?(_ target: AccumulatorFormat) {
    let policy = target.policy
    guard let codec = target.codec, policy.dialect == nil, policy.overflow != .wrap,
      policy.rounding == .nearestEven || policy.rounding == .towardZero
    else { return nil }
    self.init()
    rule = UInt32(
      (policy.rounding == .nearestEven ? BINADE_RULE_NEAREST_EVEN : BINADE_RULE_TOWARD_ZERO)
    )
    let ladder = codec.reference.ladder
    keeps_negative_zero = ladder.specials.negativeZero != nil
    nan_bits = target.rounded(.nan).isNaN ? Float.nan.bitPattern : Float(target.rounded(.nan)).bitPattern
    least = Float(ladder.least.value)
    greatest = Float(ladder.greatest.value)
    let hasForm: Bool
    switch target.format {
    case let float as BinaryFloatFormat: hasForm = setFloat(float, codec)
    case let integer as IntegerFormat where integer.range != .midrise: hasForm = setFixed(1, integer, codec)
    case let fixed as FixedPointFormat: hasForm = setFixed(Float(fixed.quantum), fixed, codec)
    default: hasForm = false
    }
    guard hasForm else { return nil }
  }

  private mutating func setFloat(_ float: BinaryFloatFormat, _ codec: FormatCodec) -> Bool {
    let outcomes = codec.reference.outcomes
    func value(_ code: UInt32) -> Double { float.decode(code) }
    let beyond = value(outcomes.aboveGreatest)
    // Both sides, and infinities as well as numbers, must leave the range in the same way.
    guard float.isSigned, float.lowestBinade == .subnormal, float.significandBitCount >= 1,
      [outcomes.positiveInfinity, outcomes.aboveGreatest].allSatisfy({ Self.isSame(value($0), beyond) }),
      [outcomes.negativeInfinity, outcomes.belowLeast].allSatisfy({ Self.isSame(value($0), -beyond) })
    else { return false }
    let saturates = beyond == codec.reference.ladder.greatest.value
    if float.exponentBitCount == 8, float.exponentBias == 127 {
      guard float.specialValues == .ieee, saturates || beyond.isInfinite else { return false }
      discarded_bits = UInt32(23 - float.significandBitCount)
      if discarded_bits == 0 {
        grid = UInt32(BINADE_GRID_FLOAT)
        overflow = UInt32(BINADE_OVERFLOW_CARRY)
        return !saturates
      }
      grid = UInt32(BINADE_GRID_BITS)
      overflow = UInt32((saturates ? BINADE_OVERFLOW_CLAMP : BINADE_OVERFLOW_CARRY))
      return discarded_bits >= 2
    }
    let leastExponent = 1 - float.exponentBias
    let greatestExponent = Int(greatest.exponent)
    guard leastExponent >= -100, greatestExponent <= 100, float.significandBitCount <= 21 else {
      return false
    }
    grid = UInt32(BINADE_GRID_NARROW)
    overflow = UInt32((saturates ? BINADE_OVERFLOW_CLAMP : BINADE_OVERFLOW_REPLACE))
    least_normal = Float(sign: .plus, exponent: leastExponent, significand: 1)
    binade_beyond = Float(sign: .plus, exponent: greatestExponent + 1, significand: 1)
    steps_to_magic = Float(sign: .plus, exponent: 23 - float.significandBitCount, significand: 1.5)
    step_of_binade = Float(sign: .plus, exponent: -float.significandBitCount, significand: 1)
    overflow_value = Float(beyond)
    return true
  }

  private mutating func setFixed(_ quantum: Float, _ format: any NumericFormat, _ codec: FormatCodec) -> Bool
  {
    let outcomes = codec.reference.outcomes
    let ladder = codec.reference.ladder
    // What leaves the range becomes the end of it, under every rule for overflow.
    let ends = [outcomes.aboveGreatest, outcomes.positiveInfinity].map { format.decode($0) }
    let starts = [outcomes.belowLeast, outcomes.negativeInfinity].map { format.decode($0) }
    guard format.bitWidth <= 22, ends.allSatisfy({ $0 == ladder.greatest.value }),
      starts.allSatisfy({ $0 == ladder.least.value })
    else { return false }
    grid = UInt32(BINADE_GRID_FIXED)
    overflow = UInt32(BINADE_OVERFLOW_CLAMP)
    step = quantum
    magic = Float(sign: .plus, exponent: 23, significand: 1.5) * quantum
    return true
  }

  private static func isSame(_ a: Double, _ b: Double) -> Bool { a == b || (a.isNaN && b.isNaN) }
}
