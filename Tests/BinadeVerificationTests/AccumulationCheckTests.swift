import BinadeFormats
import BinadeKernels
import BinadeNumerics
import BinadeVerification
import Testing

/// Rounded accumulators against MPFR.
@Suite struct AccumulationCheckTests {
  static func target(
    _ name: String,
    _ rounding: RoundingRule = .nearestEven,
    _ overflow: OverflowRule = .ieee
  ) throws -> AccumulatorFormat {
    try AccumulatorFormat(
      FormatCatalog().format(named: name),
      policy: ConversionPolicy(rounding: rounding, overflow: overflow)
    )
  }

  static func unit(_ name: String) throws -> AccumulatorModel {
    try #require(MatrixUnit.named(name)).model(leastLeft: -6, leastRight: -6)
  }

  /// A model, the format of its operands, and what the kernel's name must say.
  struct Case: CustomTestStringConvertible {
    let operands: String
    let path: String
    let model: AccumulatorModel

    init(_ operands: String, _ path: String, _ model: @autoclosure () throws -> AccumulatorModel) rethrows {
      self.operands = operands
      self.path = path
      self.model = try model()
    }

    var testDescription: String { "\(operands): \(model.description)" }
  }

  static let cases: [Case] =
    (try? [
      Case("float8_e4m3fn", "rounded in float32 first", .init(sum: target("bfloat16"))),
      Case("float8_e4m3fn", "cut first", .init(sum: target("bfloat16", .towardZero))),
      Case("float8_e5m2", "rounded in float32 first", .init(sum: target("float16", .nearestEven, .saturate))),
      Case("float8_e4m3fn", "rounded to odd first", .init(sum: target("float8_e4m3fn"))),
      Case("float8_e4m3fn", "rounded to odd first", .init(sum: target("float8_e5m2"))),
      Case("float16", "rounded to odd first", .init(sum: target("bfloat16"))),
      Case("float8_e4m3fn", "codec", .init(sum: target("posit16"))),
      Case(
        "float8_e4m3fn",
        "by closed form",
        .init(product: target("float8_e4m3fn"), sum: target("float16"))
      ),
      Case("float4_e2m1fn", "fused", .init(sum: target("bfloat16"), interval: 4)),
      Case("float8_e4m3fn", "float64", .init(sum: target("float16"), interval: 4)),
      Case("int8", "integer", .init(sum: target("int16", .nearestEven, .saturate))),
      Case("int8", "integer", .init(sum: target("int12", .nearestEven, .wrap))),
      Case("float6_e3m2fn", "fused", .init(sum: target("q3.2", .nearestEven, .saturate))),
      Case("float8_e4m3fn", "fused", .init(sum: target("bfloat16"), order: .pairwise)),
      Case(
        "float8_e5m2",
        "fused",
        .init(sum: target("float16"), order: .chunked(length: 4, into: target("float32")))
      ),
      Case("float8_e4m3fn", "aligned", unit("hopper_float8_promoted")),
      Case(
        "float16",
        "aligned",
        .init(
          sum: target("float32", .towardZero),
          interval: 8,
          alignment: AccumulatorAlignment(fractionBitCount: 24)
        )
      ),
    ]) ?? []

  @Test("no case failed to build") func caseCount() { #expect(Self.cases.count == 17) }

  static func subjects(_ model: AccumulatorModel, _ operands: FormatCodec) -> [any AccumulationSubject] {
    [
      AccumulationReferenceSubject(model),
      AccumulationKernelSubject(model, operands: (operands, operands)),
      AccumulationKernelSubject(model, features: .avx2.intersection(.detected)),
    ]
  }

  @Test("100,000 random and adversarial vectors: reference and kernels equal MPFR", arguments: cases)
  func vectors(example: Case) throws {
    let operands = try FormatCatalog().format(named: example.operands)
    let codec = try FormatCodec(operands)
    let bounds = OperandBounds(codec)
    if CPUFeatures.detected.contains(.avx2) {
      let name = RoundedMicroKernel(example.model, left: bounds, right: bounds).name
      #expect(name.contains(example.path), "\(name)")
    }
    let pieces = ParallelLoop.map(count: 2, threads: 2) { piece in
      Result {
        try AccumulationCheck(example.model, left: operands, right: operands).run(
          Self.subjects(example.model, codec),
          vectors: 50_000,
          seed: UInt64(piece)
        )
      }
    }
    for piece in pieces {
      for report in try piece.get() {
        #expect(report.checkCount >= 50_000)
        #expect(report.mismatchCount == 0, "\(report.counterexamples)")
      }
    }
  }

  @Test(
    "models without a kernel, other rules and wide accumulators",
    arguments: RoundingRule.allCases
  )
  func rules(rounding: RoundingRule) throws {
    for (operands, name) in [
      ("float8_e5m2", "bfloat16"), ("float8_e4m3fn", "posit32"), ("int8", "q31.0"), ("float8_e4m3fn", "tf32"),
      ("bfloat16", "float8_e4m3fnuz"), ("float8_e4m3fn", "e8m13"),
    ] {
      let format = try FormatCatalog().format(named: operands)
      for overflow in OverflowRule.universal {
        let model = AccumulatorModel(sum: try Self.target(name, rounding, overflow), interval: 2)
        let reports = try AccumulationCheck(model, left: format, right: format).run(
          Self.subjects(model, try FormatCodec(format)),
          vectors: 300,
          seed: 3
        )
        for report in reports {
          #expect(report.mismatchCount == 0, "\(model.description): \(report.counterexamples)")
        }
      }
    }
  }

  /// A subject with a fault: some function of a, b and the running sum, in Float.
  struct Mutant: AccumulationSubject {
    let step: @Sendable (Float, Float, Float) -> Float

    func multiply(_ a: [Float], _ b: [Float], rows m: Int, depth k: Int, columns n: Int) -> [Float] {
      (0..<m * n).map { element in
        (0..<k).reduce(0) { sum, p in step(a[element / n * k + p], b[p * n + element % n], sum) }
      }
    }
  }

  static func isCaught(
    _ operands: String,
    _ sum: AccumulatorFormat,
    _ step: @escaping @Sendable (Float, Float, Float) -> Float
  ) throws -> Bool {
    let format = try FormatCatalog().format(named: operands)
    let check = try AccumulationCheck(AccumulatorModel(sum: sum), left: format, right: format)
    return check.run([Mutant(step: step)], vectors: 20_000, seed: 1)[0].mismatchCount > 0
  }

  @Test("a float32 sum rounded again is caught where that is not innocuous, and right where it is")
  func doubleRounding() throws {
    for (operands, name, isWrong) in [
      ("float8_e4m3fn", "float8_e5m2", true), ("float16", "bfloat16", true),
      ("float8_e4m3fn", "bfloat16", false),
    ] {
      let sum = try Self.target(name)
      let codec = try #require(sum.codec)
      let isCaught = try Self.isCaught(operands, sum) { a, b, c in
        codec.decode(codec.encode(c.addingProduct(a, b)))
      }
      #expect(isCaught == isWrong, "\(operands) into \(name)")
    }
  }

  @Test("truncation instead of rounding, a rounded product and a lost overflow are caught")
  func mutants() throws {
    let (half, cut) = (try Self.target("float16"), try #require(Self.target("float16", .towardZero).codec))
    #expect(
      try Self.isCaught("float8_e4m3fn", half) { a, b, c in cut.decode(cut.encode(c.addingProduct(a, b))) }
    )
    let narrow = try Self.target("float8_e4m3fn")
    let codec = try #require(narrow.codec)
    #expect(
      try Self.isCaught("float8_e4m3fn", narrow) { a, b, c in
        codec.decode(codec.encode(codec.decode(codec.encode(a * b)) + c))
      }
    )
    let saturated = try #require(Self.target("float16", .nearestEven, .saturate).codec)
    #expect(
      try Self.isCaught("float8_e5m2", half) { a, b, c in
        saturated.decode(saturated.encode(c.addingProduct(a, b)))
      }
    )
  }
}
