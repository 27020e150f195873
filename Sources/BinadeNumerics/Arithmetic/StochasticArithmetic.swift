/// Arithmetic between the codes of a format whose results are rounded stochastically: each is exact, then a random word
/// decides between its neighbours, as ``StochasticRounding`` says.
///
/// Special values are those of ``FormatArithmetic``; an exact zero sum is +0.
///
/// - Error: none. Results reach the rounding as Doubles rounded to odd, which lie on the same side as the exact ones of
///   every place in a gap that random words tell apart.
public struct StochasticArithmetic: Sendable {
  private let arithmetic: FormatArithmetic
  /// What results are encoded with.
  public let codec: StochasticCodec

  /// Prepares arithmetic in `format`; `dialect` stands above `overflow`.
  ///
  /// Throws ``FormatError`` for formats that ``FormatArithmetic`` refuses, for irrational values, where the codec would wrap,
  /// and where the places in a gap need more than 52 bits.
  public init(
    _ format: any NumericFormat,
    rounding: StochasticRounding,
    overflow: OverflowRule = .saturate,
    dialect: Dialect? = nil
  ) throws(FormatError) {
    codec = try StochasticCodec(format, rounding: rounding, overflow: overflow, dialect: dialect)
    arithmetic = try FormatArithmetic(
      format,
      policy: ConversionPolicy(rounding: .nearestEven, overflow: overflow, dialect: dialect)
    )
    guard !arithmetic.isIrrational else {
      throw .invalidParameter(
        format: format.name,
        parameter: "values",
        found: "irrational",
        allowed: "numbers that Doubles hold, in arithmetic with stochastic rounding"
      )
    }
    let precision = Self.precision(format)
    guard precision + rounding.bitCount <= 50 else {
      throw .invalidParameter(
        format: format.name,
        parameter: "random bits",
        found: "\(rounding.bitCount)",
        allowed:
          "1 to \(max(1, 50 - precision)) in arithmetic, as values have up to \(precision) significant bits"
      )
    }
  }

  /// Significant bits of the value that needs most; a bound above 16 bits.
  private static func precision(_ format: any NumericFormat) -> Int {
    guard format.bitWidth <= 16 else {
      return (format as? BinaryFloatFormat).map { $0.significandBitCount + 1 } ?? format.bitWidth
    }
    return format.codes.map { format.decode(UInt32($0)) }.filter(\.isFinite)
      .map { $0 == 0 ? 1 : $0.significandWidth + 1 }.max() ?? 1
  }

  /// Returns the code of `operation` applied to codes, for a random word of which the low bits count.
  ///
  /// - Precondition: codes are below 2^bitWidth.
  public func apply(
    _ operation: ArithmeticOperation,
    _ a: UInt32,
    _ b: UInt32 = 0,
    _ c: UInt32 = 0,
    word: UInt32
  ) -> UInt32 {
    codec.encode(arithmetic.roundedToOdd(operation, a, b, c), word: word)
  }

  /// Whether the result is NaN: what a format without NaN has no code for.
  public func isNaN(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32 = 0, _ c: UInt32 = 0) -> Bool {
    arithmetic.isNaN(operation, a, b, c)
  }

  /// Returns the code of the number that `code` of `other` stands for; of a logarithmic format, of the nearest Double.
  public func convert(_ code: UInt32, from other: any NumericFormat, word: UInt32) -> UInt32 {
    let (value, residual) = (other.decode(code), other.residual(code))
    let isExact = residual == 0 || !value.isFinite
    return codec.encode(
      isExact ? value : DoubleDouble(high: value, low: residual).roundedToOdd,
      word: word
    )
  }
}
