import BinadeNumerics

/// Matrix products of coded operands without any rounding but the last: every output is the exact dot product, rounded
/// once.
///
/// ```swift
/// let product = try ExactProduct(e4m3, e5m2)
/// let c = product.multiply(weights, activations)                        // float32, rounded once
/// let codes = product.multiply(weights, activations, into: posit8Codec) // the same sums as posits, rounded once
/// ```
///
/// Scales of rows and columns stay outside: the caller applies them to the results.
///
/// - Error: half an ulp of the result, or what the codec's rule says of the exact sum. Irrational values (logarithmic
///   formats, logarithmic takums) count as the Doubles nearest to them.
/// - Special values: NaN, infinity times zero and infinities of both signs make a NaN; one infinity makes that infinity;
///   a codec treats them by its policy. A sum of zero is +0. Beyond the range, float32 results are infinite.
/// - Source: Kulisch, Computer Arithmetic and Validity, 2nd edition 2013, chapter 8 (exact dot product); Ozaki, Ogita,
///   Oishi and Rump, Error-free transformations of matrix multiplication, Numerical Algorithms 59, 2012 (products of
///   slices).
package struct ExactProduct: Sendable {
  /// How sums are kept exact.
  package enum Method: Sendable, Hashable {
    /// Products of 16-bit integer matrices: so many for each product of values.
    case limbs(products: Int)
    /// A Kulisch accumulator for every output, one product at a time.
    case accumulator
  }

  private let left: ExactValues
  private let right: ExactValues

  /// Prepares products of codes of `left` with codes of `right`.
  ///
  /// Throws `FormatError` when a format has no ladder, or magnitudes that Doubles do not reach.
  package init(_ left: any NumericFormat, _ right: any NumericFormat) throws(FormatError) {
    self.left = try ExactValues(left)
    self.right = try ExactValues(right)
  }

  /// Returns a · b, each element rounded once to float32, ties to even.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, row-major.
  /// - Complexity: O(m·n·k) products of 16-bit integers, times ``Method/limbs(products:)``; the result does not depend on
  ///   the number of threads.
  /// - Precondition: `a.columns == b.rows`, and codes are below 2^bitWidth.
  package func multiply(_ a: CodedMatrix, _ b: CodedMatrix, threads: Int = 1) -> [Float] {
    multiply(a, b, kernel: KernelTable.int16(), threads: threads)
  }

  /// Returns a · b, each element rounded once by the policy of `codec`, with no float32 in between.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, row-major.
  /// - Precondition: `a.columns == b.rows`, codes are below 2^bitWidth, and the codec does not wrap around.
  package func multiply(
    _ a: CodedMatrix,
    _ b: CodedMatrix,
    into codec: FormatCodec,
    threads: Int = 1
  ) -> [UInt32] {
    multiply(a, b, into: codec, kernel: KernelTable.int16(), threads: threads)
  }

  /// Returns how ``multiply(_:_:threads:)`` would compute: limbs where the values that the matrices hold span few enough
  /// bits.
  package func method(_ a: CodedMatrix, _ b: CodedMatrix) -> Method {
    plan(a, b).map { .limbs(products: $0.plan.pairCount) } ?? .accumulator
  }

  package func multiply(_ a: CodedMatrix, _ b: CodedMatrix, kernel: Int16MicroKernel, threads: Int) -> [Float]
  {
    product(a, b, kernel, threads, empty: 0) {
      $0.roundedToFloat
    } special: {
      Float($0)
    } accumulated: {
      $0.roundedToFloat()
    }
  }

  package func multiply(
    _ a: CodedMatrix,
    _ b: CodedMatrix,
    into codec: FormatCodec,
    kernel: Int16MicroKernel,
    threads: Int
  ) -> [UInt32] {
    let encoder = ExactEncoder(codec)
    return product(a, b, kernel, threads, empty: 0) {
      let (high, low) = $0.asTwoDoubles
      return encoder.encode(high: high, low: low)
    } special: {
      encoder.encode(high: $0, low: 0)
    } accumulated: {
      $0.rounded(with: encoder)
    }
  }

  private func plan(_ a: CodedMatrix, _ b: CodedMatrix) -> (plan: LimbPlan, hasSpecials: Bool)? {
    guard left.format.bitWidth <= 16, right.format.bitWidth <= 16,
      let one = ExactOperand(a, of: left), let two = ExactOperand(b, of: right),
      let plan = LimbPlan(one, two, depth: a.columns)
    else { return nil }
    return (plan, one.hasSpecials || two.hasSpecials)
  }

  private func product<Output>(
    _ a: CodedMatrix,
    _ b: CodedMatrix,
    _ kernel: Int16MicroKernel,
    _ threads: Int,
    empty: Output,
    rounding: (ExactSum) -> Output,
    special: (Double) -> Output,
    accumulated: (ExactAccumulator) -> Output
  ) -> [Output] {
    let count = a.productCount(with: b, bitWidths: (left.format.bitWidth, right.format.bitWidth))
    guard let (plan, hasSpecials) = plan(a, b) else {
      return ReferenceExactProduct.product(
        a,
        left,
        b,
        right,
        threads: threads,
        empty: empty,
        rounding: accumulated
      )
    }
    var results = Array(repeating: empty, count: count)
    if plan.sumBitCount <= 64 {
      let product = LimbProduct<Int64>(plan: plan, a: a, b: b, kernel: kernel, threads: threads)
      round(product, into: &results) { rounding(ExactSum(Int128($0), exponent: plan.exponent)) }
    } else {
      let product = LimbProduct<Int128>(plan: plan, a: a, b: b, kernel: kernel, threads: threads)
      round(product, into: &results) { rounding(ExactSum($0, exponent: plan.exponent)) }
    }
    if hasSpecials {
      SpecialPlaces(a, left, b, right).visitOutputs { results[$0] = special($1) }
    }
    return results
  }

  private func round<Sum: FixedWidthInteger & SignedInteger & Sendable, Output>(
    _ product: LimbProduct<Sum>,
    into results: inout [Output],
    _ rounding: (Sum) -> Output
  ) {
    let (rows, columns, extent) = (product.a.rows, product.b.columns, LimbProduct<Sum>.partExtent)
    results.withUnsafeMutableBufferPointer { results in
      guard let base = results.baseAddress else { return }
      for firstRow in stride(from: 0, to: rows, by: extent) {
        for firstColumn in stride(from: 0, to: columns, by: extent) {
          let part = (
            rows: firstRow..<min(firstRow + extent, rows),
            columns: firstColumn..<min(firstColumn + extent, columns)
          )
          let sums = product.sums(rows: part.rows, columns: part.columns)
          ParallelLoop.run(count: part.rows.count, threads: product.threads) { row in
            let target = base + (firstRow + row) * columns + firstColumn
            for column in 0..<part.columns.count {
              target[column] = rounding(sums[row * part.columns.count + column])
            }
          }
        }
      }
    }
  }
}
