import BinadeNumerics

/// Sums within a logarithmic format as the definition reads: the twin of ``LogarithmicSums``.
package enum ReferenceLogarithmicSums {
  /// c[i][j] = fma(a[i][p], b[p][j], c[i][j]) for every p in order, from zero.
  ///
  /// - Shape: as ``LogarithmicSums/multiply(_:_:threads:)``.
  package static func multiply(_ a: CodedMatrix, _ b: CodedMatrix, in arithmetic: FormatArithmetic)
    -> [UInt32]
  {
    let (k, n) = (a.columns, b.columns)
    let (x, y) = (a.codes, b.codes)
    return (0..<a.rows * n).map { place in
      (0..<k).reduce(arithmetic.codec.encode(Float(0))) { sum, p in
        arithmetic.apply(.fma, x[place / n * k + p], y[p * n + place % n], sum)
      }
    }
  }
}
