import BinadeFormats
import BinadeNumerics
import BinadeQuantization
import Foundation
import Testing

@Suite struct QuantizerTests {
  func quantizer(
    _ format: String,
    _ values: [Float],
    calibration: any Calibration = AbsMaxCalibration(),
    granularity: Granularity = .tensor
  ) throws -> Quantizer {
    try Quantizer(
      QuantizerSpecification(
        format: FormatCatalog().format(named: format),
        granularity: granularity,
        calibration: calibration
      ),
      samples: [TensorSample(values)],
      name: "test",
      cache: CodecCache()
    )
  }

  func quantize(_ quantizer: Quantizer, _ values: [Float]) -> [Float] {
    var output = values
    values.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { target in
        if let base = target.baseAddress { quantizer.fakeQuantize(input, channel: 0, into: base) }
      }
    }
    return output
  }

  /// AQT's worked vector (arXiv 2105.03536): 4 bits, one channel, greatest magnitude 1.2, 7 steps. The codes
  /// agree although ties go to even here: no value is one.
  @Test("a symmetric quantizer reproduces the worked vector of AQT")
  func workedVector() throws {
    let weights: [Float] = [-0.9, -0.31, 0, 0.1, 0.45, 1.2]
    let four = try quantizer("int4_narrow", weights)
    #expect(four.zeroPoint == 0)
    #expect(four.scales.values == [1.2 / 7])
    let codes = weights.map { Int32(four.codec.decode(four.codec.encode($0 / four.scales[0]))) }
    #expect(codes == [-5, -2, 0, 1, 3, 7])
    let eight = try quantizer("int8_narrow", weights)
    #expect(
      weights.map { Int32(eight.codec.decode(eight.codec.encode($0 / eight.scales[0]))) }
        == [-95, -33, 0, 11, 48, 127]
    )
  }

  @Test("the thresholds of OCTAV and of the divergence become scales of uniform formats, and of no others")
  func thresholds() throws {
    let values = QuantileGrids.laplace(10_000)
    let positive = values.map(abs)
    for (format, calibration, values, threshold) in [
      (
        "int4", OCTAVCalibration() as any Calibration, values,
        OCTAV.threshold(values, bitWidth: 4, isNonnegative: false)
      ),
      ("uint4", OCTAVCalibration(), positive, OCTAV.threshold(positive, bitWidth: 4, isNonnegative: true)),
      ("int4", EntropyCalibration(), values, EntropyThreshold.threshold(values, levelCount: 15)),
      (
        "uint4", EntropyCalibration(), positive,
        EntropyThreshold.threshold(positive + positive.map { -$0 }, levelCount: 31)
      ),
    ] {
      let scale = try quantizer(format, values, calibration: calibration).scales[0]
      #expect(scale == Float(threshold) / (format == "int4" ? 7 : 15), "\(format) \(calibration.name)")
      #expect(threshold > 1 && threshold < 9)
    }
    #expect(
      throws: QuantizationFailure.unsuitableCalibration(
        tensor: "test",
        format: "float8_e4m3fn",
        calibration: "octav",
        reason: "its formula is for evenly spaced values; use mse"
      )
    ) { try quantizer("float8_e4m3fn", values, calibration: OCTAVCalibration()) }
    #expect(throws: QuantizationFailure.self) {
      try quantizer("int16", values, calibration: EntropyCalibration())
    }
    // Half of what leaves a ReLU is zero, at every scale.
    let scale = try quantizer("uint4", positive, calibration: EntropyCalibration()).scales.values
    let rectified = positive + [Float](repeating: 0, count: 3 * positive.count)
    #expect(try quantizer("uint4", rectified, calibration: EntropyCalibration()).scales.values == scale)
    #expect(Calibrations.names.contains("octav") && Calibrations.named("kl") is EntropyCalibration)
  }

  @Test("a tensor that is never negative gets all codes of a signed integer format")
  func zeroPoints() throws {
    let positive = try quantizer("int4", [0, 1, 2, 15])
    #expect(positive.zeroPoint == -8)
    #expect(positive.scales.values == [1])
    #expect(quantize(positive, [0, 1, 7.4, 15, 99]) == [0, 1, 7, 15, 15])
    let unsigned = try quantizer("uint4", [-7, 3])
    #expect(unsigned.zeroPoint == 8)
    #expect(quantize(unsigned, [-7, -8, -99, 3]) == [-7, -8, -8, 3])
    #expect(try quantizer("float8_e4m3fn", [0, 1]).zeroPoint == 0)
  }

  @Test("every format of evenly spaced values gets a zero point, in its steps")
  func evenFormats() throws {
    // 16 steps of a sixteenth, from -8 to 7.9375.
    let fixed = try quantizer("q3.4", [0, 1, 15.9375])
    #expect(fixed.zeroPoint == -128 && fixed.scales.values == [1])
    #expect(quantize(fixed, [0, 0.0625, 15.9375, 99]) == [0, 0.0625, 15.9375, 15.9375])
    #expect(try quantizer("uq4.4", [-7, 3]).zeroPoint == 128)
    // Sign and magnitude of 4 bits: 15 values, of which -0 and +0 are one.
    let float = try quantizer("float4_e1m2fn", [0, 1, 3.5])
    #expect(float.zeroPoint == -7)
    #expect(
      quantize(float, [0, 0.25, 3.5, 9]).map { $0 / float.scales[0] }
        == [0, 0.25, 3.5, 3.5].map { $0 / float.scales[0] }
    )
    for name in ["nf4", "posit8", "float4_e2m1fn", "lns4.3", "pot4", "bfloat16", "q15.16"] {
      #expect(try quantizer(name, [0, 1]).zeroPoint == 0, "\(name)")
    }
  }

  @Test("asymmetric: the zero point lies where the ends of the data put it, and neither end saturates")
  func fullZeroPoint() throws {
    func quantizer(_ values: [Float], granularity: Granularity = .tensor) throws -> Quantizer {
      var specification = QuantizerSpecification(
        format: try FormatCatalog().format(named: "int4"),
        granularity: granularity,
        calibration: AbsMaxCalibration()
      )
      specification.zeroPoint = .full
      return try Quantizer(specification, samples: [TensorSample(values)], name: "test", cache: CodecCache())
    }
    // 15 steps from -3 to 12: zero is three steps above the least code.
    let even = try quantizer([-3, 0.4, 12])
    #expect(even.zeroPoint == -5 && even.scales.values == [1])
    #expect(quantize(even, [-3, -9, 0.4, 12, 99]) == [-3, -3, 0, 12, 12])
    #expect(try quantizer([0, 15]).zeroPoint == -8)
    #expect(try quantizer([-15, 0]).zeroPoint == 7)
    for (least, greatest) in [(Float(-1), Float(10)), (-10, 0.3), (-0.01, 5)] {
      let fitted = try quantizer([least, greatest])
      let step = fitted.scales[0]
      let ends = quantize(fitted, [least, greatest])
      #expect(
        abs(ends[0] - least) <= step / 2 * 1.0001 && abs(ends[1] - greatest) <= step / 2 * 1.0001,
        "\(ends)"
      )
      #expect(step < (greatest - least) / 13)
      #expect(quantize(fitted, [0]) == [0])
    }
  }

  @Test("scales follow the format: fitted, power of two, none")
  func scalings() throws {
    #expect(try quantizer("float8_e4m3fn", [-896, 3]).scales.values == [2])
    #expect(try quantizer("bfloat16", [-896, 3]).scales.values == [1])
    // 3 / 7.9375 = 0.378 becomes 0.5.
    #expect(try quantizer("q3.4", [-1, 3]).scales.values == [0.5])
    #expect(try quantizer("int8", [0, 0]).scales.values == [1])
  }

  @Test("percentile: the least magnitude with so many at or below it")
  func percentile() throws {
    let values = (1...1000).map { Float($0) * ($0 % 2 == 0 ? 1 : -1) }
    let result = try quantizer("int8_narrow", values, calibration: PercentileCalibration(percent: 99.9))
    #expect(result.scales.values == [999.0 / 127])
    #expect(
      try quantizer("int8_narrow", values, calibration: PercentileCalibration(percent: 100)).scales.values
        == [1000.0 / 127]
    )
  }

  /// The quantile grid of a standard normal, by Acklam's inverse refined with one Newton step on erfc.
  static func gaussianGrid(_ count: Int) -> [Float] {
    (0..<count).map { index in
      let u = (Double(index) + 0.5) / Double(count)
      var x = 0.0
      for _ in 0..<60 {
        let error = 0.5 * erfc(-x / 2.0.squareRoot()) - u
        let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
        // Halley's step converges from 0 for every u of the grid.
        let step = error / density
        x -= max(-1, min(1, step / (1 + x * step / 2)))
      }
      return Float(x)
    }
  }

  /// Least-MSE bounds of a unit Gaussian for the signed narrow quantizer, from a sweep with step 0.005.
  @Test("MSE calibration finds the known bounds of a Gaussian", arguments: [(4, 2.475), (8, 3.910)])
  func mse(bits: Int, bound: Double) throws {
    let result = try quantizer(
      "int\(bits)_narrow",
      Self.gaussianGrid(20_000),
      calibration: MSECalibration()
    )
    let found = Double(result.scales[0]) * Double((1 << (bits - 1)) - 1)
    // The search steps by 2^(1/32), 2.2 %.
    #expect(abs(found / bound - 1) < 0.025, "\(found)")
  }

  @Test(
    "the MSE scale is no worse than any of a fine sweep by more than its step",
    arguments: ["int4", "float4_e2m1fn", "float8_e4m3fn", "lns4.3", "nf4", "pot4", "q1.2"]
  )
  func mseAgainstSweep(name: String) throws {
    let values = Self.gaussianGrid(2000)
    func error(_ scale: Float, _ codec: FormatCodec) -> Double {
      values.reduce(0) { sum, x in
        let y = Double(codec.decode(codec.encode(x / scale))) * Double(scale)
        return sum + (Double(x) - y) * (Double(x) - y)
      }
    }
    let found = try quantizer(name, values, calibration: MSECalibration())
    let powerOfTwo = found.codec.info.scaling == .powerOfTwo
    let best = (-400...100).filter { !powerOfTwo || $0 % 20 == 0 }
      .map { error(Float(pow(2, Double($0) / 20)), found.codec) }.min()
    // A step of 2^(1/64) off the optimum of a smooth valley costs well below 2 %.
    #expect(error(found.scales[0], found.codec) <= (try #require(best)) * 1.02)
  }

  @Test("one scale per channel")
  func channels() throws {
    let samples = [TensorSample([-1, 0.5]), TensorSample([0, 7]), TensorSample([0, 0])]
    let result = try Quantizer(
      QuantizerSpecification(
        format: FormatCatalog().format(named: "int4_narrow"),
        granularity: .channel,
        calibration: AbsMaxCalibration()
      ),
      samples: samples,
      name: "w",
      cache: CodecCache()
    )
    // A channel of zeros takes the least of the others: absorbed into weights, a great one would outdo them.
    #expect(result.scales.values == [1.0 / 7, 1, 1.0 / 7])
    #expect(result.parameterBitCount == 96)
  }

  /// The sum of squares over that of the errors.
  func ratio(_ quantizer: Quantizer, _ values: [Float]) -> Double {
    var error = QuantizationError()
    values.withUnsafeBufferPointer { error.measure($0, quantizer: quantizer, channel: 0) }
    return error.signalToQuantizationNoiseRatio
  }

  @Test(
    "more bits are more precise whatever the calibration: posits and takums of 8 to 32 bits",
    arguments: ["posit", "takum", "takum_linear"]
  )
  func precisionGrows(family: String) throws {
    let values = Self.gaussianGrid(2000).map { $0 * 0.037 }
    for calibration in [AbsMaxCalibration(), PercentileCalibration(), MSECalibration()] as [any Calibration] {
      var last = 0.0
      for bits in [8, 12, 16, 20, 24, 32] {
        let found = ratio(try quantizer("\(family)\(bits)", values, calibration: calibration), values)
        // Two bits at least of the four, 12 dB; 8 bits and a sample of the extremes give 25 dB.
        #expect(found > 16 * last && found > 300, "\(family)\(bits) \(calibration.name): \(found)")
        last = found
      }
    }
  }

  @Test(
    "lines are rounded as elements are, in multiples of a unit",
    arguments: ["int4", "uint8", "q3.4", "float8_e4m3fn", "posit8", "nf4", "float16", "posit16", "takum32"],
    [1, 0.25, 0x1p-30] as [Float]
  )
  func lines(format: String, unit: Float) throws {
    let values = QuantileGrids.normal(1_031).map { abs($0) } + [0, 1e30, 1e-30]
    let quantizer = try quantizer(format, values)
    var found = [Float](repeating: .nan, count: values.count)
    values.withUnsafeBufferPointer { quantizer.round($0, channels: 1, unit: unit, into: &found) }
    let expected = values.map { quantizer.codec.decode(quantizer.code(of: $0, channel: 0)) / unit }
    #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
  }

  @Test("calibration 'max' does not saturate the maximum, whatever it is")
  func maximumFits() throws {
    for format in [
      "int8_narrow", "int4_narrow", "int16", "q3.4", "float8_e4m3fn", "float6_e3m2fn", "nf4", "q7.16",
    ] {
      var saturated = 0
      for step in 0..<40 {
        let maximum = Float(0.5 + Double(step) * 0.036_55)
        let quantizer = try quantizer(format, [-maximum / 2, maximum])
        var error = QuantizationError()
        [maximum].withUnsafeBufferPointer { error.measure($0, quantizer: quantizer, channel: 0) }
        saturated += error.tally.saturatedCount
      }
      #expect(saturated == 0, "\(format)")
    }
  }

  @Test(
    "without zero points integers keep their codes: signed ones the upper half, unsigned ones no negative values"
  )
  func noZeroPoint() throws {
    func quantizer(_ name: String, _ values: [Float]) throws -> Quantizer {
      var specification = QuantizerSpecification(
        format: try FormatCatalog().format(named: name),
        granularity: .tensor,
        calibration: AbsMaxCalibration()
      )
      specification.zeroPoint = .none
      return try Quantizer(specification, samples: [TensorSample(values)], name: "test", cache: CodecCache())
    }
    let signed = try quantizer("int4", [0, 1, 2, 7])
    #expect(signed.zeroPoint == 0 && signed.scales.values == [1])
    #expect(try quantizer("uint4", [0, 15]).scales.values == [1])
    #expect(throws: QuantizationFailure.negativeValues(tensor: "test", format: "uint4")) {
      try quantizer("uint4", [-7, 3])
    }
  }

  @Test("what cannot be quantized says so")
  func failures() throws {
    #expect(throws: QuantizationFailure.emptyCalibrationSet(tensor: "test")) { try quantizer("int8", []) }
    #expect(throws: QuantizationFailure.notFinite(tensor: "test")) { try quantizer("int8", [1, .nan, 2]) }
    #expect(throws: QuantizationFailure.notFinite(tensor: "test")) { try quantizer("int8", [1, .infinity]) }
    // Nothing to map a magnitude to; a scale beyond float32.
    #expect(throws: QuantizationFailure.unusableRange(tensor: "test", format: "q0.0")) {
      var unshifted = QuantizerSpecification(
        format: try FormatCatalog().format(named: "q0.0"),
        granularity: .tensor,
        calibration: AbsMaxCalibration()
      )
      unshifted.zeroPoint = .none
      _ = try Quantizer(unshifted, samples: [TensorSample([0, 1])], name: "test", cache: CodecCache())
    }
    #expect(throws: QuantizationFailure.unusableRange(tensor: "test", format: "q0.7")) {
      try quantizer("q0.7", [3.4e38, -1])
    }
    #expect(throws: QuantizationFailure.negativeValues(tensor: "test", format: "float8_ue5m3")) {
      try quantizer("float8_ue5m3", [-1, 2])
    }
  }

  @Test("a NaN among calibration values is not hidden by sampling")
  func sampledNaN() {
    var sample = TensorSample()
    var values = [Float](repeating: 1, count: 1000)
    values[517] = .nan
    values.withUnsafeBufferPointer { sample.add($0, keeping: 3, phase: 0) }
    sample.merge(TensorSample([2, 3]))
    #expect(sample.least.isNaN)
  }
}
