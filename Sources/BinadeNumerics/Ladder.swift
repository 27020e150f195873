/// The ordered set of finite values of a format, its special codes, and the boundaries between neighbours.
public protocol Ladder: Sendable {
  /// The value closest to minus infinity.
  var least: Rung { get }
  /// The greatest finite value.
  var greatest: Rung { get }
  /// The value that would come before `least` if the format went on.
  var beforeLeast: Rung { get }
  /// The value that would come after `greatest` if the format went on.
  var afterGreatest: Rung { get }
  /// Codes of zeros, infinities and NaN.
  var specials: SpecialCodes { get }
  /// What overflow gives under ``OverflowRule/ieee``; nil means infinity, else NaN, else the extreme value, on each
  /// side for itself.
  var overflowTarget: OverflowTarget? { get }

  /// What an infinite input becomes under every overflow rule; nil means what overflow gives.
  var infinityTarget: OverflowTarget? { get }
  /// What a nonzero number next to zero becomes.
  var underflow: UnderflowTarget { get }
  /// How the range ends below.
  var lowerEnd: RangeEnd { get }

  /// Returns the greatest rung not above `value` and the least rung not below it; equal when `value` is one.
  ///
  /// - Precondition: `value` lies between the least and the greatest rung.
  func neighbours(of value: Double) -> (lower: Rung, upper: Rung)

  /// Returns the point where rounding to nearest switches; the neighbours may be the ones beyond the ends.
  func boundary(between lower: Rung, and upper: Rung) -> Boundary
}

/// The codes of values that are not ordinary.
public struct SpecialCodes: Sendable, Hashable {
  /// +0 (or the only zero); nil where zero is not a value (float8_e8m0fnu).
  public var zero: UInt32?
  /// -0, in formats that tell it from +0.
  public var negativeZero: UInt32?
  /// +infinity.
  public var positiveInfinity: UInt32?
  /// -infinity.
  public var negativeInfinity: UInt32?
  /// The canonical NaN.
  public var nan: UInt32?

  /// Creates a set of special codes; what is left out does not exist.
  public init(
    zero: UInt32? = nil,
    negativeZero: UInt32? = nil,
    positiveInfinity: UInt32? = nil,
    negativeInfinity: UInt32? = nil,
    nan: UInt32? = nil
  ) {
    self.zero = zero
    self.negativeZero = negativeZero
    self.positiveInfinity = positiveInfinity
    self.negativeInfinity = negativeInfinity
    self.nan = nan
  }
}

extension Ladder {
  /// No rule of its own.
  public var infinityTarget: OverflowTarget? { nil }
  /// As the rounding rule says.
  public var underflow: UnderflowTarget { .nearest }
  /// As if there were one more value.
  public var lowerEnd: RangeEnd { .open }

  /// The point between two neighbours that a rule decides by: zero for the rules that look at it, where a negative and a
  /// positive value are neighbours; otherwise where rounding to nearest switches.
  func boundary(between lower: Rung, and upper: Rung, for rule: RoundingRule) -> Boundary {
    let looksAtZero = rule == .towardZero || rule == .awayFromZero
    return looksAtZero && lower.value < 0 && upper.value > 0
      ? Boundary(high: 0) : boundary(between: lower, and: upper)
  }

  /// Whether a number strictly between two neighbours becomes the upper one: the rounding rule decides, unless
  /// the format keeps numbers from becoming zero.
  func roundsUp(_ rule: RoundingRule, from position: Position, lower: Rung, upper: Rung) -> Bool {
    if underflow == .leastMagnitude {
      if lower.value == 0 { return true }
      if upper.value == 0 { return false }
    }
    return rule.roundsUp(from: position, lower: lower, upper: upper)
  }
}
