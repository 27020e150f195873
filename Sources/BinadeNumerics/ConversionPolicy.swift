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

/// How real numbers become codes: a rounding rule and a rule for what lies beyond the range.
public struct ConversionPolicy: Sendable, Hashable {
  /// Which neighbour.
  public var rounding: RoundingRule
  /// What lies beyond the range.
  public var overflow: OverflowRule
  /// The rules of a standard or library, instead of `overflow`.
  public var dialect: Dialect?

  /// Creates a policy; the default is to nearest, ties to even, saturating.
  public init(
    rounding: RoundingRule = .nearestEven,
    overflow: OverflowRule = .saturate,
    dialect: Dialect? = nil
  ) {
    self.rounding = rounding
    self.overflow = overflow
    self.dialect = dialect
  }

  /// The name of the rule for what lies beyond the range, as results show it.
  public var overflowName: String { dialect?.rawValue ?? overflow.rawValue }

  /// Whether NaN in a format that has none is an error: unless a dialect says what it becomes.
  public var refusesMissingNaN: Bool { dialect.map { $0.missingNaN == .error } ?? true }

  /// Whether codes wrap around.
  package var wraps: Bool { dialect == nil && overflow == .wrap }
}
