import BinadeFormats
import BinadeKernels
import BinadeNumerics
import BinadeVerification
import Testing

/// Matrix units: what was measured of them, and their kernels against MPFR.
@Suite struct MatrixUnitTests {
  /// A unit and a pair of formats that it multiplies.
  struct Case: Sendable, CustomTestStringConvertible {
    let unit: MatrixUnit
    let left: String
    let right: String
    var testDescription: String { "\(unit.name): \(left) x \(right)" }
  }

  static let cases = MatrixUnit.all.flatMap { unit in
    let names = unit.operandFormats.count <= 2 ? unit.operandFormats : ["int8", "uint8"]
    return names.flatMap { left in names.map { Case(unit: unit, left: left, right: $0) } }
  }

  @Test("the scalar reference and every row of kernels equal MPFR", arguments: cases)
  func kernels(example: Case) throws {
    let (left, right) = (
      try FormatCatalog().format(named: example.left), try FormatCatalog().format(named: example.right)
    )
    let codecs = (left: try FormatCodec(left), right: try FormatCodec(right))
    let model = try example.unit.model(left: left, right: right)
    for features in FixedPointAccumulationTests.rows {
      let kernel = RoundedMicroKernel(
        model,
        left: OperandBounds(codecs.left),
        right: OperandBounds(codecs.right),
        features: features
      )
      #expect(!kernel.isReference, "\(kernel.name)")
    }
    let subjects: [any AccumulationSubject] =
      [AccumulationReferenceSubject(model)]
      + FixedPointAccumulationTests.rows.map {
        AccumulationKernelSubject(model, operands: codecs, features: $0)
      }
    let reports = try AccumulationCheck(model, left: left, right: right).run(
      subjects,
      vectors: 10_000,
      seed: 5
    )
    for report in reports { #expect(report.mismatchCount == 0, "\(report.counterexamples)") }
  }

  @Test("alignment of other widths, sums in fixed point, other rules", arguments: RoundingRule.allCases)
  func alignments(rounding: RoundingRule) throws {
    for (operands, name, bits, interval) in [
      ("float16", "q15.16", 20, 4), ("bfloat16", "q7.16", 40, 8), ("float8_e4m3fn", "int9", 5, 3),
      ("posit16", "bfloat16", 30, 16), ("float16", "float16", 48, 2),
    ] {
      let format = try FormatCatalog().format(named: operands)
      let codec = try FormatCodec(format)
      for overflow in [OverflowRule.saturate, .wrap] where overflow != .wrap || !name.contains("float") {
        let float32 = try FixedPointAccumulationTests.target("float32", .nearestEven, .ieee)
        for order in [AccumulatorModel.Order.sequential, .chunked(length: 5, into: float32)] {
          let model = AccumulatorModel(
            sum: try FixedPointAccumulationTests.target(name, rounding, overflow),
            interval: interval,
            order: order,
            alignment: AccumulatorAlignment(fractionBitCount: bits)
          )
          let subjects = FixedPointAccumulationTests.rows.map {
            AccumulationKernelSubject(model, operands: (codec, codec), features: $0)
          }
          let reports = try AccumulationCheck(model, left: format, right: format).run(
            subjects,
            vectors: 500,
            seed: 6
          )
          for report in reports {
            #expect(report.mismatchCount == 0, "\(model.description): \(report.counterexamples)")
          }
        }
      }
    }
  }

  @Test("planted bugs: a unit with another width, another group, or nearest rounding is caught")
  func planted() throws {
    let format = try FormatCatalog().format(named: "float16")
    let unit = try #require(MatrixUnit.named("ampere_float16"))
    let right = try unit.model(left: format, right: format)
    let check = try AccumulationCheck(right, left: format, right: format)
    func mismatches(_ model: AccumulatorModel) -> Int {
      check.run([AccumulationKernelSubject(model)], vectors: 5000, seed: 7)[0].mismatchCount
    }
    #expect(mismatches(right) == 0)
    for name in ["volta_float16", "hopper_float16"] {
      #expect(
        mismatches(try #require(MatrixUnit.named(name)).model(left: format, right: format)) > 0,
        "\(name)"
      )
    }
    let nearest = AccumulatorModel(
      sum: try AccumulatorFormat(try #require(right.sum.format), policy: ConversionPolicy(overflow: .ieee)),
      interval: right.interval,
      alignment: right.alignment
    )
    #expect(mismatches(nearest) > 0)
  }

  @Test("the vectors that tell the units' extra bits apart")
  func extraBits() throws {
    // 1 and terms of 2^-24 or 2^-25 that together are 2^-23: kept where the unit aligns to so many bits.
    func sum(_ name: String, _ term: Float, _ count: Int) throws -> Double {
      let format = try FormatCatalog().format(named: "float16")
      let model = try #require(MatrixUnit.named(name)).model(left: format, right: format)
      let small = [Float](repeating: 0x1p-12, count: count)
      let others = [Float](repeating: term * 0x1p12, count: count)
      return ReferenceAccumulation.dot([1] + small, [1] + others, model)
    }
    #expect(try sum("volta_float16", 0x1p-24, 2) == 1)
    #expect(try sum("turing_float16", 0x1p-24, 2) == 1 + 0x1p-23)
    #expect(try sum("ampere_float16", 0x1p-25, 4) == 1)
    #expect(try sum("hopper_float16", 0x1p-25, 4) == 1 + 0x1p-23)
    #expect(try sum("blackwell_float16", 0x1p-25, 4) == 1 + 0x1p-23)
  }

  @Test("names are unique, and a unit refuses other formats by name")
  func names() throws {
    #expect(Set(MatrixUnit.all.map(\.name)).count == MatrixUnit.all.count)
    let (int8, float8) = (
      try FormatCatalog().format(named: "int8"), try FormatCatalog().format(named: "float8_e4m3fn")
    )
    let unit = try #require(MatrixUnit.named("hopper_float8"))
    let error = #expect(throws: FormatError.self) { try unit.model(left: float8, right: int8) }
    #expect(
      error?.description
        == "format 'hopper_float8': 'operands' is int8; allowed: float8_e4m3fn, float8_e5m2"
    )
  }
}
