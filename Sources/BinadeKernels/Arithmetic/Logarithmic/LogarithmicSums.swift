import BinadeNumerics

/// Matrix products within a logarithmic format: after every product the sum is a value of the format again.
///
/// Products are exact, since exponents add; the sum with the product is rounded once by the policy. Hardware computes it
/// with Gaussian logarithms, log2(1 ± 2^d); here all results are in a table by sum and product, made by
/// ``FormatArithmetic`` from exact ones.
///
/// - Error: none against that definition.
/// - Special values: as ``FormatArithmetic`` has them: NaN stays NaN; overflow and underflow follow the policy.
/// - Source: Kingsbury and Rayner, Digital Filtering Using Logarithmic Arithmetic, Electronics Letters 7(2), 1971;
///   Miyashita, Lee and Murmann, Convolutional Neural Networks using Logarithmic Data Representation, arXiv
///   1603.01025, 2016.
package struct LogarithmicSums: Sendable {
  /// What tells products apart: the exponent of the product, and 0, ±1 or NaN.
  private struct Product: Hashable {
    let exponent: Int
    let factor: UInt32
  }

  private let bitWidth: Int
  private let zero: UInt8
  /// The number of the product of two codes: equal products have one number.
  private let productNumbers: [UInt16]
  private let productCount: Int
  /// By sum and number of the product: the next sum.
  private let sums: [UInt8]

  /// Prepares the table.
  ///
  /// Throws `FormatError` for formats that are not logarithmic, or wider than 8 bits.
  package init(_ format: any NumericFormat, policy: ConversionPolicy = ConversionPolicy())
    throws(FormatError)
  {
    guard format is LogarithmicFormat, format.bitWidth <= 8 else {
      throw .invalidParameter(
        format: format.name,
        parameter: "bitWidth",
        found: "\(format.bitWidth)",
        allowed: "logarithmic formats of at most 8 bits for sums within the format"
      )
    }
    bitWidth = format.bitWidth
    let arithmetic = try FormatArithmetic(format, policy: policy)
    zero = UInt8(arithmetic.codec.encode(Float(0)))
    let values = try LogarithmicValues(format)
    let codes = 0..<UInt32(1 << bitWidth)
    var numbers: [Product: UInt16] = [:]
    var operands: [(UInt32, UInt32)] = []
    productNumbers = codes.flatMap { a in
      codes.map { b in
        let factor = values.factors[Int(a)] * values.factors[Int(b)]
        let isPower = abs(factor) == 1
        let product = Product(
          exponent: isPower ? values.exponents[Int(a)] + values.exponents[Int(b)] : 0,
          // One bit pattern for zeros of both signs, and one for NaN.
          factor: isPower ? factor.bitPattern : factor.isNaN ? Float.nan.bitPattern : 0
        )
        if let number = numbers[product] { return number }
        let number = UInt16(operands.count)
        numbers[product] = number
        operands.append((a, b))
        return number
      }
    }
    productCount = operands.count
    sums = codes.flatMap { sum in operands.map { UInt8(arithmetic.apply(.fma, $0.0, $0.1, sum)) } }
  }

  /// Returns a · b as codes, every sum rounded to the format, in the order of k, from zero.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, row-major.
  /// - Complexity: O(m·n·k) look-ups; the result does not depend on the number of threads.
  /// - Precondition: `a.columns == b.rows`, and codes are below 2^bitWidth.
  package func multiply(_ a: CodedMatrix, _ b: CodedMatrix, threads: Int = 1) -> [UInt32] {
    let count = a.productCount(with: b, bitWidths: (bitWidth, bitWidth))
    let rows = a.codes
    let columns = b.codes.map { UInt8($0) }
    let width = b.columns
    var results = [UInt8](repeating: zero, count: count)
    results.withUnsafeMutableBufferPointer { results in
      guard let base = results.baseAddress else { return }
      ParallelLoop.run(count: a.rows, threads: threads) { row in
        addProducts(rows[row * a.columns..<(row + 1) * a.columns], columns, to: base + row * width, width)
      }
    }
    return results.map { UInt32($0) }
  }

  /// Adds the products of one row to its sums: a whole row of independent look-ups for every step of depth.
  private func addProducts(
    _ row: ArraySlice<UInt32>,
    _ columns: [UInt8],
    to results: UnsafeMutablePointer<UInt8>,
    _ width: Int
  ) {
    columns.withUnsafeBufferPointer { columns in
      sums.withUnsafeBufferPointer { sums in
        productNumbers.withUnsafeBufferPointer { numbers in
          guard let columns = columns.baseAddress, let sums = sums.baseAddress,
            let numbers = numbers.baseAddress
          else { return }
          for (p, code) in row.enumerated() {
            let (codes, products) = (columns + p * width, numbers + Int(code) << bitWidth)
            for j in 0..<width {
              results[j] = sums[Int(results[j]) * productCount + Int(products[Int(codes[j])])]
            }
          }
        }
      }
    }
  }
}
