import BinadeFormats
import BinadeKernels
import BinadeNumerics
import BinadeVerification
import Testing

/// Exact matrix products against MPFR: 10^5 dot products, many of them made to be hard.
@Suite struct ExactProductTests {
  /// A pair of operand formats, and a format for results (nil: float32).
  struct Case: Sendable, CustomTestStringConvertible {
    let left: String
    let right: String
    var result: String?
    var policy = ConversionPolicy()
    var testDescription: String { "\(left) x \(right) -> \(result ?? "float32") \(policy.rounding)" }
  }

  static let cases = [
    Case(left: "float8_e4m3fn", right: "float8_e4m3fn"),
    Case(left: "float8_e5m2", right: "float8_e5m2"),
    Case(left: "float8_e3m4", right: "float8_e4m3"),
    Case(left: "float8_e4m3fn", right: "float8_e5m2"),
    Case(left: "posit8", right: "posit8"),
    Case(left: "posit8", right: "int4"),
    Case(left: "float6_e2m3fn", right: "float4_e2m1fn"),
    Case(left: "binary8p3se", right: "binary8p4se"),
    Case(left: "float16", right: "float16"),
    Case(left: "bfloat16", right: "float8_e4m3fn"),
    Case(left: "posit16", right: "posit16"),
    Case(left: "nf4", right: "int8"),
    // Sums beyond float32 and below its normal range.
    Case(left: "takum_linear8", right: "takum_linear8"),
    Case(left: "float8_e8m0fnu", right: "float8_e8m0fnu"),
    // Irrational values count as Doubles.
    Case(left: "takum8", right: "takum8"),
    Case(left: "lns4.3", right: "lns4.3"),
    Case(left: "float32", right: "float16"),
    Case(left: "float8_e4m3fn", right: "float8_e4m3fn", result: "float8_e4m3fn"),
    Case(
      left: "float8_e5m2",
      right: "float8_e5m2",
      result: "float8_e5m2",
      policy: ConversionPolicy(overflow: .ieee)
    ),
    Case(
      left: "float8_e4m3fn",
      right: "float8_e5m2",
      result: "bfloat16",
      policy: ConversionPolicy(rounding: .up, overflow: .ieee)
    ),
    Case(left: "posit8", right: "posit8", result: "posit8"),
    Case(left: "posit8", right: "posit8", result: "posit16", policy: ConversionPolicy(rounding: .toOdd)),
    Case(left: "float16", right: "float16", result: "float16", policy: ConversionPolicy(overflow: .ieee)),
    Case(left: "float8_e5m2", right: "posit8", result: "float32", policy: ConversionPolicy(overflow: .ieee)),
    Case(left: "takum8", right: "posit8", result: "takum16"),
    Case(left: "float8_e4m3fn", right: "posit8", result: "lns6.9"),
    Case(left: "posit8", right: "posit8", result: "posit32", policy: ConversionPolicy(rounding: .down)),
    Case(left: "int8", right: "int8", result: "int16", policy: ConversionPolicy(rounding: .nearestAway)),
  ]

  /// The first mismatches, as sentences.
  func mismatches(
    _ test: Case,
    _ subject: (CodedMatrix, CodedMatrix, FormatCodec?) throws -> [UInt32]
  ) throws -> (checks: Int, mismatches: Int, first: String) {
    let catalog = try FormatCatalog()
    let (left, right) = (try catalog.format(named: test.left), try catalog.format(named: test.right))
    let result = try test.result.map { (format: try catalog.format(named: $0), policy: test.policy) }
    let oracle = try ExactOracle(left, right, result: result)
    let codec = try result.map { try FormatCodec($0.format, policy: $0.policy) }
    var inputs = HardDotProducts(left, right, result: result?.format)
    var outcome = (checks: 0, mismatches: 0, first: "")
    for round in 0..<4 {
      let (rows, columns) = inputs.next(includingSpecials: round == 3)
      let a = CodedMatrix(rows.flatMap { $0 }, rows: rows.count, columns: rows[0].count)
      let b = CodedMatrix(
        rows[0].indices.flatMap { p in columns.map { $0[p] } },
        rows: rows[0].count,
        columns: columns.count
      )
      let found = try subject(a, b, codec)
      for (i, row) in rows.enumerated() {
        for (j, column) in columns.enumerated() {
          let expected = codec == nil ? Self.bits(oracle.float(row, column)) : oracle.code(row, column)
          outcome.checks += 1
          guard expected != found[i * columns.count + j] else { continue }
          outcome.mismatches += 1
          if outcome.first.isEmpty {
            outcome.first = "\(row) x \(column): \(expected), not \(found[i * columns.count + j])"
          }
        }
      }
    }
    return outcome
  }

  /// One bit pattern for all NaNs.
  static func bits(_ value: Float) -> UInt32 { value.isNaN ? 0x7FC0_0000 : value.bitPattern }

  func product(_ test: Case) throws -> (CodedMatrix, CodedMatrix, FormatCodec?) -> [UInt32] {
    let catalog = try FormatCatalog()
    let product = try ExactProduct(catalog.format(named: test.left), catalog.format(named: test.right))
    return { a, b, codec in
      codec.map { product.multiply(a, b, into: $0) } ?? product.multiply(a, b).map(Self.bits)
    }
  }

  @Test("every output is the exact sum rounded once", arguments: cases)
  func exact(test: Case) throws {
    let outcome = try mismatches(test, product(test))
    #expect(outcome.checks == 4 * 32 * 32)
    #expect(outcome.mismatches == 0, "\(outcome.mismatches): \(outcome.first)")
  }

  @Test("the reference twin is as exact")
  func reference() throws {
    let catalog = try FormatCatalog()
    for test in [Self.cases[1], Self.cases[4], Self.cases[17], Self.cases[26]] {
      let (left, right) = (try catalog.format(named: test.left), try catalog.format(named: test.right))
      let outcome = try mismatches(test) { a, b, codec in
        if let codec { return try ReferenceExactProduct.multiply(a, of: left, b, of: right, into: codec) }
        return try ReferenceExactProduct.multiply(a, of: left, b, of: right).map(Self.bits)
      }
      #expect(outcome.mismatches == 0, "\(outcome.first)")
    }
  }

  @Test("a result rounded to float32 first is caught", arguments: [17, 20, 22])
  func roundedTwice(index: Int) throws {
    let test = Self.cases[index]
    let exact = try product(test)
    let outcome = try mismatches(test) { a, b, codec in
      let codec = try #require(codec)
      return exact(a, b, nil).map { codec.encode(Float(bitPattern: $0)) }
    }
    #expect(outcome.mismatches > 0)
  }

  @Test("products of low limbs left out are caught")
  func droppedLimb() throws {
    let test = Self.cases[0]
    let format = try FormatCatalog().format(named: test.left)
    // e4m3 values are integers of 18 bits times 2^-9; everything below is exact in Double.
    func low(_ value: Double) -> Double { (value * 512).truncatingRemainder(dividingBy: 512) / 512 }
    let outcome = try mismatches(test) { a, b, _ in
      (0..<a.rows).flatMap { i in
        (0..<b.columns).map { j in
          var sum = 0.0
          for p in 0..<a.columns {
            let x = format.decode(a.codes[i * a.columns + p])
            let y = format.decode(b.codes[p * b.columns + j])
            sum += x * y - low(x) * low(y)
          }
          return Self.bits(Float(sum))
        }
      }
    }
    #expect(outcome.mismatches > 0)
  }

  @Test("sums rounded after every product are caught")
  func roundedSums() throws {
    let test = Self.cases[1]
    let format = try FormatCatalog().format(named: test.left)
    let outcome = try mismatches(test) { a, b, _ in
      ReferenceGEMM.multiply(
        a.codes.map { Float(format.decode($0)) },
        b.codes.map { Float(format.decode($0)) },
        rows: a.rows,
        depth: a.columns,
        columns: b.columns
      ).map(Self.bits)
    }
    #expect(outcome.mismatches > 0)
  }
}
