import BinadeFormats
import BinadeNumerics
import BinadeVerification
import Testing

/// Arithmetic with stochastic rounding against MPFR.
@Suite struct StochasticArithmeticTests {
  static func codes(_ format: any NumericFormat) -> [UInt32] {
    let all = (0..<UInt32(1) << UInt32(min(format.bitWidth, 16))).map {
      $0 << UInt32(max(0, format.bitWidth - 16))
    }
    return stride(from: 0, to: all.count, by: max(1, all.count / 32)).map { all[$0] }
  }

  @Test(
    "every operation, variant and number of random bits",
    arguments: ["float8_e4m3fn", "float6_e3m2fn", "int5", "posit8", "nf4", "bfloat16", "posit16", "tf32"]
  )
  func operations(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    for variant in StochasticRounding.Variant.allCases {
      for bits in [1, 8, 16] {
        for overflow in OverflowRule.universal {
          let rounding = StochasticRounding(bitCount: bits, variant: variant)
          let arithmetic = try StochasticArithmetic(format, rounding: rounding, overflow: overflow)
          let check = try StochasticArithmeticCheck(format, rounding: rounding, overflow: overflow)
          for operation in ArithmeticOperation.allCases {
            let codes = operation == .fma ? Array(Self.codes(format).prefix(24)) : Self.codes(format)
            let report = check.run(arithmetic, operation, codes: codes)
            #expect(report.mismatchCount == 0, "\(operation), \(bits)\(variant): \(report.counterexamples)")
          }
        }
      }
    }
  }

  /// Rounds the result to a Double before the format.
  struct Mutant: StochasticArithmeticSubject {
    let arithmetic: FormatArithmetic
    let codec: StochasticCodec

    func apply(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32, _ c: UInt32, word: UInt32)
      -> UInt32
    {
      codec.encode(codec.decode(arithmetic.apply(operation, a, b, c)), word: word)
    }
  }

  @Test("a result that was rounded before is caught")
  func planted() throws {
    let format = try FormatCatalog().format(named: "float8_e4m3fn")
    let rounding = StochasticRounding(bitCount: 8)
    let mutant = Mutant(
      arithmetic: try FormatArithmetic(format),
      codec: try StochasticCodec(format, rounding: rounding)
    )
    let check = try StochasticArithmeticCheck(format, rounding: rounding, overflow: .saturate)
    #expect(check.run(mutant, .div, codes: Self.codes(format)).mismatchCount > 0)
  }

  @Test("random bits that would need more than a Double, and irrational values, are refused")
  func refusals() throws {
    let catalog = try FormatCatalog()
    #expect(throws: FormatError.self) {
      try StochasticArithmetic(catalog.format(named: "float32"), rounding: StochasticRounding(bitCount: 32))
    }
    #expect(throws: FormatError.self) {
      try StochasticArithmetic(catalog.format(named: "lns4.3"), rounding: StochasticRounding())
    }
  }
}
