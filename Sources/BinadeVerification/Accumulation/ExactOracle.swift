import BinadeNumerics

/// Exact dot products of coded vectors, decided by MPFR: summed without rounding, rounded once at the end.
///
/// Shares nothing with what it checks: values come from the oracle's own reading of the formats, the sum is one MPFR
/// number wide enough for all of them. Irrational values count as the Doubles nearest to them.
package final class ExactOracle {
  private let left: any OracleLadder
  private let right: any OracleLadder
  private let leftMeanings: [OracleMeaning]
  private let rightMeanings: [OracleMeaning]
  private let result: MPFROracle?
  private let precision: Int

  /// Prepares the values of two formats, and of the format that results are rounded to, if that is not float32.
  ///
  /// Throws `FormatError` for formats that the oracle cannot work out.
  package init(
    _ left: any NumericFormat,
    _ right: any NumericFormat,
    result: (format: any NumericFormat, policy: ConversionPolicy)? = nil
  ) throws {
    // The policy does not matter for values.
    let (one, two) = (
      try MPFROracle(left, policy: ConversionPolicy()), try MPFROracle(right, policy: ConversionPolicy())
    )
    (self.left, self.right) = (one.ladder, two.ladder)
    leftMeanings = Self.meanings(left, one.ladder)
    rightMeanings = Self.meanings(right, two.ladder)
    self.result = try result.map { try MPFROracle($0.format, policy: $0.policy) }
    // Twice 53 bits below the least product, 64 for carries.
    precision = Self.span(one.ladder) + Self.span(two.ladder) + 2 * 53 + 64
  }

  /// The float32 nearest to the sum of the products of `a` and `b`, ties to even.
  package func float(_ a: [UInt32], _ b: [UInt32]) -> Float {
    switch sum(a, b) {
    case .finite(let value, _): value.isZero ? 0 : value.nearestFloat
    case .infinity(let isNegative): isNegative ? -.infinity : .infinity
    case .nan: .nan
    }
  }

  /// The code of the sum of the products of `a` and `b`.
  ///
  /// - Precondition: the oracle was made with a result format.
  package func code(_ a: [UInt32], _ b: [UInt32]) -> UInt32 {
    guard let result else { preconditionFailure("the oracle has no result format") }
    switch sum(a, b) {
    case .finite(let value, _): return result.expectedCode(for: value, isNegative: value.sign < 0)
    case .infinity(let isNegative):
      return result.expectedCode(for: isNegative ? -Double.infinity : .infinity)
    case .nan: return result.expectedCode(for: Double.nan)
    }
  }

  private func sum(_ a: [UInt32], _ b: [UInt32]) -> OracleMeaning {
    var total = MPFRNumber(0)
    var infinities: Set<Bool> = []
    for (codeOfA, codeOfB) in zip(a, b) {
      switch (meaning(codeOfA, leftMeanings, left), meaning(codeOfB, rightMeanings, right)) {
      case (.nan, _), (_, .nan): return .nan
      case (.infinity(let x), .infinity(let y)): infinities.insert(x != y)
      case (.infinity(let x), .finite(let y, _)), (.finite(let y, _), .infinity(let x)):
        if y.isZero { return .nan }
        infinities.insert(x != (y.sign < 0))
      case (.finite(let x, _), .finite(let y, _)):
        let product = MPFRNumber.product(x, y, precision: 128)
        total = .sum(total, product, precision: precision)
      }
    }
    if infinities.count == 2 { return .nan }
    if let isNegative = infinities.first { return .infinity(isNegative: isNegative) }
    return .finite(total, isNegativeZero: false)
  }

  private func meaning(_ code: UInt32, _ table: [OracleMeaning], _ ladder: any OracleLadder) -> OracleMeaning
  {
    table.isEmpty ? Self.asDouble(ladder.meaning(of: code)) : table[Int(code)]
  }

  private static func meanings(_ format: any NumericFormat, _ ladder: any OracleLadder) -> [OracleMeaning] {
    guard format.bitWidth <= 16 else { return [] }
    return (0..<UInt32(1) << UInt32(format.bitWidth)).map { asDouble(ladder.meaning(of: $0)) }
  }

  /// Every rational value is a Double already.
  private static func asDouble(_ meaning: OracleMeaning) -> OracleMeaning {
    guard case .finite(let value, let isNegativeZero) = meaning else { return meaning }
    return .finite(MPFRNumber(value.nearestDouble), isNegativeZero: isNegativeZero)
  }

  /// Binades between the least and the greatest magnitude.
  private static func span(_ ladder: any OracleLadder) -> Int {
    let binades = ladder.rungsToTest.filter { !$0.value.isZero }.map(\.value.binade)
    return (binades.max() ?? 0) - (binades.min() ?? 0) + 1
  }
}
