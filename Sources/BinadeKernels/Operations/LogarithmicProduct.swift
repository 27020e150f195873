import BinadeNumerics
import CBinadeKernels

/// Matrix products of signed powers of 2^(1/2^f): exponents add, products are rounded once, sums are float32.
///
/// The product of 2^(E/2^f) and 2^(F/2^f) is 2^((E + F)/2^f), correctly rounded to float32. The other way, decoding both
/// operands to float32 and multiplying, rounds irrational values three times: each factor, and the product.
///
/// - Error: each product is within half an ulp; one rounding per sum, in the order of k.
/// - Special values: NaN and infinities as in float32. Beyond the range, sums are infinite.
/// - Source: Kingsbury and Rayner, Digital Filtering Using Logarithmic Arithmetic, Electronics Letters 7(2), 1971;
///   Vogel, Liang, Guntoro, Stechele and Ascheid, Efficient Hardware Acceleration of CNNs Using Logarithmic Data
///   Representation with Arbitrary log-base, ICCAD 2018 (exponents added, the fraction from a table).
package struct LogarithmicProduct: Sendable {
  private let left: LogarithmicValues
  private let right: LogarithmicValues
  /// Classes of exponents of the left operand modulo one.
  private let planeCount: Int
  /// By right code and plane: the right value times the root of two of that class, rounded to float32.
  private let planes: [Float]

  /// Prepares products of codes of `left` with codes of `right`.
  ///
  /// Throws `FormatError` when a format has other values than powers of 2^(1/2^f), f is above 6, or products leave the
  /// normal range of float32.
  package init(_ left: any NumericFormat, _ right: any NumericFormat) throws(FormatError) {
    let (one, two) = (try LogarithmicValues(left), try LogarithmicValues(right))
    let fraction = max(one.fractionBitCount, two.fractionBitCount)
    let unit = 1 << fraction
    let (scaleOfOne, scaleOfTwo) = (unit >> one.fractionBitCount, unit >> two.fractionBitCount)
    let normal = -126 * unit...127 * unit
    let least = one.range.lowerBound * scaleOfOne + two.range.lowerBound * scaleOfTwo
    let greatest = one.range.upperBound * scaleOfOne + two.range.upperBound * scaleOfTwo
    // A plane may lie one binade above its value.
    let places = [
      least, greatest, one.range.lowerBound * scaleOfOne, one.range.upperBound * scaleOfOne,
      two.range.lowerBound * scaleOfTwo, two.range.upperBound * scaleOfTwo + unit,
    ]
    guard places.allSatisfy({ normal.contains($0) }) else {
      throw .invalidParameter(
        format: "\(left.name) x \(right.name)",
        parameter: "magnitudes",
        found: "products from 2^\(least >> fraction) to 2^\(greatest >> fraction)",
        allowed: "2^-126 to 2^127: the normal range of float32"
      )
    }
    self.left = one
    self.right = two
    let planeCount = 1 << one.fractionBitCount
    self.planeCount = planeCount
    planes = two.factors.indices.flatMap { code in
      (0..<planeCount).map { plane in
        let factor = two.factors[code]
        guard abs(factor) == 1 else { return factor }
        let exponent = two.exponents[code] * scaleOfTwo + plane * scaleOfOne
        return factor * LogarithmicFormat.float(powerOfTwo: exponent, overPowerOfTwo: fraction)
      }
    }
  }

  /// Returns a · b in float32.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, row-major.
  /// - Complexity: O(m·n·k); the result depends neither on the number of threads nor on the kernel.
  /// - Precondition: `a.columns == b.rows`, and codes are below 2^bitWidth.
  package func multiply(
    _ a: CodedMatrix,
    _ b: CodedMatrix,
    kernel: LogarithmicMicroKernel = KernelTable.logarithmic(),
    threads: Int = 1
  ) -> [Float] {
    let count = a.productCount(with: b, bitWidths: (left.format.bitWidth, right.format.bitWidth))
    guard count > 0, a.columns > 0 else { return Array(repeating: 0, count: count) }
    let block = LogarithmicBlock(
      kernel: kernel,
      planeCount: planeCount,
      planes: planes,
      rows: packedRows(a, kernel),
      rowCount: a.rows,
      codes: b.codes,
      depth: b.rows,
      columnCount: b.columns
    )
    return Array(unsafeUninitializedCapacity: count) { results, initialized in
      guard let c = results.baseAddress else { return }
      let width = kernel.tileColumns
      ParallelLoop.run(count: (b.columns + width - 1) / width, threads: threads) { panel in
        block.run(columns: panel * width..<min((panel + 1) * width, b.columns), into: c)
      }
      initialized = count
    }
  }

  /// The factors of A, a panel of tile rows after the other; rows that are missing are zero.
  private func packedRows(
    _ a: CodedMatrix,
    _ kernel: LogarithmicMicroKernel
  ) -> [binade_logarithmic_factor] {
    let table = left.factors.indices.map { code -> binade_logarithmic_factor in
      let exponent = left.exponents[code]
      let fraction = exponent & (planeCount - 1)
      let power = Float(sign: .plus, exponent: exponent >> left.fractionBitCount, significand: 1)
      return binade_logarithmic_factor(
        power: left.factors[code] * power,
        plane_offset: UInt32(fraction * kernel.tileColumns)
      )
    }
    let (rows, depth) = (kernel.tileRows, a.columns)
    let zero = binade_logarithmic_factor(power: 0, plane_offset: 0)
    var packed = [binade_logarithmic_factor](
      repeating: zero,
      count: (a.rows + rows - 1) / rows * rows * depth
    )
    let codes = a.codes
    for row in 0..<a.rows {
      let first = row / rows * rows * depth + row % rows
      for p in 0..<depth { packed[first + p * rows] = table[Int(codes[row * depth + p])] }
    }
    return packed
  }
}
