import BinadeFormats
import BinadeNumerics
import BinadeVerification
import Testing

/// The catalogue against MPFR.
@Suite struct ConversionCheckTests {
  static let names = ((try? FormatCatalog())?.formats ?? []).map(\.name)

  static let policies = RoundingRule.allCases.flatMap { rule in
    OverflowRule.universal.map { ConversionPolicy(rounding: rule, overflow: $0) }
  }

  @Test("every conversion of every format equals MPFR's", arguments: names)
  func catalogue(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    // 16-bit formats take a second per policy: three policies here, all of them in `binade verify --all`.
    let isLarge = format.bitWidth == 16
    for policy in Self.policies {
      let isChosen =
        policy.rounding == .nearestEven || (policy.rounding == .up && policy.overflow == .ieee)
      if isLarge && !isChosen { continue }
      let report = try ConversionCheck(format, policy: policy).run(FormatCodec(format, policy: policy))
      #expect(report.mismatchCount == 0, "\(policy): \(report.counterexamples)")
      #expect(report.checkCount >= 100)
    }
  }

  @Test(
    "formats named by their parameters and formats of one's own are checked too",
    arguments: [
      "q2.3", "uq1.6", "lns2.5", "posit3", "posit5_es0", "posit7_es1", "posit8_es0", "posit9_es3",
      "posit10_es4", "posit20_es1", "e3m3", "e2m1", "q10.14", "takum6", "takum_linear11",
      "takum19", "binary3p1se", "binary3p3ue", "binary8p8uf", "binary12p1ue", "binary11p1sf",
    ]
  )
  func parametric(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    for policy in Self.policies {
      let report = try ConversionCheck(format, policy: policy).run(FormatCodec(format, policy: policy))
      #expect(report.mismatchCount == 0, "\(policy): \(report.counterexamples)")
    }
  }

  @Test(
    "codes that wrap around",
    arguments: ["int1", "int4", "int8", "uint8", "int16", "q3.4", "uq4.4", "q7.8", "q15.16", "uq0.32"]
  )
  func wrapping(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    for rule in RoundingRule.allCases {
      let policy = ConversionPolicy(rounding: rule, overflow: .wrap)
      let report = try ConversionCheck(format, policy: policy).run(FormatCodec(format, policy: policy))
      #expect(report.mismatchCount == 0, "\(policy): \(report.counterexamples)")
    }
  }

  @Test("floats, codebooks and narrow integers do not wrap")
  func notWrapping() throws {
    for name in ["float16", "nf4", "int8_narrow", "posit8"] {
      let format = try FormatCatalog().format(named: name)
      #expect(throws: FormatError.self) {
        try FormatCodec(format, policy: ConversionPolicy(overflow: .wrap))
      }
    }
  }

  @Test("the catalogue is there")
  func some() { #expect(Self.names.count >= 73) }

  @Test(
    "odd but legal formats",
    arguments: [
      // No zero, overflow on the low side goes to NaN.
      "family: codebook\nvalues: [1, 2, 3, .nan]",
      "family: codebook\nvalues: [1, 3, .nan]",
      // A negative and a positive value are neighbours, their midpoint on either side of zero.
      "family: codebook\nvalues: [-3, 7]",
      "family: codebook\nvalues: [-9, -2, 1, 4]",
      "family: codebook\nvalues: [-8, -4, -2]",
      "family: codebook\nvalues: [-3, -1, .nan, .inf]",
      // Zero is the least value and has a sign; and the only zero is -0.
      "family: codebook\nvalues: [0, -0.0, 1, 2]",
      "family: codebook\nvalues: [-0.0, 1]",
      "family: codebook\nvalues: [1, .inf, .inf, 2, -.inf]",
      // The greatest value is a power of two: the last step is half of the next.
      "family: binaryFloat\nexponentBitCount: 4\nsignificandBitCount: 1\nspecialValues: finiteNaN",
      "family: binaryFloat\nexponentBitCount: 5\nsignificandBitCount: 0\nspecialValues: unsignedZero",
      "family: binaryFloat\nexponentBitCount: 4\nsignificandBitCount: 2\nspecialValues: ieee\nlowestBinade: zeroOnly",
      // More than 16 bits, every rule for special values.
      "family: binaryFloat\nexponentBitCount: 6\nsignificandBitCount: 12\nspecialValues: finiteNaN",
      "family: binaryFloat\nexponentBitCount: 6\nsignificandBitCount: 12\nspecialValues: finite",
      "family: binaryFloat\nexponentBitCount: 10\nsignificandBitCount: 20\nspecialValues: ieee",
      "family: binaryFloat\nexponentBitCount: 6\nsignificandBitCount: 12\nspecialValues: unsignedZero",
    ]
  )
  func oddFormats(definition: String) throws {
    let format = try FormatDefinitionReader.read(
      yaml: "name: odd\nsource: a test\n" + definition,
      file: "odd.yaml"
    )
    for policy in Self.policies {
      let report = try ConversionCheck(format, policy: policy).run(FormatCodec(format, policy: policy))
      #expect(report.mismatchCount == 0, "\(policy): \(report.counterexamples)")
    }
  }

  @Test("a codebook over 1,900 binades is still exact")
  func wideCodebook() throws {
    let format = try CodebookFormat(
      info: FormatInfo(name: "wide", bitWidth: 3),
      values: [-0x1p900, -1, -0x1p-900, 0x1p-900, 0x1.8p-900, 1, .infinity, .nan]
    )
    for policy in Self.policies {
      let report = try ConversionCheck(format, policy: policy).run(FormatCodec(format, policy: policy))
      #expect(report.mismatchCount == 0, "\(policy): \(report.counterexamples)")
    }
  }
}

/// Bugs planted one at a time: each must be caught.
@Suite struct PlantedBugTests {
  /// A codec with something wrong in it.
  struct Mutant: ConversionSubject {
    let codec: FormatCodec
    var float: @Sendable (Float, FormatCodec) -> UInt32 = { $1.encode($0) }
    var double: @Sendable (Double, FormatCodec) -> UInt32 = { $1.encode($0) }
    var decoded: @Sendable (UInt32, FormatCodec) -> Float = { $1.decode($0) }

    func encode(_ value: Float) -> UInt32 { float(value, codec) }
    func encode(_ value: Double) -> UInt32 { double(value, codec) }
    func decode(_ code: UInt32) -> Float { decoded(code, codec) }
  }

  func mismatches(
    _ name: String,
    _ policy: ConversionPolicy = ConversionPolicy(rounding: .nearestEven, overflow: .ieee),
    _ plant: (inout Mutant) throws -> Void
  ) throws -> Int {
    let format = try FormatCatalog().format(named: name)
    var mutant = Mutant(codec: try FormatCodec(format, policy: policy))
    try plant(&mutant)
    return try ConversionCheck(format, policy: policy).run(mutant).mismatchCount
  }

  @Test("without a bug nothing is found")
  func none() throws {
    #expect(try mismatches("float8_e4m3fn") { _ in } == 0)
  }

  @Test("ties away instead of even")
  func tiesAway() throws {
    let away = try FormatCodec(
      FormatCatalog().format(named: "float8_e4m3fn"),
      policy: ConversionPolicy(rounding: .nearestAway, overflow: .ieee)
    )
    // Half of the 252 finite boundaries are ties that go the other way.
    #expect(try mismatches("float8_e4m3fn") { $0.float = { value, _ in away.encode(value) } } >= 100)
  }

  @Test("subnormals flushed to zero")
  func flush() throws {
    let found = try mismatches("float8_e5m2") { mutant in
      mutant.float = { value, codec in
        abs(value) < 0x1p-14 ? (value.sign == .minus ? 0x80 : 0) : codec.encode(value)
      }
    }
    #expect(found > 0)
  }

  @Test("overflow one Float early, and one late")
  func overflow() throws {
    // 464 is the tie that stays at 448; the next Float is NaN.
    #expect(
      try mismatches("float8_e4m3fn") { $0.float = { $0 >= 464 ? 0x7F : $1.encode($0) } } > 0
    )
    #expect(
      try mismatches("float8_e4m3fn") {
        $0.float = { value, codec in value == Float(464).nextUp ? 0x7E : codec.encode(value) }
      } > 0
    )
  }

  @Test("the sign of zero lost")
  func signOfZero() throws {
    #expect(try mismatches("float16") { $0.float = { $0 == 0 ? 0 : $1.encode($0) } } > 0)
    #expect(
      try mismatches("float16") {
        $0.float = { value, codec in
          let code = codec.encode(value)
          return code == 0x8000 ? 0 : code
        }
      } > 0
    )
  }

  @Test("float64 rounded through float32")
  func doubleRounding() throws {
    #expect(try mismatches("bfloat16") { $0.double = { $1.encode(Float($0)) } } > 0)
  }

  @Test("NaN that became a number, and infinity that became the greatest value")
  func specials() throws {
    #expect(try mismatches("float8_e5m2") { $0.float = { $0.isNaN ? 0 : $1.encode($0) } } > 0)
    #expect(try mismatches("float8_e5m2") { $0.float = { $0 == .infinity ? 0x7B : $1.encode($0) } } > 0)
  }

  @Test("one code decoded wrong")
  func decoding() throws {
    #expect(try mismatches("int8") { $0.decoded = { $0 == 200 ? -55 : $1.decode($0) } } == 1)
    #expect(try mismatches("float8_e4m3fn") { $0.decoded = { $0 == 0x80 ? 0 : $1.decode($0) } } == 1)
  }

  @Test("the boundary of a logarithmic format in the wrong domain")
  func wrongDomain() throws {
    let linear = try FormatCodec(
      FormatCatalog().format(named: "lns4.3_linear"),
      policy: ConversionPolicy(rounding: .nearestEven, overflow: .ieee)
    )
    #expect(try mismatches("lns4.3") { $0.float = { value, _ in linear.encode(value) } } > 0)
  }
}

/// The dialects against MPFR, and cell by cell against what the libraries were seen to do.
@Suite struct DialectTests {
  static let names = [
    "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float4_e2m1fn", "float6_e3m2fn", "binary8p4se",
    "binary8p4sf", "binary8p4ue", "binary8p1uf", "posit8", "lns4.3", "float8_e8m0fnu", "int4", "uint8", "nf4",
  ]

  @Test("every dialect of every kind of format equals MPFR's", arguments: names)
  func oracle(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    // PyTorch drops the sign where there is no zero; that is no rounding, and refused.
    for dialect in Dialect.allCases where name != "float8_e8m0fnu" || dialect != .torch {
      for rule in [RoundingRule.nearestEven, .towardZero, .up, .toOdd] {
        let policy = ConversionPolicy(rounding: rule, dialect: dialect)
        let report = try ConversionCheck(format, policy: policy).run(FormatCodec(format, policy: policy))
        #expect(report.mismatchCount == 0, "\(policy): \(report.counterexamples)")
      }
    }
  }

  func code(_ name: String, _ dialect: Dialect, _ value: Float) throws -> UInt32 {
    try FormatCodec(FormatCatalog().format(named: name), policy: ConversionPolicy(dialect: dialect)).encode(
      value
    )
  }

  @Test("a dialect that is no rounding is refused")
  func refused() throws {
    let format = try FormatCatalog().format(named: "float8_e8m0fnu")
    #expect(throws: FormatError.self) { try FormatCodec(format, policy: ConversionPolicy(dialect: .torch)) }
  }

  @Test("float8_e4m3fn: 464 is a tie that stays, the next Float is NaN or 448")
  func e4m3fn() throws {
    for dialect in Dialect.allCases { #expect(try code("float8_e4m3fn", dialect, 464) == 0x7E) }
    let beyond = Float(464).nextUp
    for dialect in [Dialect.mlDtypes, .onnxNoSat, .ocpNoSat] {
      #expect(try code("float8_e4m3fn", dialect, beyond) == 0x7F)
      #expect(try code("float8_e4m3fn", dialect, .infinity) == 0x7F)
    }
    for dialect in [Dialect.torch, .onnxSat, .ocpSat] {
      #expect(try code("float8_e4m3fn", dialect, beyond) == 0x7E)
      #expect(try code("float8_e4m3fn", dialect, -.infinity) == 0xFE)
    }
  }

  @Test("float8_e5m2 and fnuz")
  func others() throws {
    #expect(try code("float8_e5m2", .onnxSat, .infinity) == 0x7B)
    #expect(try code("float8_e5m2", .torch, 61440) == 0x7C)
    #expect(try code("float8_e4m3fnuz", .onnxSat, 1e6) == 0x7F)
    #expect(try code("float8_e4m3fnuz", .onnxSat, .infinity) == 0x80)
    #expect(try code("float8_e4m3fnuz", .torch, 1e6) == 0x80)
  }

  @Test("NaN into formats without one")
  func missingNaN() throws {
    #expect(try code("float4_e2m1fn", .mlDtypes, .nan) == 0x8)
    #expect(try code("float4_e2m1fn", .mlDtypes, -.nan) == 0)
    #expect(try code("float6_e3m2fn", .onnxSat, .nan) == 0x1F)
  }

  @Test("the saturation modes of P3109")
  func p3109() throws {
    #expect(try code("binary8p4se", .p3109SatNone, 1e6) == 0x7F)
    #expect(try code("binary8p4sf", .p3109SatNone, 1e6) == 0x7F)
    #expect(try code("binary8p4sf", .p3109SatNone, -.infinity) == 0xFF)
    #expect(try code("binary8p4se", .p3109SatPropagate, 1e6) == 0x7E)
    #expect(try code("binary8p4se", .p3109SatPropagate, .infinity) == 0x7F)
    #expect(try code("binary8p4se", .p3109SatFinite, .infinity) == 0x7E)
    #expect(try code("binary8p4ue", .p3109SatFinite, -1) == 0)
    #expect(try code("binary8p4ue", .p3109SatNone, -1) == 0xFF)
  }
}
