/// The values of a format of up to 16 bits whose rounding a Double can decide, and what block scales ask of them.
struct ElementValues: Sendable {
  let ladder: EnumeratedLadder
  /// Bits of the longest significand among the values.
  let valuePrecision: Int
  /// Bits of the longest significand among values and boundaries.
  let precision: Int
  /// Whether values and boundaries are Floats, none of them close to the ends of the range of Float.
  let fitsFloat: Bool

  /// The greatest value.
  var greatest: Double { ladder.greatest.value }
  /// The exponent of the greatest value: emax of OCP MX.
  var greatestExponent: Int { Int(greatest.exponent) }

  /// Magnitudes that leave room for scales in Double.
  private static let magnitudes = 0x1p-256...0x1p256

  /// Works out the values of `format`; `owner` and `parameter` are what errors name.
  ///
  /// Throws when the format is wider than 16 bits or has irrational values, which quotients cannot be compared with.
  init(of format: any NumericFormat, owner: String, parameter: String) throws(FormatError) {
    func refuse(_ allowed: String) -> FormatError {
      .invalidParameter(format: owner, parameter: parameter, found: format.name, allowed: allowed)
    }
    guard let ladder = try format.makeLadder() as? EnumeratedLadder else {
      throw refuse("formats of up to 16 bits")
    }
    self.ladder = ladder
    var numbers = ladder.rungs.map { Boundary(high: $0.value, low: $0.residual) }
    valuePrecision = numbers.map { Self.bitCount($0.high) }.max() ?? 0
    for (lower, upper) in zip(ladder.rungs, ladder.rungs.dropFirst()) {
      numbers.append(ladder.boundary(between: lower, and: upper))
    }
    let isRational = numbers.allSatisfy { $0.low == 0 }
    let isInRange = numbers.allSatisfy { $0.high == 0 || Self.magnitudes.contains(abs($0.high)) }
    guard isRational, isInRange else {
      throw refuse("formats of rational values with magnitudes between 2^-256 and 2^256")
    }
    precision = numbers.map { Self.bitCount($0.high) }.max() ?? 0
    fitsFloat = ladder.fitsFloat
  }

  /// Significands from here on become 2 when they are rounded to the precision of the greatest value.
  ///
  /// Half a step below 2 is a tie, and ties go up: the significand below is all ones, thus odd. Nil unless the step
  /// at the greatest value is a power of two.
  var significandThreshold: Double? {
    let step = ladder.afterGreatest.value - greatest
    guard step > 0, step.significand == 1, step.exponent <= greatest.exponent else { return nil }
    return 2 - Double(sign: .plus, exponent: Int(step.exponent) - greatestExponent - 1, significand: 1)
  }

  /// The same, for formats that ``BlockFormat`` has checked.
  var leastSignificandRoundedToTwo: Double { significandThreshold ?? 2 }

  /// Bits of the significand of a number.
  static func bitCount(_ value: Double) -> Int { value == 0 ? 0 : value.significandWidth + 1 }
}
