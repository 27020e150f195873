import BinadeNumerics

/// Exact matrix products as the formula reads: one accumulator per output, rounded once.
///
/// The twin of ``ExactProduct``, and its method for operands whose values span too many bits for limbs.
package enum ReferenceExactProduct {
  /// Returns a · b, each element rounded once to float32.
  ///
  /// - Shape: as ``ExactProduct/multiply(_:_:threads:)``.
  package static func multiply(
    _ a: CodedMatrix,
    of left: any NumericFormat,
    _ b: CodedMatrix,
    of right: any NumericFormat
  ) throws(FormatError) -> [Float] {
    product(a, try ExactValues(left), b, try ExactValues(right), threads: 1, empty: 0) { $0.roundedToFloat() }
  }

  /// Returns a · b, each element rounded once by the policy of `codec`.
  ///
  /// - Shape: as ``ExactProduct/multiply(_:_:into:threads:)``.
  package static func multiply(
    _ a: CodedMatrix,
    of left: any NumericFormat,
    _ b: CodedMatrix,
    of right: any NumericFormat,
    into codec: FormatCodec
  ) throws(FormatError) -> [UInt32] {
    let encoder = ExactEncoder(codec)
    return product(a, try ExactValues(left), b, try ExactValues(right), threads: 1, empty: 0) {
      $0.rounded(with: encoder)
    }
  }

  static func product<Output>(
    _ a: CodedMatrix,
    _ left: ExactValues,
    _ b: CodedMatrix,
    _ right: ExactValues,
    threads: Int,
    empty: Output,
    rounding: (ExactAccumulator) -> Output
  ) -> [Output] {
    let (m, k, n) = (a.rows, a.columns, b.columns)
    let count = a.productCount(with: b, bitWidths: (left.format.bitWidth, right.format.bitWidth))
    var results = Array(repeating: empty, count: count)
    let rows = a.codes
    let columns = b.codes.map(right.part)
    results.withUnsafeMutableBufferPointer { results in
      guard let base = results.baseAddress else { return }
      ParallelLoop.run(count: m, threads: threads) { i in
        var accumulator = ExactAccumulator(left, right)
        let row = (0..<k).map { left.part(rows[i * k + $0]) }
        for j in 0..<n {
          accumulator.clear()
          for p in 0..<k { accumulator.addProduct(row[p], columns[p * n + j]) }
          base[i * n + j] = rounding(accumulator)
        }
      }
    }
    return results
  }
}
