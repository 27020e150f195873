import BinadeNumerics

/// The values of a format of signed powers of 2^(1/2^f), as exponents.
struct LogarithmicValues: Sendable {
  let format: any NumericFormat
  /// f: exponents count steps of 2^-f.
  let fractionBitCount: Int
  /// The exponent of every code, times 2^f; 0 for zeros and special values.
  let exponents: [Int]
  /// 1 or -1 for powers; 0, NaN or an infinity for what is none.
  let factors: [Float]
  /// From the least to the greatest exponent of a power.
  let range: ClosedRange<Int>

  /// Planes of more than 2^6 fractions would leave the caches.
  static var greatestFractionBitCount: Int { 6 }

  /// Throws ``FormatError`` when the format has other values than powers, or more than 16 bits.
  init(_ format: any NumericFormat) throws(FormatError) {
    guard format.bitWidth <= 16 else {
      throw .invalidParameter(
        format: format.name,
        parameter: "bitWidth",
        found: "\(format.bitWidth)",
        allowed: "at most 16 for products of powers"
      )
    }
    self.format = format
    let logarithmic = format as? LogarithmicFormat
    fractionBitCount = logarithmic?.fractionBitCount ?? 0
    guard fractionBitCount <= Self.greatestFractionBitCount else {
      throw .invalidParameter(
        format: format.name,
        parameter: "fractionBitCount",
        found: "\(fractionBitCount)",
        allowed: "at most \(Self.greatestFractionBitCount) for products of powers"
      )
    }
    var (exponents, factors): ([Int], [Float]) = ([], [])
    for code in format.codes.lazy.map({ UInt32($0) }) {
      let value = format.decode(code)
      guard value.isFinite, value != 0 else {
        exponents.append(0)
        factors.append(Float(value))
        continue
      }
      guard logarithmic != nil || value.significand == 1 else {
        throw .invalidParameter(
          format: format.name,
          parameter: "values",
          found: "\(value)",
          allowed: "powers of two and of their roots"
        )
      }
      exponents.append(logarithmic.map { Int($0.scaledExponent(code)) } ?? Int(value.exponent))
      factors.append(value < 0 ? -1 : 1)
    }
    self.exponents = exponents
    self.factors = factors
    let powers = exponents.indices.filter { abs(factors[$0]) == 1 }.map { exponents[$0] }
    range = (powers.min() ?? 0)...(powers.max() ?? 0)
  }
}
