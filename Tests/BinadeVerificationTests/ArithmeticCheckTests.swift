import BinadeFormats
import BinadeNumerics
import BinadeVerification
import Testing

/// Arithmetic against MPFR.
@Suite struct ArithmeticCheckTests {
  static let small = ((try? FormatCatalog())?.formats ?? []).filter { $0.bitWidth <= 8 }.map(\.name)

  func mismatches(
    _ name: String,
    _ policy: ConversionPolicy,
    _ operations: [ArithmeticOperation] = ArithmeticOperation.allCases,
    subject: ((FormatArithmetic) -> any ArithmeticSubject)? = nil
  ) throws -> Int {
    let format = try FormatCatalog().format(named: name)
    let arithmetic = try FormatArithmetic(format, policy: policy)
    let check = try ArithmeticCheck(format, policy: policy)
    var count = 0
    for operation in operations {
      let report =
        if let subject { Self.run(check, subject(arithmetic), operation) } else {
          check.run(arithmetic, operation)
        }
      #expect(report.checkCount > 0)
      if subject == nil {
        #expect(report.mismatchCount == 0, "\(name) \(operation) \(policy): \(report.counterexamples)")
      }
      count += report.mismatchCount
    }
    return count
  }

  static func run(
    _ check: ArithmeticCheck,
    _ subject: some ArithmeticSubject,
    _ operation: ArithmeticOperation
  )
    -> VerificationReport
  {
    check.run(subject, operation)
  }

  @Test("all pairs of codes of every format of up to 8 bits, every operation", arguments: small)
  func allPairs(name: String) throws {
    #expect(try mismatches(name, ConversionPolicy(rounding: .nearestEven, overflow: .ieee)) == 0)
  }

  @Test(
    "the other rules on one format of each kind",
    arguments: ["float6_e3m2fn", "binary6p3se", "posit6_es1", "takum7", "lns3.2", "int4", "uq2.2", "nf4"]
  )
  func rules(name: String) throws {
    for rounding in RoundingRule.allCases {
      for overflow in OverflowRule.universal {
        #expect(try mismatches(name, ConversionPolicy(rounding: rounding, overflow: overflow)) == 0)
      }
    }
  }

  @Test("codes that wrap around", arguments: ["int4", "uint8", "q3.4"])
  func wrapping(name: String) throws {
    for rounding in [RoundingRule.nearestEven, .down] {
      #expect(try mismatches(name, ConversionPolicy(rounding: rounding, overflow: .wrap)) == 0)
    }
  }

  @Test(
    "wider formats on stratified operands",
    arguments: [
      "float16", "bfloat16", "posit16", "takum16", "lns6.9", "int16", "float32", "posit32", "takum32",
      "q15.16",
    ]
  )
  func wide(name: String) throws {
    let policy = ConversionPolicy(rounding: .nearestEven, overflow: .ieee)
    #expect(try mismatches(name, policy, [.add, .mul, .div]) == 0)
  }

  struct Mutant: ArithmeticSubject {
    let arithmetic: FormatArithmetic
    let body: @Sendable (FormatArithmetic, ArithmeticOperation, UInt32, UInt32, UInt32) -> UInt32
    func apply(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32, _ c: UInt32) -> UInt32 {
      body(arithmetic, operation, a, b, c)
    }
  }

  func caught(
    _ name: String,
    _ operation: ArithmeticOperation,
    rounding: RoundingRule = .nearestEven,
    _ body: @escaping @Sendable (FormatArithmetic, ArithmeticOperation, UInt32, UInt32, UInt32) -> UInt32
  ) throws -> Bool {
    try mismatches(name, ConversionPolicy(rounding: rounding, overflow: .ieee), [operation]) {
      Mutant(arithmetic: $0, body: body)
    } > 0
  }

  @Test("a fused product rounded twice is caught")
  func unfused() throws {
    #expect(
      try caught("float8_e4m3fn", .fma) { arithmetic, _, a, b, c in
        arithmetic.apply(.add, arithmetic.apply(.mul, a, b), c)
      }
    )
  }

  @Test("a quotient computed as a product with a rounded reciprocal is caught")
  func reciprocal() throws {
    #expect(
      try caught("float8_e5m2", .div) { arithmetic, _, a, b, _ in
        arithmetic.apply(.mul, a, arithmetic.apply(.div, arithmetic.codec.encode(Float(1)), b))
      }
    )
  }

  @Test("the sign of a zero sum under 'down' is caught")
  func zeroSum() throws {
    #expect(
      try caught("float8_e5m2", .add, rounding: .down) { arithmetic, operation, a, b, c in
        let code = arithmetic.apply(operation, a, b, c)
        return code == 0x80 && a ^ b == 0x80 ? 0 : code
      }
    )
  }

  @Test("a posit sum that becomes zero is caught")
  func positUnderflow() throws {
    #expect(
      try caught("posit8", .mul) { arithmetic, operation, a, b, c in
        let code = arithmetic.apply(operation, a, b, c)
        return code == 1 && a != 0x40 && b != 0x40 ? 0 : code
      }
    )
  }

  @Test("special values, by hand")
  func specials() throws {
    func result(
      _ name: String,
      _ operation: ArithmeticOperation,
      _ a: UInt32,
      _ b: UInt32 = 0,
      _ overflow: OverflowRule = .ieee
    )
      throws -> UInt32
    {
      try FormatArithmetic(FormatCatalog().format(named: name), policy: ConversionPolicy(overflow: overflow))
        .apply(operation, a, b)
    }
    // 448 + 448: NaN, or 448.
    #expect(try result("float8_e4m3fn", .add, 0x7E, 0x7E) == 0x7F)
    #expect(try result("float8_e4m3fn", .add, 0x7E, 0x7E, .saturate) == 0x7E)
    // 1 / 0: infinity, NaN where there is none, the greatest value where there is neither.
    #expect(try result("float8_e5m2", .div, 0x3C, 0x80) == 0xFC)
    #expect(try result("float8_e4m3fn", .div, 0x38, 0) == 0x7F)
    #expect(try result("int8", .div, 1, 0) == 127 && result("int8", .div, 0xFF, 0) == 128)
    #expect(try result("posit8", .div, 0x40, 0) == 0x80 && result("lns4.3", .div, 0, 0x40) == 0xC0)
    #expect(try result("takum8", .sqrt, 0xC0) == 0x80)
    // P3109: infinity / 0 is NaN.
    #expect(try result("binary8p4se", .div, 0x7F, 0) == 0x80)
    #expect(try result("float8_e5m2", .div, 0x7C, 0) == 0x7C)
    // infinity - infinity, 0 · infinity, the root of -0.
    #expect(
      try result("float8_e5m2", .sub, 0x7C, 0x7C) == 0x7E && result("float8_e5m2", .mul, 0, 0xFC) == 0x7E
    )
    #expect(try result("float8_e5m2", .sqrt, 0x80) == 0x80)
    let int4 = try FormatArithmetic(FormatCatalog().format(named: "int4"))
    #expect(int4.isNaN(.div, 0, 0) && !int4.isNaN(.div, 1, 0) && int4.isNaN(.sqrt, 0xF))
  }

  @Test("a conversion between formats is one rounding, also from irrational values")
  func conversion() throws {
    let catalog = try FormatCatalog()
    let target = try FormatArithmetic(
      catalog.format(named: "float8_e4m3fn"),
      policy: ConversionPolicy(overflow: .ieee)
    )
    #expect(target.convert(0x3C01, from: try catalog.format(named: "float16")) == 0x38)
    // 2^(1/8) = 1.0905: nearest is 1.125.
    #expect(target.convert(1, from: try catalog.format(named: "lns4.3")) == 0x39)
    // 2^(63/8) = 234.8 rounds to 235, which is -21 modulo 256: no saturation on the way.
    let wrapping = try FormatArithmetic(
      catalog.format(named: "int8"),
      policy: ConversionPolicy(overflow: .wrap)
    )
    #expect(wrapping.convert(63, from: try catalog.format(named: "lns4.3")) == 235)
    let back = try FormatArithmetic(catalog.format(named: "lns6.9"), policy: ConversionPolicy(rounding: .up))
    // 2^(1/8) is 2^(64/512): exactly a value, though no Double.
    #expect(back.convert(1, from: try catalog.format(named: "lns4.3")) == 64)
  }

  @Test("magnitudes that Doubles cannot multiply are refused")
  func refused() throws {
    let wide = try FormatCatalog().format(named: "binary16p5se")
    #expect(throws: FormatError.self) { try FormatArithmetic(wide) }
    let fixed = try FormatCatalog().format(named: "q15.16")
    #expect(throws: FormatError.self) {
      try FormatArithmetic(fixed, policy: ConversionPolicy(overflow: .wrap))
    }
  }
}
