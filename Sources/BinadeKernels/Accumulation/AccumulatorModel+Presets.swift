import BinadeNumerics

extension AccumulatorModel {
  /// The accumulator of Hopper's tensor cores for 8-bit floats, as reverse-engineered: 32 products aligned to 13 fraction
  /// bits, the sum cut to 22 bits (sign, 8 exponent, 13 significand bits).
  ///
  /// `leastExponent`: that of the subnormals of the operands: -6 for float8_e4m3fn, -14 for float8_e5m2.
  /// `promotedEvery`: products after which the sum is added to a float32 accumulator (128 in DeepSeek-V3); nil for never.
  ///
  /// - Source: Xie et al., MMA-Sim, arXiv 2511.10909; DeepSeek-V3 technical report, arXiv 2412.19437, section 3.3.2.
  public static func hopperFloat8(leastExponent: Int, promotedEvery length: Int? = nil) throws(FormatError)
    -> AccumulatorModel
  {
    let sum = try AccumulatorFormat(
      float("e8m13", significandBitCount: 13),
      policy: ConversionPolicy(rounding: .towardZero, overflow: .ieee)
    )
    var order = Order.sequential
    if let length {
      order = .chunked(
        length: length,
        into: try AccumulatorFormat(float("float32", significandBitCount: 23))
      )
    }
    return AccumulatorModel(
      sum: sum,
      interval: 32,
      order: order,
      alignment: AccumulatorAlignment(
        fractionBitCount: 13,
        productExponent: .ofFactors(leastLeft: leastExponent, leastRight: leastExponent)
      )
    )
  }

  /// Exact sums of `depth` products, each rounded once, to the nearest float32.
  public static func roundedOnce(depth: Int) throws(FormatError) -> AccumulatorModel {
    AccumulatorModel(
      sum: try AccumulatorFormat(float("float32", significandBitCount: 23)),
      interval: max(depth, 1)
    )
  }

  private static func float(_ name: String, significandBitCount: Int) throws(FormatError) -> BinaryFloatFormat
  {
    try BinaryFloatFormat(
      info: FormatInfo(
        name: name,
        bitWidth: 9 + significandBitCount,
        family: .binaryFloat,
        source: "IEEE 754-2019, section 3, with a significand of \(significandBitCount) stored bits",
        scaling: .none
      ),
      exponentBitCount: 8,
      significandBitCount: significandBitCount,
      specialValues: .ieee
    )
  }
}
