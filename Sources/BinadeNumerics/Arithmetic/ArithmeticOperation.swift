/// An operation on numbers of one format, rounded once.
public enum ArithmeticOperation: String, Sendable, Hashable, CaseIterable {
  /// a + b
  case add
  /// a - b
  case sub
  /// a · b
  case mul
  /// a / b
  case div
  /// a · b + c, rounded once
  case fma
  /// The square root of a.
  case sqrt

  /// How many operands it takes.
  public var operandCount: Int {
    switch self {
    case .sqrt: 1
    case .add, .sub, .mul, .div: 2
    case .fma: 3
    }
  }
}
