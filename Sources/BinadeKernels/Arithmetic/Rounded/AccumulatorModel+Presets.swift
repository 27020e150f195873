import BinadeNumerics

extension AccumulatorModel {
  /// Exact sums of `depth` products, each rounded once, to the nearest float32.
  public static func roundedOnce(depth: Int) throws(FormatError) -> AccumulatorModel {
    AccumulatorModel(
      sum: try AccumulatorFormat(float("float32", significandBitCount: 23)),
      interval: max(depth, 1)
    )
  }

  /// A float with float32's exponents.
  static func float(_ name: String, significandBitCount: Int) throws(FormatError) -> BinaryFloatFormat {
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
