import BinadeFormats
import BinadeKernels
import BinadeNumerics
import BinadeQuantization
import Testing

@Suite struct MetricTests {
  @Test("MSE, SQNR, cosine, maximum and counts of a hand-computed example")
  func byHand() throws {
    let quantizer = try Quantizer(
      QuantizerSpecification(
        format: FormatCatalog().format(named: "int2"),
        granularity: .tensor,
        calibration: AbsMaxCalibration()
      ),
      samples: [TensorSample([-1, 1])],
      name: "x",
      cache: CodecCache()
    )
    // Scale 1, values -2 ... 1: 3 -> 1, 0.25 -> 0, -1 -> -1, 0 -> 0.
    var error = QuantizationError()
    let input: [Float] = [3, 0.25, -1, 0]
    input.withUnsafeBufferPointer { error.measure($0, quantizer: quantizer, channel: 0) }
    #expect(error.meanSquaredError == (4 + 0.0625) / 4)
    #expect(error.signalToQuantizationNoiseRatio == 10.0625 / 4.0625)
    #expect(error.maximumError == 2)
    #expect(error.cosineSimilarity == 4 / (10.0625 * 2).squareRoot())
    #expect(error.tally.saturatedCount == 1)
    #expect(error.tally.underflowedCount == 1)
    #expect(error.elementCount == 4)
    var twice = error
    twice += error
    #expect(twice.meanSquaredError == error.meanSquaredError)
    #expect(twice.elementCount == 8)
  }

  @Test(
    "NaN and infinities are counted and in no figure, the maximum error included; formats without NaN make zero of it"
  )
  func nonFinite() throws {
    func quantizer(_ format: String) throws -> Quantizer {
      try Quantizer(
        QuantizerSpecification(
          format: FormatCatalog().format(named: format),
          granularity: .tensor,
          calibration: AbsMaxCalibration()
        ),
        samples: [TensorSample([-1, 1])],
        name: "x",
        cache: CodecCache()
      )
    }
    for format in ["int2", "float8_e4m3fn", "posit8", "nf4"] {
      let quantizer = try quantizer(format)
      func error(_ input: [Float]) -> QuantizationError {
        var error = QuantizationError()
        input.withUnsafeBufferPointer { error.measure($0, quantizer: quantizer, channel: 0) }
        return error
      }
      let finite = error([3, 0.25, -1, 0])
      let mixed = error([3, .nan, 0.25, -.nan, -1, .infinity, 0, -.infinity])
      #expect(mixed.elementCount == 8 && mixed.finiteCount == 4, "\(format)")
      #expect(mixed.nanCount + mixed.infiniteCount == 4 && mixed.nanCount >= 2, "\(format)")
      #expect(mixed.meanSquaredError == finite.meanSquaredError, "\(format)")
      #expect(mixed.maximumError == finite.maximumError, "\(format)")
      #expect(mixed.cosineSimilarity == finite.cosineSimilarity, "\(format)")
      #expect(mixed.signalToQuantizationNoiseRatio == finite.signalToQuantizationNoiseRatio, "\(format)")
      #expect(mixed.nonzeroCount == 3)
      // Another way to measure, the same rule.
      var measured = QuantizationError()
      let input: [Float] = [1, .nan, 2]
      input.withUnsafeBufferPointer { measured.measure($0, quantized: [1.5, .nan, 2], range: -4...4) }
      #expect(measured.nanCount == 1 && measured.meanSquaredError == 0.125 && measured.maximumError == 0.5)
    }
  }

  @Test("the cheapest exact datapath is found from the values")
  func datapaths() throws {
    let catalog = try FormatCatalog()
    func values(_ name: String) throws -> OperandValues {
      OperandValues(try FormatCodec(catalog.format(named: name)))
    }
    let e2m1 = try values("float4_e2m1fn")
    #expect(e2m1.quantum == 0.5)
    #expect(e2m1.greatestInteger == 12)
    #expect(try values("pot4").greatestInteger == 64)
    #expect(try values("float8_e4m3fn").integers == nil)
    #expect(try values("float8_e4m3fn").precision == 4)
    #expect(try values("lns4.3").integers == nil)
    func path(_ weights: String, _ activations: String, depth: Int) throws -> Datapath {
      Datapath.cheapest(
        weights: try values(weights),
        activations: try values(activations),
        depth: depth
      ).datapath
    }
    #expect(try path("int4", "int8", depth: 576) == .integer4)
    #expect(try path("float6_e2m3fn", "float4_e2m1fn", depth: 4608) == .integer4)
    // 60 · 120 · 16 leaves int16.
    #expect(try path("float6_e2m3fn", "float6_e2m3fn", depth: 4608) == .integer8)
    #expect(try path("float8_e3m4", "int4", depth: 64) == .integer16)
    #expect(try path("float8_e4m3fn", "int4", depth: 9) == .float32)
    #expect(try path("int16", "int16", depth: 2) == .float32)
    // Shifted bytes: 2·255·128·32,896 = 2^31 - 2^16 is the last that fits; 16-bit operands are not shifted.
    #expect(try path("int8", "int8", depth: 32_896) == .integer8)
    #expect(try path("int8", "int8", depth: 32_898) == .integer16)
    // 128·128·131,072 = 2^31 is one too many.
    #expect(try path("int8", "int8", depth: 131_071) == .integer16)
    #expect(try path("int8", "int8", depth: 131_072) == .float32)
  }
}
