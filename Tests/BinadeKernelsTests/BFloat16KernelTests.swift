import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

/// Products of bfloat16 pairs against the float32 reference and the float32 kernels: the same bits.
@Suite(
  .enabled(
    if: CPUFeatures.detected.contains(.avx512BF16),
    "this processor has no VDPBF16PS, or it is switched off"
  )
)
struct BFloat16KernelTests {
  static let name = "bfloat16 avx512bf16"
  static let without = CPUFeatures.detected.subtracting(.avx512BF16)
  /// Tiles of 12 x 32 ± 1, primes, odd depths, beyond a block of depth.
  static let sizes: [(m: Int, k: Int, n: Int)] =
    GEMMTests.sizes + [(11, 513, 31), (12, 512, 32), (13, 1537, 33), (25, 1026, 63), (2, 1, 65)]

  private static func format(_ name: String) throws -> any NumericFormat {
    try FormatCatalog().format(named: name)
  }

  private static func anyCodes(_ format: any NumericFormat, _ count: Int, _ numbers: inout TestNumbers)
    -> [UInt32]
  {
    let greatest = (1 << format.bitWidth) - 1
    return (0..<count).map { _ in UInt32(truncatingIfNeeded: numbers.nextInteger(0...greatest)) }
  }

  /// Bits, with one pattern for every NaN: IEEE 754 leaves it open which a sum of several NaNs is.
  private static func bits(_ values: [Float]) -> [UInt32] {
    values.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
  }

  @Test(
    "sums are those of the float32 reference",
    arguments: [
      ("float8_e4m3fn", "float8_e4m3fn"), ("float8_e5m2", "float8_e4m3fn"), ("posit8", "posit8"),
      ("float8_e5m2", "int4"), ("float4_e2m1fn", "posit8"), ("float8_e5m2", "float8_e5m2"),
    ]
  )
  func reference(activations: String, weights: String) throws {
    let (left, right) = (try Self.format(activations), try Self.format(weights))
    var numbers = TestNumbers(seed: 21)
    var isOrdered = false
    for (m, k, n) in Self.sizes {
      let a = CodedMatrix(CodedProductTests.codes(left, m * k, &numbers), rows: m, columns: k)
      let b = CodedMatrix(CodedProductTests.codes(right, k * n, &numbers), rows: k, columns: n)
      let x = a.codes.map { Float(left.decode($0)) }
      let y = b.codes.map { Float(right.decode($0)) }
      let product = try CodedProduct(activations: left, weights: right, depth: k)
      #expect(product.kernelName == Self.name)
      let expected = ReferenceGEMM.multiply(x, y, rows: m, depth: k, columns: n)
      for threads in [1, 2, 7] {
        #expect(Self.bits(product.multiply(a, b, threads: threads)) == Self.bits(expected), "\(m)x\(k)x\(n)")
      }
      // Were the steps of a pair exchanged, would it show?
      guard k.isMultiple(of: 2) else { continue }
      let other = ReferenceGEMM.multiply(
        x.indices.map { x[$0 ^ 1] },
        y.indices.map { y[($0 / n ^ 1) * n + $0 % n] },
        rows: m,
        depth: k,
        columns: n
      )
      isOrdered = isOrdered || Self.bits(other) != Self.bits(expected)
    }
    let isExact = weights == "int4"
    #expect(isOrdered || isExact)
  }

  @Test(
    "NaN, infinities, zeros of both signs and every other code: as the float32 kernel",
    arguments: ["float8_e5m2", "float8_e4m3fn", "posit8"]
  )
  func specials(name: String) throws {
    let format = try Self.format(name)
    var numbers = TestNumbers(seed: 22)
    for (m, k, n) in [(64, 1, 64), (64, 2, 64), (64, 3, 64), (64, 7, 70)] {
      let a = CodedMatrix(Self.anyCodes(format, m * k, &numbers), rows: m, columns: k)
      let b = CodedMatrix(Self.anyCodes(format, k * n, &numbers), rows: k, columns: n)
      let (pairs, singles) = (
        try CodedProduct(activations: format, weights: format, depth: k),
        try CodedProduct(activations: format, weights: format, depth: k, features: Self.without)
      )
      #expect(pairs.kernelName == Self.name)
      #expect(singles.kernelName == "float32 avx512")
      #expect((pairs.datapath, pairs.reason) == (singles.datapath, singles.reason))
      #expect(Self.bits(pairs.multiply(a, b)) == Self.bits(singles.multiply(a, b)))
    }
  }

  @Test(
    "values that are no bfloat16 stay with the float32 kernels; products that may be subnormal are a datapath of their own",
    arguments: [
      // Significands of 24 bits, of 11 bits; subnormals of bfloat16; quanta whose product is too small, and some not.
      ("nf4", "nf4", Datapath.float32, false), ("float16", "int4", .float32, false),
      ("bfloat16", "float8_e4m3fn", .bfloat16, true), ("bfloat16", "bfloat16", .bfloat16, true),
      ("e6m1", "e6m1", .float32, true), ("e7m1", "e7m1", .bfloat16, true),
      ("e7m1", "float8_e5m2", .float32, true),
    ]
  )
  func condition(activations: String, weights: String, datapath: Datapath, isFit: Bool) throws {
    let (left, right) = (try Self.format(activations), try Self.format(weights))
    var numbers = TestNumbers(seed: 23)
    let (m, k, n) = (13, 6, 33)
    let product = try CodedProduct(activations: left, weights: right, depth: k)
    #expect(product.kernelName == (isFit ? Self.name : "float32 avx512"))
    #expect(product.datapath == datapath)
    let a = CodedMatrix(Self.anyCodes(left, m * k, &numbers), rows: m, columns: k)
    let b = CodedMatrix(Self.anyCodes(right, k * n, &numbers), rows: k, columns: n)
    for features in [Self.without, .avx2, .portable] {
      let single = try CodedProduct(activations: left, weights: right, depth: k, features: features)
      #expect(single.datapath == datapath)
      #expect(Self.bits(product.multiply(a, b)) == Self.bits(single.multiply(a, b)), "\(features.names)")
    }
  }

  @Test("bfloat16 of all codes: multiply-adds with subnormal numbers taken for 0, as a scalar loop has them")
  func flushed() throws {
    let format = try Self.format("bfloat16")
    var numbers = TestNumbers(seed: 25)
    let (m, k, n) = (24, 17, 40)
    // Around the exponents whose products are subnormal, and everywhere.
    func codes(_ count: Int) -> [UInt32] {
      (0..<count).map { index in
        let exponent = index % 3 == 0 ? numbers.nextInteger(0...255) : numbers.nextInteger(56...72)
        return UInt32(numbers.nextInteger(0...1)) << 15 | UInt32(exponent) << 7
          | UInt32(numbers.nextInteger(0...127))
      }
    }
    let a = CodedMatrix(codes(m * k), rows: m, columns: k)
    let b = CodedMatrix(codes(k * n), rows: k, columns: n)
    func flush(_ value: Float) -> Float { value.isSubnormal ? Float(signOf: value, magnitudeOf: 0) : value }
    let (x, y) = (
      a.codes.map { flush(Float(format.decode($0))) }, b.codes.map { flush(Float(format.decode($0))) }
    )
    var expected: [Float] = []
    for i in 0..<m {
      for j in 0..<n {
        expected.append((0..<k).reduce(0) { flush($0.addingProduct(x[i * k + $1], y[$1 * n + j])) })
      }
    }
    let product = try CodedProduct(activations: format, weights: format, depth: k)
    #expect(Self.bits(product.multiply(a, b)) == Self.bits(expected))
  }

  @Test("convolutions: the bits of float32 on every shape", arguments: ConvolutionTests.shapes)
  func convolution(shape: ConvolutionShape) throws {
    let values = OperandValues(try FormatCodec(Self.format("float8_e5m2")))
    var numbers = TestNumbers(seed: 24)
    let imageCount = 2
    let weightCodes = (0..<shape.outputChannels * shape.depth).map { _ in
      UInt32(numbers.nextInteger(0...0x7B)) | UInt32(numbers.nextInteger(0...1)) << 7
    }
    // A few infinities and NaNs: what is read beside a patch would spread.
    let images = (0..<imageCount * shape.inputCount).map { _ in
      UInt8(
        numbers.nextInteger(0...99) == 0 ? numbers.nextInteger(0x7C...0x7F) : numbers.nextInteger(0...0x7B)
      )
    }
    var results: [[UInt32]] = []
    for features in [CPUFeatures.detected, Self.without] {
      let convolution = CodedConvolution(
        shape: shape,
        activations: values,
        weights: values,
        weightCodes: weightCodes,
        features: features
      )
      let takesPairs = features == .detected && shape.groupInputChannels.isMultiple(of: 2)
      #expect((convolution.kernelName == Self.name) == takesPairs)
      // Memory that was not written is NaN in every type.
      let byteCount = convolution.scratchByteCount(imageCount: imageCount)
      let scratch = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
      defer { scratch.deallocate() }
      scratch.initializeMemory(as: UInt8.self, repeating: 0xFF, count: byteCount)
      var found = [Float](repeating: -1, count: imageCount * shape.outputCount)
      convolution.run(
        images,
        imageCount: imageCount,
        scratch: scratch,
        epilogue: .identity(channels: shape.outputChannels),
        into: &found
      )
      results.append(Self.bits(found))
    }
    #expect(results[0] == results[1])
  }
}
