import BinadeFormats
import BinadeKernels
import BinadeNumerics
import BinadeVerification
import Testing

/// Fixed-point accumulators at full speed against MPFR: every rule, order and overflow, on every instruction set.
@Suite struct FixedPointAccumulationTests {
  /// Every row of kernels that this machine has; the last one is plain.
  static let rows: [CPUFeatures] = [.detected, .avx2.intersection(.detected), .portable]

  static func target(_ name: String, _ rounding: RoundingRule, _ overflow: OverflowRule = .saturate) throws
    -> AccumulatorFormat
  {
    if let match = name.wholeMatch(of: /(u?)q(\d+)\.(\d+)/), let whole = Int(match.2),
      let fraction = Int(match.3),
      whole + fraction > 31
    {
      let isSigned = match.1.isEmpty
      return try AccumulatorFormat(
        WideFixedPoint(
          name: name,
          isSigned: isSigned,
          bitWidth: (isSigned ? 1 : 0) + whole + fraction,
          fractionBitCount: fraction
        ),
        policy: ConversionPolicy(rounding: rounding, overflow: overflow)
      )
    }
    return try AccumulationCheckTests.target(name, rounding, overflow)
  }

  /// Operands, accumulators that their products are finer than, beyond or multiples of, and products per rounding.
  struct Case: Sendable, CustomTestStringConvertible {
    let operands: String
    let sum: String
    var interval = 1
    var product: String?
    var testDescription: String { "\(operands) in \(sum), every \(interval), products \(product ?? "exact")" }
  }

  static let cases = [
    Case(operands: "int8", sum: "q15.16"), Case(operands: "int8", sum: "q23.0", interval: 3),
    Case(operands: "float8_e4m3fn", sum: "q15.16"),
    Case(operands: "float8_e4m3fn", sum: "q20.11", interval: 4),
    Case(operands: "float8_e5m2", sum: "q7.16"), Case(operands: "float16", sum: "q15.16"),
    Case(operands: "bfloat16", sum: "q7.16"), Case(operands: "bfloat16", sum: "q31.0"),
    Case(operands: "posit16", sum: "uq10.6"), Case(operands: "posit16", sum: "int9"),
    Case(operands: "float8_e5m2", sum: "int7_narrow"), Case(operands: "bfloat16", sum: "q0.0"),
    Case(operands: "bfloat16", sum: "q31.16"), Case(operands: "float16", sum: "q17.32"),
    Case(operands: "float8_e4m3fn", sum: "uq40.10", interval: 4), Case(operands: "posit16", sum: "q0.40"),
    Case(operands: "float6_e3m2fn", sum: "q3.2"), Case(operands: "posit32", sum: "q15.16"),
    Case(operands: "float16", sum: "q15.16", interval: 4),
    Case(operands: "float8_e5m2", sum: "q7.3", interval: 16),
    Case(operands: "float16", sum: "uq3.1", interval: 2),
    Case(operands: "int8", sum: "q40.16"), Case(operands: "float8_e4m3fn", sum: "uq20.40", interval: 4),
    Case(operands: "bfloat16", sum: "q31.30"), Case(operands: "posit16", sum: "uq12.50"),
    Case(operands: "posit32", sum: "q30.31"), Case(operands: "float8_e5m2", sum: "q0.61"),
    Case(operands: "float8_e4m3fn", sum: "q44.9", product: "float16"),
    Case(operands: "float8_e4m3fn", sum: "q7.6", product: "float16"),
    Case(operands: "float8_e4m3fn", sum: "q15.16", interval: 2, product: "q9.3"),
  ]

  static func orders(_ rounding: RoundingRule) throws -> [AccumulatorModel.Order] {
    [
      .sequential, .pairwise, .chunked(length: 3, into: try target("float32", .nearestEven, .ieee)),
      .chunked(length: 2, into: try target("q12.3", rounding)),
      .chunked(length: 2, into: try target("q21.40", rounding)),
    ]
  }

  static func models(_ example: Case, _ rounding: RoundingRule) throws -> [AccumulatorModel] {
    let overflows: [OverflowRule] =
      example.sum.hasSuffix("narrow") ? [.saturate, .ieee] : [.saturate, .ieee, .wrap]
    let orders = try orders(rounding)
    // In sequence, and in one of the other orders: over all rules each comes up with each overflow.
    let turn = RoundingRule.allCases.firstIndex(of: rounding) ?? 0
    return try overflows.enumerated().flatMap { index, overflow in
      try [orders[0], orders[1 + (turn + index) % (orders.count - 1)]].map { order in
        AccumulatorModel(
          product: try example.product.map { try target($0, rounding) },
          sum: try target(example.sum, rounding, overflow),
          interval: example.interval,
          order: order
        )
      }
    }
  }

  @Test("kernels of every instruction set equal MPFR under every rule", arguments: cases)
  func kernels(example: Case) throws {
    let operands = try FormatCatalog().format(named: example.operands)
    let codec = try FormatCodec(operands)
    let bounds = OperandBounds(codec)
    for rounding in RoundingRule.allCases {
      for (index, model) in try Self.models(example, rounding).enumerated() {
        for features in Self.rows {
          let kernel = RoundedMicroKernel(model, left: bounds, right: bounds, features: features)
          #expect(!kernel.isReference, "\(model.description): \(kernel.name)")
        }
        let subjects: [any AccumulationSubject] =
          [AccumulationReferenceSubject(model)]
          + Self.rows.map { AccumulationKernelSubject(model, operands: (codec, codec), features: $0) }
        let reports = try AccumulationCheck(model, left: operands, right: operands).run(
          subjects,
          vectors: 200,
          seed: UInt64(index)
        )
        for report in reports {
          #expect(report.mismatchCount == 0, "\(model.description): \(report.counterexamples)")
        }
      }
    }
  }

  /// A subject with a fault: some function of a product and the running sum, in Double.
  struct Mutant: AccumulationSubject {
    let step: @Sendable (Double, Double) -> Double

    func multiply(_ a: [Float], _ b: [Float], rows m: Int, depth k: Int, columns n: Int) -> [Float] {
      (0..<m * n).map { element in
        Float(
          (0..<k).reduce(0.0) { sum, p in
            step(Double(a[element / n * k + p]) * Double(b[p * n + element % n]), sum)
          }
        )
      }
    }
  }

  @Test("planted bugs: a product rounded first, an end that is off by a step, a sum that wraps late")
  func planted() throws {
    let format = try FormatCatalog().format(named: "float8_e4m3fn")
    func mismatches(
      _ name: String,
      _ rounding: RoundingRule,
      _ overflow: OverflowRule,
      _ step: @escaping @Sendable (Double, Double) -> Double
    ) throws -> Int {
      let model = AccumulatorModel(sum: try Self.target(name, rounding, overflow))
      let check = try AccumulationCheck(model, left: format, right: format)
      return check.run([Mutant(step: step)], vectors: 5000, seed: 1)[0].mismatchCount
    }
    for rounding in RoundingRule.allCases {
      let sum = try Self.target("q15.11", rounding)
      #expect(
        try mismatches("q15.11", rounding, .saturate) { sum.rounded($0 + $1) } == 0,
        "\(rounding): the right step is right"
      )
      if rounding != .up && rounding != .down {
        #expect(
          try mismatches("q15.11", rounding, .saturate) { sum.rounded(sum.rounded($0) + $1) } > 0,
          "\(rounding)"
        )
      }
      let half = try Self.target("q7.11", rounding)
      #expect(
        try mismatches("q7.11", rounding, .saturate) {
          min(half.rounded($0 + $1), 0x1p7 - 0x1p-10)
        } > 0
      )
      let wrapping = try Self.target("q7.11", rounding, .wrap)
      #expect(try mismatches("q7.11", rounding, .saturate) { wrapping.rounded($0 + $1) } > 0)
    }
  }
}
