import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

/// Products of powers and sums within logarithmic formats, against their twins bit for bit.
@Suite struct LogarithmicProductTests {
  /// 1, 2, 3, both tiles ± 1, primes, beyond a block of depth.
  static let sizes: [(m: Int, k: Int, n: Int)] = [
    (1, 1, 1), (2, 3, 2), (3, 2, 3), (3, 7, 23), (4, 8, 24), (5, 9, 25), (7, 31, 47), (8, 32, 48),
    (9, 33, 49),
    (13, 521, 5), (2, 1031, 3),
  ]

  func matrix(
    _ format: any NumericFormat,
    _ rows: Int,
    _ columns: Int,
    _ numbers: inout TestNumbers
  ) -> CodedMatrix {
    let greatest = (1 << format.bitWidth) - 1
    // NaN now and then, not in every sum.
    return CodedMatrix(
      (0..<rows * columns).map { _ in
        let code = UInt32(numbers.nextInteger(0...greatest))
        return format.decode(code).isNaN && numbers.nextInteger(0...9) != 0 ? 0 : code
      },
      rows: rows,
      columns: columns
    )
  }

  static func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern } }

  @Test(
    "every kernel equals the twin",
    arguments: [
      ("lns4.3", "lns4.3"), ("lns3.4", "lns3.4"), ("pot4", "pot4"), ("pot4", "lns4.3"), ("lns4.3", "pot5"),
      ("lns3.2", "lns4.3"), ("lns4.3_linear", "lns3.4"),
    ]
  )
  func kernels(left: String, right: String) throws {
    let catalog = try FormatCatalog()
    let (one, two) = (try catalog.format(named: left), try catalog.format(named: right))
    let product = try LogarithmicProduct(one, two)
    var numbers = TestNumbers(seed: 21)
    for (m, k, n) in Self.sizes {
      let a = matrix(one, m, k, &numbers)
      let b = matrix(two, k, n, &numbers)
      let expected = Self.bits(try ReferenceLogarithmicProduct.multiply(a, of: one, b, of: two))
      for kernel in KernelTable.logarithmicRows {
        let found = Self.bits(product.multiply(a, b, kernel: kernel))
        #expect(found == expected, "\(kernel.name) \(m) x \(k) x \(n)")
      }
    }
  }

  @Test("sums within the format equal the twin", arguments: ["lns4.3", "lns3.4", "lns4.3_linear", "pot4"])
  func sums(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    var numbers = TestNumbers(seed: 22)
    for policy in [ConversionPolicy(), ConversionPolicy(rounding: .towardZero, overflow: .ieee)] {
      let sums = try LogarithmicSums(format, policy: policy)
      let arithmetic = try FormatArithmetic(format, policy: policy)
      for (m, k, n) in [(1, 1, 1), (3, 7, 23), (5, 101, 13)] {
        let a = matrix(format, m, k, &numbers)
        let b = matrix(format, k, n, &numbers)
        #expect(sums.multiply(a, b) == ReferenceLogarithmicSums.multiply(a, b, in: arithmetic))
      }
    }
  }

  @Test("1, 2 and 7 threads give the same bits")
  func threads() throws {
    let format = try FormatCatalog().format(named: "lns4.3")
    let (product, sums) = (try LogarithmicProduct(format, format), try LogarithmicSums(format))
    var numbers = TestNumbers(seed: 23)
    let a = matrix(format, 19, 101, &numbers)
    let b = matrix(format, 101, 300, &numbers)
    let one = (Self.bits(product.multiply(a, b)), sums.multiply(a, b))
    for threads in [2, 7] {
      #expect(Self.bits(product.multiply(a, b, threads: threads)) == one.0)
      #expect(sums.multiply(a, b, threads: threads) == one.1)
    }
  }

  @Test("by hand: roots of two, cancellation, zero and NaN")
  func values() throws {
    let format = try FormatCatalog().format(named: "lns4.3")
    let (product, sums) = (try LogarithmicProduct(format, format), try LogarithmicSums(format))
    func results(_ a: [UInt32], _ b: [UInt32]) -> (Float, UInt32) {
      let (row, column) = (
        CodedMatrix(a, rows: 1, columns: a.count), CodedMatrix(b, rows: b.count, columns: 1)
      )
      return (product.multiply(row, column)[0], sums.multiply(row, column)[0])
    }
    // 2^(1/8)·2^(3/8) is the square root of two, though no factor is a float32.
    #expect(results([1], [3]) == (Float(2).squareRoot(), 4))
    // 2^(4/8)·2^(4/8) is 2; 1 - 1 is zero.
    #expect(results([4], [4]) == (2, 8) && results([0, 0], [0, 0x80]) == (0, 0x40))
    #expect(results([0x40, 0], [63, 0]) == (1, 0) && results([0x40], [0x80]).0.sign == .plus)
    #expect(results([0xC0, 0], [0x40, 0]).0.isNaN && results([0xC0, 0], [0x40, 0]).1 == 0xC0)
    // 2^(63/8) squared is beyond the format: the greatest value.
    #expect(results([63], [63]).1 == 63)
    #expect(results([], []) == (0, 0x40))
  }

  @Test("formats that are no powers, or leave float32, are refused")
  func refused() throws {
    let catalog = try FormatCatalog()
    for (left, right) in [
      ("float8_e4m3fn", "lns4.3"), ("pot4", "int8"), ("float8_e8m0fnu", "float8_e8m0fnu"),
      ("lns6.9", "lns4.3"),
      ("posit32", "pot4"),
    ] {
      let (one, two) = (try catalog.format(named: left), try catalog.format(named: right))
      #expect(throws: FormatError.self) { try LogarithmicProduct(one, two) }
    }
    for name in ["lns6.9", "float8_e8m0fnu"] {
      let format = try catalog.format(named: name)
      #expect(throws: FormatError.self) { try LogarithmicSums(format) }
    }
  }

  @Test("empty matrices have empty or zero products")
  func empty() throws {
    let format = try FormatCatalog().format(named: "pot4")
    let none: [UInt32] = []
    let (row, column) = (CodedMatrix(none, rows: 2, columns: 0), CodedMatrix(none, rows: 0, columns: 2))
    #expect(try LogarithmicProduct(format, format).multiply(row, column) == [0, 0, 0, 0])
    #expect(try LogarithmicProduct(format, format).multiply(column, row).isEmpty)
    #expect(try LogarithmicSums(format).multiply(column, row).isEmpty)
  }
}
