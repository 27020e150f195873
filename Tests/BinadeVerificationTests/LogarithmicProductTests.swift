import BinadeFormats
import BinadeKernels
import BinadeNumerics
import BinadeVerification
import Testing

/// Products of powers in float32, and sums within logarithmic formats, against MPFR.
@Suite struct LogarithmicProductTests {
  static let rowCount = 24
  static let depth = 17

  /// Random codes; every fourth row repeats terms with the other sign, so that sums cancel.
  func inputs(_ format: any NumericFormat, seed: UInt64) -> [[UInt32]] {
    var state = seed
    func next(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    let codes = format.codes.map { UInt32($0) }.filter { !format.decode($0).isNaN }
    let signBit = UInt32(1) << UInt32(format.bitWidth - 1)
    return (0..<Self.rowCount).map { row in
      var terms = (0..<Self.depth).map { _ in codes[next(codes.count)] }
      if row % 4 == 0 {
        for p in stride(from: 1, to: Self.depth, by: 2) where format.decode(terms[p - 1]) != 0 {
          terms[p] = terms[p - 1] ^ signBit
        }
      }
      return terms
    }
  }

  /// The places where `found` is not what the oracle says; both matrices are rows of dot products.
  func mismatches<Value: Equatable>(
    _ left: any NumericFormat,
    _ right: any NumericFormat,
    oracle: ([UInt32], [UInt32]) -> Value,
    subject: (CodedMatrix, CodedMatrix) -> [Value]
  ) -> Int {
    var count = 0
    for seed in 1...4 {
      let rows = inputs(left, seed: UInt64(seed))
      // The same terms in columns every other time: cancelling rows meet constant columns.
      let columns = inputs(right, seed: UInt64(seed + 100)).enumerated().map { index, column in
        index % 4 == 0 ? Array(repeating: column[0], count: Self.depth) : column
      }
      let found = subject(
        CodedMatrix(rows.flatMap { $0 }, rows: rows.count, columns: Self.depth),
        CodedMatrix(
          (0..<Self.depth).flatMap { p in columns.map { $0[p] } },
          rows: Self.depth,
          columns: columns.count
        )
      )
      for (i, row) in rows.enumerated() {
        for (j, column) in columns.enumerated() where oracle(row, column) != found[i * columns.count + j] {
          count += 1
        }
      }
    }
    return count
  }

  @Test(
    "float32: every product and every sum rounded once",
    arguments: [
      ("lns4.3", "lns4.3"), ("lns3.4", "lns3.4"), ("lns4.3_linear", "pot4"), ("pot5", "pot5"),
      ("lns3.2", "lns3.4"),
    ]
  )
  func float(left: String, right: String) throws {
    let catalog = try FormatCatalog()
    let (one, two) = (try catalog.format(named: left), try catalog.format(named: right))
    let oracle = try LogarithmicOracle(one, two)
    let product = try LogarithmicProduct(one, two)
    #expect(mismatches(one, two, oracle: oracle.float) { product.multiply($0, $1) } == 0)
  }

  @Test("float32 products of decoded factors are caught")
  func decoded() throws {
    let format = try FormatCatalog().format(named: "lns4.3")
    let oracle = try LogarithmicOracle(format, format)
    let codec = try FormatCodec(format)
    let count = mismatches(format, format, oracle: oracle.float) { a, b in
      GEMM.multiply(
        a.codes.map { codec.decode($0) },
        b.codes.map { codec.decode($0) },
        rows: a.rows,
        depth: a.columns,
        columns: b.columns
      )
    }
    #expect(count > 0)
  }

  static let policies = [
    ConversionPolicy(), ConversionPolicy(rounding: .nearestAway, overflow: .ieee),
    ConversionPolicy(rounding: .down, overflow: .ieee),
  ]

  @Test("in the format: every sum rounded once", arguments: ["lns4.3", "lns3.4", "lns4.3_linear", "pot4"])
  func inFormat(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    for policy in Self.policies {
      let oracle = try LogarithmicOracle(format, format, policy: policy)
      let sums = try LogarithmicSums(format, policy: policy)
      #expect(mismatches(format, format, oracle: oracle.code) { sums.multiply($0, $1) } == 0, "\(policy)")
    }
  }

  @Test("products rounded to the format before they are added are caught")
  func roundedProducts() throws {
    let format = try FormatCatalog().format(named: "lns4.3")
    let oracle = try LogarithmicOracle(format, format)
    let arithmetic = try FormatArithmetic(format)
    let count = mismatches(format, format, oracle: oracle.code) { a, b in
      (0..<a.rows * b.columns).map { place in
        (0..<a.columns).reduce(arithmetic.codec.encode(Float(0))) { sum, p in
          let (i, j) = (place / b.columns, place % b.columns)
          let product = arithmetic.apply(.mul, a.codes[i * a.columns + p], b.codes[p * b.columns + j])
          return arithmetic.apply(.add, product, sum)
        }
      }
    }
    #expect(count > 0)
  }

  /// Sums of two products, the first with 1: every sum meets every pair of codes.
  struct FusedSubject: ArithmeticSubject {
    let sums: LogarithmicSums

    func apply(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32, _ c: UInt32) -> UInt32 {
      // Code 0 is 2^0.
      sums.multiply(
        CodedMatrix([c, a], rows: 1, columns: 2),
        CodedMatrix([UInt32(0), b], rows: 2, columns: 1)
      )[0]
    }
  }

  @Test("in the format: all pairs of codes, each with several sums", arguments: ["lns3.2", "pot4", "pot5"])
  func allPairs(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    let policy = ConversionPolicy(overflow: .ieee)
    let subject = FusedSubject(sums: try LogarithmicSums(format, policy: policy))
    let report = try ArithmeticCheck(format, policy: policy).run(subject, .fma)
    #expect(report.checkCount >= format.codes.count * format.codes.count)
    #expect(report.mismatchCount == 0, "\(report.counterexamples)")
  }
}
