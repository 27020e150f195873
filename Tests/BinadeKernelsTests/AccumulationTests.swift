import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

/// Matrix products in rounded accumulators: shapes, threads, special values, and words about narrow ones.
@Suite struct AccumulationTests {
  func target(
    _ name: String,
    _ rounding: RoundingRule = .nearestEven,
    _ overflow: OverflowRule = .ieee
  ) throws -> AccumulatorFormat {
    try AccumulatorFormat(
      FormatCatalog().format(named: name),
      policy: ConversionPolicy(rounding: rounding, overflow: overflow)
    )
  }

  static var hopper: MatrixUnit {
    get throws { try #require(MatrixUnit.named("hopper_float8")) }
  }

  func models() throws -> [AccumulatorModel] {
    [
      .init(sum: try target("bfloat16")),
      .init(sum: try target("float8_e5m2"), interval: 3),
      .init(sum: try target("bfloat16"), order: .pairwise),
      .init(sum: try target("float16"), interval: 2, order: .chunked(length: 5, into: try target("float32"))),
      .init(sum: try target("int12", .nearestEven, .wrap)),
      .init(product: try target("posit8"), sum: try target("posit16")),
      try Self.hopper.model(leastLeft: -6, leastRight: -6),
    ]
  }

  func integers(_ numbers: inout TestNumbers, _ count: Int) -> [Float] {
    (0..<count).map { _ in Float(numbers.nextInteger(-15...15)) }
  }

  @Test("sizes around the tile equal the reference, on every instruction set")
  func sizes() throws {
    var numbers = TestNumbers(seed: 11)
    for model in try models() {
      for (m, k, n) in [
        (1, 1, 1), (2, 3, 2), (3, 2, 3), (3, 7, 15), (4, 8, 16), (5, 9, 17), (4, 31, 31), (4, 32, 32),
        (5, 33, 33),
        (13, 67, 37),
      ] {
        let (a, b) = (integers(&numbers, m * k), integers(&numbers, k * n))
        let expected = ReferenceAccumulation.multiply(a, b, rows: m, depth: k, columns: n, model)
        for features in [CPUFeatures.detected, CPUFeatures.avx2.intersection(.detected), .portable] {
          let found = GEMM.multiply(
            a,
            b,
            rows: m,
            depth: k,
            columns: n,
            accumulator: model,
            features: features
          )
          #expect(found == expected, "\(model.description), \(m) x \(k) x \(n), \(features.names)")
        }
      }
    }
  }

  @Test("1, 2 and 7 threads give the same bits")
  func threads() throws {
    var numbers = TestNumbers(seed: 12)
    let (m, k, n) = (9, 101, 301)
    let (a, b) = (integers(&numbers, m * k), integers(&numbers, k * n))
    for model in try models() {
      let one = GEMM.multiply(a, b, rows: m, depth: k, columns: n, accumulator: model, threads: 1)
      for threads in [2, 7] {
        let found = GEMM.multiply(a, b, rows: m, depth: k, columns: n, accumulator: model, threads: threads)
        #expect(found == one, "\(model.description)")
      }
    }
  }

  @Test("the counterexample to rounding a float32 sum again")
  func midpoint() throws {
    // 2^-60 and the product 1 + 2^-8, halfway between 1 and 1 + 2^-7 of bfloat16.
    let a: [Float] = [0x1p-60, 1]
    let b: [Float] = [1, 0x1.01p0]
    let model = AccumulatorModel(sum: try target("bfloat16"))
    #expect(GEMM.multiply(a, b, rows: 1, depth: 2, columns: 1, accumulator: model) == [0x1.02p0])
    #expect(ReferenceAccumulation.dot(a, b, model) == 0x1.02p0)
  }

  @Test("int8 sums saturate at every step, or wrap")
  func integerSums() throws {
    let (a, b): ([Float], [Float]) = ([127, 127, 127, -127], [127, 127, 127, 127])
    let saturating = AccumulatorModel(sum: try target("int16", .nearestEven, .saturate))
    #expect(GEMM.multiply(a, b, rows: 1, depth: 4, columns: 1, accumulator: saturating) == [32767 - 16129])
    let wrapping = AccumulatorModel(sum: try target("int16", .nearestEven, .wrap))
    #expect(GEMM.multiply(a, b, rows: 1, depth: 4, columns: 1, accumulator: wrapping) == [2 * 16129])
    let narrow = AccumulatorModel(sum: try target("int8", .nearestEven, .wrap))
    #expect(GEMM.multiply(a, b, rows: 1, depth: 4, columns: 1, accumulator: narrow) == [2])
  }

  @Test("a matrix unit drops what lies below the greatest exponent")
  func alignment() throws {
    // 2^-14 against 1 with 13 fraction bits: each of the 31 small products is cut to nothing.
    let a = [Float](repeating: 1, count: 32)
    let b: [Float] = [1] + [Float](repeating: 0x1p-14, count: 31)
    let hopper = try Self.hopper.model(leastLeft: -20, leastRight: -20)
    #expect(GEMM.multiply(a, b, rows: 1, depth: 32, columns: 1, accumulator: hopper) == [1])
    let exact = AccumulatorModel(sum: hopper.sum, interval: 32)
    #expect(ReferenceAccumulation.dot(a, b, exact) == 1 + 0x1.ep-10)
  }

  @Test("the order of summation: pairs keep what a sequence loses")
  func orders() throws {
    let ones = [Float](repeating: 1, count: 512)
    func sum(_ order: AccumulatorModel.Order) throws -> [Float] {
      let model = AccumulatorModel(sum: try target("bfloat16"), order: order)
      return GEMM.multiply(ones, ones, rows: 1, depth: 512, columns: 1, accumulator: model)
    }
    #expect(try sum(.sequential) == [256])
    #expect(try sum(.pairwise) == [512])
    #expect(try sum(.chunked(length: 128, into: target("float32"))) == [512])
  }

  @Test("infinities and NaNs, with any payload, and formats without NaN")
  func specials() throws {
    let payload = Float(bitPattern: 0x7FFF_FFFF)
    for name in ["bfloat16", "float16", "float8_e4m3fn", "float6_e3m2fn", "int8", "posit16"] {
      let model = AccumulatorModel(sum: try target(name))
      for (a, b): ([Float], [Float]) in [
        ([payload, 1], [1, 1]), ([.infinity, 1], [1, 1]), ([.infinity, -.infinity], [1, 1]),
        ([.infinity, 1], [0, 3]),
        ([-.infinity, 1], [2, 1]), ([-0.0, -0.0], [1, 1]), ([-0.0, 0], [1, 1]),
        ([-0x1p-40, 0], [0x1p-40, 1]),
      ] {
        let expected = ReferenceAccumulation.multiply(a, b, rows: 1, depth: 2, columns: 1, model)[0]
        let found = GEMM.multiply(a, b, rows: 1, depth: 2, columns: 1, accumulator: model)[0]
        let areBothNaN = found.isNaN && expected.isNaN
        #expect(areBothNaN || found.bitPattern == expected.bitPattern, "\(name): \(a) · \(b)")
      }
    }
  }

  @Test("no depth gives the format's zero")
  func empty() throws {
    let model = AccumulatorModel(sum: try target("bfloat16"))
    #expect(GEMM.multiply([], [], rows: 2, depth: 0, columns: 1, accumulator: model) == [0, 0])
    #expect(GEMM.multiply([], [], rows: 0, depth: 2, columns: 0, accumulator: model).isEmpty)
  }

  @Test("accumulators too narrow for a product, or for a sum, say so with the bound")
  func warnings() throws {
    func warnings(_ operands: String, _ sum: String, depth: Int) throws -> [String] {
      let bounds = OperandBounds(try FormatCodec(FormatCatalog().format(named: operands)))
      return AccumulatorModel(sum: try target(sum)).warnings(left: bounds, right: bounds, depth: depth)
    }
    #expect(
      try warnings("int8", "int12", depth: 64) == [
        "accumulator 'int12' is too narrow to hold one product: products reach 2^14, its greatest magnitude is 2048.0"
      ]
    )
    #expect(
      try warnings("int8", "int16", depth: 64) == [
        "accumulator 'int16' may overflow: sums of 64 products are bounded by 2^22, its greatest magnitude is 32768.0; "
          + "23 bits of fixed point with the sign hold every sum exactly"
      ]
    )
    #expect(try warnings("int8", "q31.0", depth: 64).isEmpty)
    #expect(try warnings("float8_e4m3fn", "bfloat16", depth: 4096).isEmpty)
    #expect(try warnings("float8_e5m2", "float8_e4m3fn", depth: 1).first?.contains("too narrow") == true)
  }

  @Test("accumulators of irrational values are refused")
  func irrational() {
    #expect(throws: FormatError.self) { try target("lns4.3") }
    #expect(throws: FormatError.self) { try target("takum16") }
  }
}
