import BinadeFormats
import BinadeNumerics
import BinadeVerification
import Testing

/// Stochastic rounding against MPFR.
@Suite struct StochasticCheckTests {
  static let formats = (try? FormatCatalog())?.formats ?? []
  static let names = formats.filter { $0.bitWidth <= 8 }.map(\.name)

  /// Checks the compiled codec, and expects nothing wrong.
  func check(
    _ name: String,
    _ bits: Int,
    _ variant: StochasticRounding.Variant,
    _ overflow: OverflowRule,
    _ dialect: Dialect? = nil
  ) throws -> StochasticReport {
    let format = try FormatCatalog().format(named: name)
    let rounding = StochasticRounding(bitCount: bits, variant: variant)
    let report = try StochasticCheck(format, rounding: rounding, overflow: overflow, dialect: dialect).run(
      StochasticCodec(format, rounding: rounding, overflow: overflow, dialect: dialect)
    )
    #expect(report.mismatchCount == 0, "\(name), \(bits), \(variant): \(report.counterexamples)")
    return report
  }

  @Test("all words of every format of up to 8 bits, 2 and 3 random bits", arguments: names)
  func catalogue(name: String) throws {
    for (bits, variant, overflow) in [
      (3, StochasticRounding.Variant.a, OverflowRule.ieee), (2, .b, .saturate), (3, .c, .ieee),
    ] {
      let report = try check(name, bits, variant, overflow)
      #expect(report.inputCount > 60 && report.checkCount > 200)
    }
  }

  @Test("all 4,096 words", arguments: ["nf4", "int4", "float4_e2m1fn", "takum6", "lns3.2"])
  func twelveBits(name: String) throws {
    for variant in StochasticRounding.Variant.allCases {
      let report = try check(name, 12, variant, .ieee)
      #expect(report.checkCount > 2_000_000)
      let bias = try #require(report.meanBias)
      #expect(abs(bias + (variant == .a ? 0x1p-13 : 0)) < 0x1p-45)
    }
  }

  @Test("all 4,096 words of two 8-bit formats", arguments: ["float8_e4m3fn", "posit8"])
  func twelveBitsOfEight(name: String) throws {
    #expect(try check(name, 12, .c, .ieee).checkCount > 50_000_000)
  }

  @Test(
    "wider formats, and as many bits as there are",
    arguments: ["bfloat16", "posit16", "lns6.9", "float32", "tf32", "q15.16", "posit32", "e11m20"]
  )
  func wide(name: String) throws {
    _ = try check(name, 32, .c, .saturate)
    if name != "posit32" { _ = try check(name, 3, .a, .ieee) }
  }

  @Test("dialects", arguments: Dialect.allCases)
  func dialects(dialect: Dialect) throws {
    for name in ["float8_e4m3fn", "float8_e5m2fnuz", "binary8p4ue", "float4_e2m1fn", "float8_e8m0fnu"] {
      _ = try check(name, 4, .c, .ieee, dialect)
    }
  }

  @Test(
    "odd but legal formats",
    arguments: [
      "family: codebook\nvalues: [1, 2, 3, .nan]", "family: codebook\nvalues: [1, 3, .nan]",
      "family: codebook\nvalues: [-3, -1, .nan, .inf]", "family: codebook\nvalues: [0, -0.0, 1, 2]",
      "family: codebook\nvalues: [-0.0, 1]", "family: codebook\nvalues: [-3, -0.7, 0.1, .inf]",
      "family: binaryFloat\nexponentBitCount: 5\nsignificandBitCount: 0\nspecialValues: unsignedZero",
      "family: binaryFloat\nexponentBitCount: 4\nsignificandBitCount: 2\nspecialValues: ieee\nlowestBinade: zeroOnly",
    ]
  )
  func oddFormats(definition: String) throws {
    let format = try FormatDefinitionReader.read(
      yaml: "name: odd\nsource: a test\n" + definition,
      file: "odd.yaml"
    )
    for variant in StochasticRounding.Variant.allCases {
      for overflow in OverflowRule.universal {
        let rounding = StochasticRounding(bitCount: 6, variant: variant)
        let check = try StochasticCheck(format, rounding: rounding, overflow: overflow)
        let codec = try StochasticCodec(format, rounding: rounding, overflow: overflow)
        for report in [check.run(codec), check.run(codec.reference)] {
          #expect(report.mismatchCount == 0, "\(rounding): \(report.counterexamples)")
        }
      }
    }
  }

  @Test(
    "the reference twin on its own",
    arguments: ["float8_e4m3fn", "nf4", "posit8", "lns4.3", "takum8", "tf32"]
  )
  func reference(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    for variant in StochasticRounding.Variant.allCases {
      let rounding = StochasticRounding(bitCount: 2, variant: variant)
      let codec = try StochasticCodec(format, rounding: rounding, overflow: .ieee)
      let report = try StochasticCheck(format, rounding: rounding, overflow: .ieee).run(codec.reference)
      #expect(report.mismatchCount == 0, "\(rounding): \(report.counterexamples)")
    }
  }

  @Test("the biases have their closed forms: -2^-(N+1) for a, 0 for b and c", arguments: [1, 4, 8, 20])
  func bias(bits: Int) throws {
    for name in ["float8_e4m3fn", "nf4", "int4"] {
      // What Doubles next to the evenly spread places leave over.
      let tolerance = 0x1p-45
      let a = try #require(try check(name, bits, .a, .ieee).meanBias)
      #expect(abs(a + 1 / Double(2 << bits)) < tolerance, "\(name): \(a)")
      for variant in [StochasticRounding.Variant.b, .c] {
        let report = try check(name, bits, variant, .ieee)
        #expect(try abs(#require(report.meanBias)) < tolerance)
        #expect(report.biasInputCount >= 100)
      }
    }
  }
}

/// Bugs planted one at a time: each must be caught.
@Suite struct StochasticPlantedBugTests {
  /// A codec with something wrong in it.
  struct Mutant: StochasticSubject {
    let codec: StochasticCodec
    let wrong: @Sendable (Double, UInt32, StochasticCodec) -> UInt32

    func encode(_ value: Float, word: UInt32) -> UInt32 { wrong(Double(value), word, codec) }
    func encode(_ value: Double, word: UInt32) -> UInt32 { wrong(value, word, codec) }
  }

  func mismatches(
    _ name: String,
    _ variant: StochasticRounding.Variant = .c,
    bits: Int = 4,
    _ wrong: @escaping @Sendable (Double, UInt32, StochasticCodec) -> UInt32
  ) throws -> Int {
    // Values of 53 bits: their differences and quotients are no Doubles.
    let format: any NumericFormat =
      name == "thirds"
      ? try CodebookFormat(
        info: FormatInfo(name: name, bitWidth: 3),
        values: [-0.7, -0.1, 0, 1 / 3.0, 0.9, 7.1]
      )
      : try FormatCatalog().format(named: name)
    let rounding = StochasticRounding(bitCount: bits, variant: variant)
    let codec = try StochasticCodec(format, rounding: rounding, overflow: .ieee)
    return try StochasticCheck(format, rounding: rounding, overflow: .ieee).run(
      Mutant(codec: codec, wrong: wrong)
    ).mismatchCount
  }

  /// A code by a count of words of one's own.
  static func code(_ outcome: StochasticOutcome, _ count: UInt64, _ word: UInt32, _ codec: StochasticCodec)
    -> UInt32
  {
    UInt64(word) + count >= codec.rounding.wordCount ? outcome.outer : outcome.inner
  }

  @Test("without a bug nothing is found")
  func none() throws {
    #expect(try mismatches("float8_e4m3fn") { $2.encode($0, word: $1) } == 0)
    let found = try mismatches("float8_e4m3fn") { value, word, codec in
      let outcome = codec.reference.outcome(of: value)
      return Self.code(outcome, outcome.awayCount, word, codec)
    }
    #expect(found == 0)
  }

  @Test("one variant instead of another")
  func variants() throws {
    let format = try FormatCatalog().format(named: "float8_e4m3fn")
    for wrong in StochasticRounding.Variant.allCases {
      let other = try StochasticCodec(
        format,
        rounding: StochasticRounding(bitCount: 4, variant: wrong),
        overflow: .ieee
      )
      for right in StochasticRounding.Variant.allCases {
        let found = try mismatches("float8_e4m3fn", right) { value, word, _ in
          other.encode(value, word: word)
        }
        #expect((found > 0) == (wrong != right), "\(wrong) for \(right)")
      }
    }
  }

  @Test("R > instead of R >=")
  func strict() throws {
    let found = try mismatches("float8_e4m3fn") { value, word, codec in
      let outcome = codec.reference.outcome(of: value)
      return UInt64(word) + outcome.awayCount > codec.rounding.wordCount ? outcome.outer : outcome.inner
    }
    #expect(found > 0)
  }

  @Test("the place measured from the outer neighbour, for negative numbers")
  func wrongNeighbour() throws {
    let found = try mismatches("int4") { value, word, codec in
      let outcome = codec.reference.outcome(of: value)
      guard value < 0, outcome.inner != outcome.outer else { return codec.encode(value, word: word) }
      return Self.code(outcome, codec.rounding.wordCount - outcome.awayCount, word, codec)
    }
    #expect(found > 0)
  }

  @Test("the place rounded to a Double, or to a Float")
  func roundedPlace() throws {
    for (name, isFloat) in [("thirds", false), ("lns4.3", false), ("float8_e4m3fn", true)] {
      for variant in StochasticRounding.Variant.allCases {
        let found = try mismatches(name, variant) { value, word, codec in
          let outcome = codec.reference.outcome(of: value)
          guard outcome.inner != outcome.outer, value.isFinite, abs(value) < 400 else {
            return codec.encode(value, word: word)
          }
          let (lower, upper) = codec.reference.ladder.neighbours(of: value)
          guard lower.code != upper.code else { return codec.encode(value, word: word) }
          let (inner, outer) = abs(lower.value) < abs(upper.value) ? (lower, upper) : (upper, lower)
          let exact = (value - inner.value) / (outer.value - inner.value)
          let place = (isFloat ? Double(Float(exact)) : exact) * 16
          let count =
            switch codec.rounding.variant {
            case .a: place.rounded(.down)
            case .b: place.rounded(.toNearestOrAwayFromZero)
            case .c: place.rounded(.toNearestOrEven)
            }
          return Self.code(outcome, UInt64(count), word, codec)
        }
        #expect(found > 0, "\(name), \(variant)")
      }
    }
  }

  @Test("half a binade's words in a subnormal gap, an end that wraps, a lost sign of zero")
  func others() throws {
    let subnormal = try mismatches("float8_e5m2") { value, word, codec in
      let outcome = codec.reference.outcome(of: value)
      let count = abs(value) < 0x1p-16 ? outcome.awayCount / 2 : outcome.awayCount
      return Self.code(outcome, count, word, codec)
    }
    #expect(subnormal > 0)
    #expect(try mismatches("float8_e4m3fn") { abs($0) > 464 ? 0x7F : $2.encode($0, word: $1) } > 0)
    let sign = try mismatches("float8_e4m3fn") { value, word, codec in
      let code = codec.encode(value, word: word)
      return code == 0x80 ? 0 : code
    }
    #expect(sign > 0)
  }
}
