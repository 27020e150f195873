extension LogarithmicFormat {
  /// 2^(numerator / 2^log2Denominator), correctly rounded to Float.
  ///
  /// - Error: half an ulp: the power is known to 2^-96 and rounded to odd before it is rounded.
  /// - Precondition: the power lies within the normal range of Float.
  package static func float(
    powerOfTwo numerator: Int,
    overPowerOfTwo log2Denominator: Int
  ) -> Float {
    Float(DoubleDouble.powerOfTwo(numerator, overPowerOfTwo: log2Denominator).roundedToOdd)
  }
}
