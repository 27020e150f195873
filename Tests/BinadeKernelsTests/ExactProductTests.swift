import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

/// Exact products by limbs against the accumulator, bit for bit.
@Suite struct ExactProductTests {
  /// 1, 2, 3, tile ± 1, primes, beyond a block of depth, beyond a part of the result.
  static let sizes: [(m: Int, k: Int, n: Int)] = [
    (1, 1, 1), (2, 3, 2), (3, 2, 3), (3, 7, 23), (5, 13, 25), (4, 257, 49), (13, 521, 5), (2, 9001, 3),
    (1, 5, 1031), (1031, 3, 2),
  ]

  func matrix(
    _ format: any NumericFormat,
    _ rows: Int,
    _ columns: Int,
    _ numbers: inout TestNumbers
  ) -> CodedMatrix {
    let greatest = (1 << format.bitWidth) - 1
    return CodedMatrix(
      (0..<rows * columns).map { _ in UInt32(numbers.nextInteger(0...greatest)) },
      rows: rows,
      columns: columns
    )
  }

  static func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern } }

  @Test(
    "limbs equal accumulators, whatever the kernel",
    arguments: [
      ("float8_e4m3fn", "float8_e4m3fn"), ("float8_e5m2", "float8_e5m2"), ("posit8", "posit8"),
      ("float8_e5m2", "int8"), ("float8_e3m4", "posit8"), ("posit16_es1", "int4"),
    ]
  )
  func limbs(left: String, right: String) throws {
    let catalog = try FormatCatalog()
    let (one, two) = (try catalog.format(named: left), try catalog.format(named: right))
    let product = try ExactProduct(one, two)
    var numbers = TestNumbers(seed: 11)
    for (m, k, n) in Self.sizes {
      let a = matrix(one, m, k, &numbers)
      let b = matrix(two, k, n, &numbers)
      guard case .limbs = product.method(a, b) else {
        Issue.record("\(left) x \(right) has no limbs")
        return
      }
      let expected = try ReferenceExactProduct.multiply(a, of: one, b, of: two)
      for kernel in KernelTable.int16Rows {
        let found = product.multiply(a, b, kernel: kernel, threads: 1)
        #expect(Self.bits(found) == Self.bits(expected), "\(kernel.name) \(m) x \(k) x \(n)")
      }
    }
  }

  @Test("all operands at their greatest: no sum of limbs leaves int32")
  func greatest() throws {
    let cases: [(name: String, greatest: UInt32)] = [
      ("float8_e4m3fn", 0xFE), ("float8_e5m2", 0xFB), ("posit8", 0x81), ("int8", 0x80), ("int16", 0x8000),
    ]
    for (name, greatest) in cases {
      let format = try FormatCatalog().format(named: name)
      let product = try ExactProduct(format, format)
      // All codes, so that limbs cannot be chosen for the greatest value alone.
      let all = format.codes.map { UInt32($0) }.filter { format.decode($0).isFinite }
      for count in [1, 1024, 20_011] {
        let codes = all + Array(repeating: greatest, count: count)
        let a = CodedMatrix(codes, rows: 1, columns: codes.count)
        let b = CodedMatrix(codes, rows: codes.count, columns: 1)
        let expected = try ReferenceExactProduct.multiply(a, of: format, b, of: format)
        #expect(product.multiply(a, b) == expected, "\(name) \(count)")
      }
    }
  }

  @Test("1, 2 and 7 threads give the same bits, with limbs and without")
  func threads() throws {
    for name in ["float8_e4m3fn", "posit8", "takum8"] {
      let format = try FormatCatalog().format(named: name)
      let product = try ExactProduct(format, format)
      let codec = try FormatCodec(format)
      var numbers = TestNumbers(seed: 12)
      let a = matrix(format, 19, 101, &numbers)
      let b = matrix(format, 101, 53, &numbers)
      let one = (Self.bits(product.multiply(a, b)), product.multiply(a, b, into: codec))
      for threads in [2, 7] {
        #expect(Self.bits(product.multiply(a, b, threads: threads)) == one.0, "\(name)")
        #expect(product.multiply(a, b, into: codec, threads: threads) == one.1, "\(name)")
      }
    }
  }

  @Test("matrices of small numbers need fewer limbs; wide ones an accumulator")
  func methods() throws {
    let catalog = try FormatCatalog()
    func method(_ name: String, _ codes: [UInt32]) throws -> ExactProduct.Method {
      let format = try catalog.format(named: name)
      let a = CodedMatrix(codes, rows: 1, columns: codes.count)
      let b = CodedMatrix(codes, rows: codes.count, columns: 1)
      return try ExactProduct(format, format).method(a, b)
    }
    #expect(try method("float8_e4m3fn", Array(0..<256)) == .limbs(products: 4))
    #expect(try method("float8_e4m3fn", [0x38, 0x39, 0xB8]) == .limbs(products: 1))
    #expect(try method("float8_e5m2", [0, 0x80]) == .limbs(products: 0))
    #expect(try method("takum8", Array(0..<256)) == .accumulator)
    #expect(try method("float8_e8m0fnu", Array(0..<256)) == .accumulator)
    #expect(try method("float8_e8m0fnu", Array(120..<130)) == .limbs(products: 1))
  }

  @Test("special values")
  func specials() throws {
    let format = try FormatCatalog().format(named: "float8_e5m2")
    let product = try ExactProduct(format, format)
    let codec = try FormatCodec(format, policy: ConversionPolicy(overflow: .ieee))
    let (one, infinity, nan, zero): (UInt32, UInt32, UInt32, UInt32) = (0x3C, 0x7C, 0x7E, 0)
    func result(_ a: [UInt32], _ b: [UInt32]) -> (Float, UInt32) {
      let (row, column) = (
        CodedMatrix(a, rows: 1, columns: a.count), CodedMatrix(b, rows: b.count, columns: 1)
      )
      return (product.multiply(row, column)[0], product.multiply(row, column, into: codec)[0])
    }
    #expect(result([one, infinity], [one, one]) == (.infinity, 0x7C))
    #expect(result([one, infinity], [one, 0xBC]) == (-.infinity, 0xFC))
    #expect(result([infinity, infinity], [infinity, 0xBC]).0.isNaN)
    #expect(result([infinity, one], [zero, one]).0.isNaN)
    #expect(result([nan, one], [zero, one]).1 == 0x7E)
    // 1 - 1 and -0·1 are +0.
    #expect(result([one, one], [one, 0xBC]).0.sign == .plus && result([0x80], [one]).1 == 0)
    #expect(result([], []) == (0, 0))
  }

  @Test("empty matrices have empty or zero products")
  func empty() throws {
    let format = try FormatCatalog().format(named: "float8_e4m3fn")
    let product = try ExactProduct(format, format)
    let none: [UInt32] = []
    #expect(
      product.multiply(CodedMatrix(none, rows: 0, columns: 3), CodedMatrix(none, rows: 3, columns: 0)).isEmpty
    )
    #expect(
      product.multiply(CodedMatrix(none, rows: 2, columns: 0), CodedMatrix(none, rows: 0, columns: 2))
        == [0, 0, 0, 0]
    )
  }

  @Test("the accumulator: documented example, far ends, cancellation through all words")
  func accumulator() throws {
    var sum = ExactAccumulator()
    sum.addProduct(0x1p600, 0x1p-600)
    sum.addProduct(0x1p1000, 0x1p20)
    sum.addProduct(0x1p1000, -0x1p20)
    #expect(sum.roundedToFloat() == 1)
    sum.add(-1)
    #expect(sum == ExactAccumulator())
    sum.add(.leastNonzeroMagnitude)
    sum.addProduct(-.leastNonzeroMagnitude, .leastNonzeroMagnitude)
    #expect(sum.roundedToFloat() == 0)
    let encoder = ExactEncoder(
      try FormatCodec(FormatCatalog().format(named: "posit8"), policy: ConversionPolicy())
    )
    // No number but zero becomes zero.
    #expect(sum.rounded(with: encoder) == 1)
    sum.clear()
    #expect(sum.rounded(with: encoder) == 0)
    sum.addProduct(.greatestFiniteMagnitude, -.greatestFiniteMagnitude)
    #expect(sum.roundedToFloat() == -.infinity && sum.rounded(with: encoder) == 0x81)
    sum.add(.infinity)
    #expect(sum.roundedToFloat() == .infinity)
    sum.add(-.infinity)
    #expect(sum.roundedToFloat().isNaN && sum.rounded(with: encoder) == 0x80)
  }
}
