import BinadeNumerics

/// The correctly rounded result of every operation, decided by MPFR; special values by the rules of IEEE 754-2019,
/// clauses 6 and 7, written here a second time.
final class ArithmeticOracle {
  private let format: any NumericFormat
  private let oracle: MPFROracle
  private let rounding: RoundingRule
  private var meanings: [OracleMeaning] = []
  private let isIrrational: Bool

  /// Holds any product of two values plus a third exactly.
  private let exactPrecision: Int
  /// Logarithmic values are irrational: results within 2^-250 of a value or boundary are taken to be on it.
  private static let irrationalPrecision = OracleMeanings.irrationalPrecision

  init(_ format: any NumericFormat, policy: ConversionPolicy) throws {
    self.format = format
    oracle = try MPFROracle(format, policy: policy)
    rounding = policy.rounding
    isIrrational = format is LogarithmicFormat || (format as? TakumFormat)?.kind == .logarithmic
    if isIrrational || format.bitWidth > 16 {
      // Enough for Doubles between 2^-480 and 2^480.
      exactPrecision = 2300
    } else {
      let binades = oracle.ladder.rungsToTest.filter { !$0.value.isZero }.map(\.value.binade)
      let span = (binades.max() ?? 0) - (binades.min() ?? 0)
      // Products span twice the binades of the values; 53 bits are the longest significand there is.
      exactPrecision = 2 * span + 3 * 64
    }
    if format.bitWidth <= 16 {
      meanings = (0..<UInt32(1) << UInt32(format.bitWidth)).map { oracle.ladder.meaning(of: $0) }
    }
  }

  /// A result before it is rounded.
  private enum Result {
    case finite(MPFRNumber, isNegative: Bool)
    /// A number next to a value or boundary that is not on it: one addend is far below the other.
    case beside(MPFRNumber)
    case infinity(isNegative: Bool)
    case nan
  }

  private func result(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32, _ c: UInt32) -> Result {
    switch operation {
    case .add: return sum(meaning(a), meaning(b))
    case .sub: return sum(meaning(a), Self.negated(meaning(b)))
    case .mul: return product(meaning(a), meaning(b))
    case .div: return quotient(meaning(a), meaning(b))
    case .sqrt: return squareRoot(meaning(a))
    case .fma:
      switch product(meaning(a), meaning(b)) {
      case .finite(let value, let isNegative):
        let product = isIrrational ? snapped(value) : value
        return sum(.finite(product, isNegativeZero: value.isZero && isNegative), meaning(c))
      case .beside(let value): return .beside(value)
      case .infinity(let isNegative): return sum(.infinity(isNegative: isNegative), meaning(c))
      case .nan: return .nan
      }
    }
  }

  /// What stochastic rounding may make of the result.
  func expectation(
    _ operation: ArithmeticOperation,
    _ a: UInt32,
    _ b: UInt32,
    _ c: UInt32,
    _ stochastic: StochasticOracle
  ) -> StochasticOracle.Expectation {
    switch result(operation, a, b, c) {
    case .nan: stochastic.expectation(for: .nan)
    case .infinity(let isNegative): stochastic.expectation(for: isNegative ? -.infinity : .infinity)
    case .beside(let value): stochastic.expectation(for: value, isNegative: value.sign < 0)
    case .finite(let value, let isNegative): stochastic.expectation(for: value, isNegative: isNegative)
    }
  }

  /// The code of the result.
  func expected(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32, _ c: UInt32) -> UInt32 {
    switch result(operation, a, b, c) {
    case .nan: return oracle.expectedCode(for: Double.nan)
    case .infinity(let isNegative): return oracle.expectedCode(for: isNegative ? -Double.infinity : .infinity)
    case .beside(let value):
      return oracle.expectedCode(for: value, isNegative: value.sign < 0)
    case .finite(let value, let isNegative):
      return oracle.expectedCode(for: isIrrational ? snapped(value) : value, isNegative: isNegative)
    }
  }

  private func meaning(_ code: UInt32) -> OracleMeaning {
    meanings.isEmpty ? oracle.ladder.meaning(of: code) : meanings[Int(code)]
  }

  private static func negated(_ meaning: OracleMeaning) -> OracleMeaning {
    switch meaning {
    case .nan: .nan
    case .infinity(let isNegative): .infinity(isNegative: !isNegative)
    case .finite(let value, let isNegativeZero):
      .finite(value.negated, isNegativeZero: value.isZero && !isNegativeZero)
    }
  }

  private static func isNegative(_ value: MPFRNumber, _ isNegativeZero: Bool) -> Bool {
    value.isZero ? isNegativeZero : value.sign < 0
  }

  private func sum(_ a: OracleMeaning, _ b: OracleMeaning) -> Result {
    switch (a, b) {
    case (.nan, _), (_, .nan): return .nan
    case (.infinity(let x), .infinity(let y)): return x == y ? .infinity(isNegative: x) : .nan
    case (.infinity(let x), _): return .infinity(isNegative: x)
    case (_, .infinity(let y)): return .infinity(isNegative: y)
    case (.finite(let x, let xZero), .finite(let y, let yZero)):
      var sum = MPFRNumber.sum(x, y, precision: exactPrecision)
      if isIrrational, !sum.isZero, !x.isZero, !y.isZero {
        // A product that equals an addend but was computed another way.
        let (small, large) = x.comparedInMagnitude(to: y) > 0 ? (y, x) : (x, y)
        if small.binade < large.binade - 200 { return .beside(sum) }
        if sum.binade < large.binade - 250 { sum = MPFRNumber(0) }
      }
      guard sum.isZero else { return .finite(sum, isNegative: sum.sign < 0) }
      let (one, two) = (Self.isNegative(x, xZero), Self.isNegative(y, yZero))
      let areAlikeZeros = x.isZero && y.isZero && one == two
      return .finite(sum, isNegative: areAlikeZeros ? one : rounding == .down)
    }
  }

  private func product(_ a: OracleMeaning, _ b: OracleMeaning) -> Result {
    guard let (one, two) = signs(a, b) else { return .nan }
    switch (a, b) {
    case (.finite(let x, _), .finite(let y, _)):
      return .finite(.product(x, y, precision: exactPrecision), isNegative: one != two)
    case (.infinity, .finite(let y, _)) where y.isZero: return .nan
    case (.finite(let x, _), .infinity) where x.isZero: return .nan
    default: return .infinity(isNegative: one != two)
    }
  }

  private func quotient(_ a: OracleMeaning, _ b: OracleMeaning) -> Result {
    guard let (one, two) = signs(a, b) else { return .nan }
    let hasNaNForZeroDivisors = format.info.divisionByZero == .nan
    switch (a, b) {
    case (.infinity, .infinity): return .nan
    case (_, .finite(let y, _)) where y.isZero && hasNaNForZeroDivisors: return .nan
    case (.infinity, .finite): return .infinity(isNegative: one != two)
    case (.finite(let x, _), .finite(let y, _)) where y.isZero:
      return x.isZero ? .nan : .infinity(isNegative: one != two)
    case (.finite(let x, _), .finite(let y, _)):
      return .finite(.quotient(x, y, precision: Self.irrationalPrecision), isNegative: one != two)
    default: return .finite(MPFRNumber(0), isNegative: one != two)
    }
  }

  private func squareRoot(_ a: OracleMeaning) -> Result {
    switch a {
    case .nan, .infinity(isNegative: true): return .nan
    case .infinity(isNegative: false): return .infinity(isNegative: false)
    case .finite(let x, let isNegativeZero):
      if x.isZero { return .finite(x, isNegative: isNegativeZero) }
      return x.sign < 0 ? .nan : .finite(x.squareRoot(precision: Self.irrationalPrecision), isNegative: false)
    }
  }

  /// The signs of two operands; nil when one is NaN.
  private func signs(_ a: OracleMeaning, _ b: OracleMeaning) -> (Bool, Bool)? {
    func sign(_ meaning: OracleMeaning) -> Bool? {
      switch meaning {
      case .nan: nil
      case .infinity(let isNegative): isNegative
      case .finite(let value, let isNegativeZero): Self.isNegative(value, isNegativeZero)
      }
    }
    guard let one = sign(a), let two = sign(b) else { return nil }
    return (one, two)
  }

  /// A result next to a value or boundary of irrational numbers is moved onto it.
  private func snapped(_ value: MPFRNumber) -> MPFRNumber {
    let ladder = oracle.ladder
    if value.isZero || value.compared(to: ladder.least.value) < 0
      || value.compared(to: ladder.greatest.value) > 0
    {
      for extreme in [ladder.least, ladder.greatest] where isClose(value, extreme.value) {
        return extreme.value
      }
      return value
    }
    let (lower, upper) = ladder.neighbours(of: value)
    if lower.code == upper.code { return value }
    let boundary = ladder.twiceBoundary(lower, upper).scaled(byTwoTo: -1)
    for place in [lower.value, upper.value, boundary] where isClose(value, place) { return place }
    return value
  }

  private func isClose(_ a: MPFRNumber, _ b: MPFRNumber) -> Bool {
    if a.isZero || b.isZero { return a.isZero && b.isZero }
    let difference = MPFRNumber.difference(a, b, precision: 64)
    return difference.isZero || difference.binade < a.binade - 250
  }
}
