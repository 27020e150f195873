/// What happens to values beyond the greatest one.
public enum OverflowRule: String, Sendable, Hashable, CaseIterable {
  /// Round as if the range went on; what lies beyond becomes infinity, else NaN, else the extreme value.
  case ieee
  /// Finite overflow and infinities become the extreme value (OCP saturating mode).
  case saturate
  /// Round to an integer number of steps and keep the low bits; integers and fixed point only. Infinities become the
  /// extreme value.
  case wrap

  /// The rules that every format has.
  public static let universal: [OverflowRule] = [.ieee, .saturate]
}

/// How real numbers become codes: a rounding rule and an overflow rule.
public struct ConversionPolicy: Sendable, Hashable {
  /// Which neighbour.
  public var rounding: RoundingRule
  /// What lies beyond the range.
  public var overflow: OverflowRule

  /// Creates a policy; the default is to nearest, ties to even, saturating.
  public init(rounding: RoundingRule = .nearestEven, overflow: OverflowRule = .saturate) {
    self.rounding = rounding
    self.overflow = overflow
  }
}
