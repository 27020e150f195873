import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

@Suite struct CodedProductTests {
  static let pairs: [(String, String, Datapath)] = [
    ("int4", "int4", .integer4), ("float4_e2m1fn", "float4_e2m1fn", .integer4),
    ("float6_e2m3fn", "int4", .integer4), ("int8", "int8", .integer8), ("uint8", "int8", .integer8),
    ("int8", "uint8", .integer16), ("float8_e3m4", "float4_e2m1fn", .integer16),
    ("float8_e4m3fn", "float8_e4m3fn", .float32), ("int4", "float8_e5m2", .float32),
    ("posit8", "nf4", .float32), ("float32", "float32", .float32), ("tf32", "int8", .float32),
  ]

  /// Codes of finite values, all of them in turn.
  static func codes(_ format: any NumericFormat, _ count: Int, _ numbers: inout TestNumbers) -> [UInt32] {
    let greatest = (1 << format.bitWidth) - 1
    return (0..<count).map { _ in
      while true {
        let code = UInt32(truncatingIfNeeded: numbers.nextInteger(0...greatest))
        // Of wide formats, magnitudes whose products stay well within float32.
        let value = format.decode(code)
        if value.isFinite, format.bitWidth <= 16 || (0x1p-30...0x1p30).contains(abs(value)) { return code }
      }
    }
  }

  @Test("every datapath multiplies every pair of formats within its bound", arguments: pairs)
  func products(activations: String, weights: String, expected: Datapath) throws {
    let catalog = try FormatCatalog()
    let (left, right) = (try catalog.format(named: activations), try catalog.format(named: weights))
    var numbers = TestNumbers(seed: 11)
    for (m, k, n) in [(1, 1, 1), (3, 2, 5), (13, 37, 33), (7, 1031, 17)] {
      let a = CodedMatrix(Self.codes(left, m * k, &numbers), rows: m, columns: k)
      let b = CodedMatrix(Self.codes(right, k * n, &numbers), rows: k, columns: n)
      let (x, y) = (a.codes.map { left.decode($0) }, b.codes.map { right.decode($0) })
      var results: Set<[UInt32]> = []
      for limit: CPUFeatures in [.portable, .avx2, [.avx2, .avxVNNI], .detected] {
        let features = limit.intersection(.detected)
        let product = try CodedProduct(activations: left, weights: right, depth: k, features: features)
        #expect(product.datapath == expected)
        let found = product.multiply(a, b)
        for threads in [2, 7] { #expect(product.multiply(a, b, threads: threads) == found) }
        results.insert(found.map(\.bitPattern))
        for i in 0..<m {
          for j in 0..<n {
            let terms = (0..<k).map { x[i * k + $0] * y[$0 * n + j] }
            let exact = terms.reduce(0, +)
            // Integers: one rounding. float32: one per product, and one per operand and product that it cannot hold.
            let units: Double = expected == .float32 ? Double(k + 3) : 1
            let bound =
              units * 0x1p-24 * (expected == .float32 ? terms.reduce(0) { $0 + abs($1) } : abs(exact))
            #expect(abs(Double(found[i * n + j]) - exact) <= bound, "\(m)x\(k)x\(n), \(i), \(j)")
          }
        }
      }
      #expect(results.count == 1, "portable and chosen kernels differ")
    }
  }

  @Test("NaN and infinities come through the integer datapath")
  func specials() throws {
    let format = try FormatCatalog().format(named: "float8_e3m4")
    let codes = try [Double.nan, 1, 2, .infinity].map { value in
      try #require(
        format.codes.map { UInt32($0) }.first { code in
          format.decode(code) == value || (value.isNaN && format.decode(code).isNaN)
        }
      )
    }
    let product = try CodedProduct(activations: format, weights: format, depth: 2)
    #expect(product.datapath == .integer16)
    let found = product.multiply(
      CodedMatrix([codes[0], codes[1], codes[2], codes[1], codes[3], codes[1]], rows: 3, columns: 2),
      CodedMatrix([codes[1], codes[2]], rows: 2, columns: 1)
    )
    #expect(found[0].isNaN)
    #expect(found[1] == 4)
    #expect(found[2] == .infinity)
  }

  @Test("empty matrices have empty or zero products")
  func empty() throws {
    let format = try FormatCatalog().format(named: "int8")
    let product = try CodedProduct(activations: format, weights: format, depth: 3)
    let none = CodedMatrix([UInt8](), rows: 0, columns: 3)
    #expect(product.multiply(none, CodedMatrix([UInt8](repeating: 1, count: 6), rows: 3, columns: 2)).isEmpty)
    let flat = CodedMatrix([UInt8](), rows: 2, columns: 0)
    #expect(product.multiply(flat, CodedMatrix([UInt8](), rows: 0, columns: 2)) == [0, 0, 0, 0])
  }
}
