/// The codes that numbers outside the range, infinities and NaNs become under one policy.
public struct SpecialOutcomes: Sendable, Hashable {
  /// Finite numbers that still lie below the least value when rounded.
  public let belowLeast: UInt32
  /// Finite numbers that still lie above the greatest value when rounded.
  public let aboveGreatest: UInt32
  /// -infinity.
  public let negativeInfinity: UInt32
  /// +infinity.
  public let positiveInfinity: UInt32
  /// NaN with the sign bit set.
  public let negativeNaN: UInt32
  /// NaN with the sign bit clear.
  public let positiveNaN: UInt32

  /// The outcomes for the format of `ladder`.
  ///
  /// Without a dialect, NaN in a format that has none becomes zero, or the least value where there is no zero either;
  /// ``ConversionTally/nanWithoutCode`` counts it, and commands refuse it.
  public init(_ ladder: any Ladder, policy: ConversionPolicy) {
    func code(_ target: OverflowTarget?, isNegative: Bool) -> UInt32 {
      ladder.code(of: target, isNegative: isNegative)
    }
    func targets(isNegative: Bool) -> (overflow: OverflowTarget?, infinity: OverflowTarget?) {
      // Posits, takums and logarithmic formats say themselves what overflow gives; dialects are about floats.
      if let dialect = policy.dialect, ladder.overflowTarget == nil {
        return dialect.targets(
          ladder.specials,
          isNegative: isNegative,
          isUnsigned: ladder.least.value >= 0
        )
      }
      let overflow = policy.overflow == .ieee ? ladder.overflowTarget : .extreme
      return (overflow, ladder.infinityTarget ?? overflow)
    }
    let (low, high) = (targets(isNegative: true), targets(isNegative: false))
    belowLeast = code(low.overflow, isNegative: true)
    aboveGreatest = code(high.overflow, isNegative: false)
    negativeInfinity = code(ladder.infinityTarget ?? low.infinity, isNegative: true)
    positiveInfinity = code(ladder.infinityTarget ?? high.infinity, isNegative: false)
    let specials = ladder.specials
    let fallback = specials.zero ?? ladder.least.code
    switch (specials.nan, policy.dialect?.missingNaN) {
    case (let nan?, _):
      (negativeNaN, positiveNaN) = (nan, nan)
    case (nil, .greatest):
      (negativeNaN, positiveNaN) = (ladder.greatest.code, ladder.greatest.code)
    case (nil, .oppositeZero):
      (negativeNaN, positiveNaN) = (fallback, specials.negativeZero ?? fallback)
    case (nil, .error), (nil, nil):
      (negativeNaN, positiveNaN) = (fallback, fallback)
    }
  }
}

extension Ladder {
  /// The code of the extreme value on one side; -0 where zero is the least value and has a sign.
  func extreme(isNegative: Bool) -> UInt32 {
    guard isNegative else { return greatest.code }
    return least.value == 0 ? specials.negativeZero ?? least.code : least.code
  }

  /// The code of a target on one side; infinity gives way to NaN, and NaN to the extreme value, where they are missing.
  fileprivate func code(of target: OverflowTarget?, isNegative: Bool) -> UInt32 {
    let infinity = isNegative ? specials.negativeInfinity : specials.positiveInfinity
    switch target {
    case .infinity, nil: return infinity ?? specials.nan ?? extreme(isNegative: isNegative)
    case .nan: return specials.nan ?? extreme(isNegative: isNegative)
    case .extreme: return extreme(isNegative: isNegative)
    }
  }
}
