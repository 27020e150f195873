import BinadeNumerics

/// Products of powers as the formula reads: the twin of ``LogarithmicProduct``.
package enum ReferenceLogarithmicProduct {
  /// c[i][j] = sum over p of 2^(E + F), where E and F are the exponents of a[i][p] and b[p][j]; each product and each sum
  /// rounded to float32, in the order of p.
  ///
  /// - Shape: as ``LogarithmicProduct/multiply(_:_:kernel:threads:)``.
  package static func multiply(
    _ a: CodedMatrix,
    of left: any NumericFormat,
    _ b: CodedMatrix,
    of right: any NumericFormat
  ) throws(FormatError) -> [Float] {
    let (one, two) = (try LogarithmicValues(left), try LogarithmicValues(right))
    let fraction = max(one.fractionBitCount, two.fractionBitCount)
    func product(_ x: Int, _ y: Int) -> Float {
      let sign = one.factors[x] * two.factors[y]
      guard abs(sign) == 1 else { return sign }
      let exponent =
        one.exponents[x] << (fraction - one.fractionBitCount)
        + two.exponents[y] << (fraction - two.fractionBitCount)
      return sign * LogarithmicFormat.float(powerOfTwo: exponent, overPowerOfTwo: fraction)
    }
    let (m, k, n) = (a.rows, a.columns, b.columns)
    let count = a.productCount(with: b, bitWidths: (left.bitWidth, right.bitWidth))
    let (x, y) = (a.codes, b.codes)
    var c = [Float](repeating: 0, count: count)
    for i in 0..<m {
      for j in 0..<n {
        for p in 0..<k { c[i * n + j] += product(Int(x[i * k + p]), Int(y[p * n + j])) }
      }
    }
    return c
  }
}
