import BinadeFormats
import BinadeKernels
import BinadeNumerics
import BinadeQuantization
import Testing

/// Quantizers in training against the worked vectors of the methods, and their gradient rule against its formulas.
@Suite struct TrainableQuantizerTests {
  static func trainable(
    _ format: String,
    _ method: TrainingMethod,
    _ operand: Operand,
    granularity: Granularity = .channel,
    rounding: RoundingRule = .nearestEven,
    isNonnegative: Bool = false
  ) throws -> TrainableQuantizer {
    try TrainableQuantizer(
      QuantizerSpecification(
        format: FormatCatalog().format(named: format),
        granularity: granularity,
        rounding: rounding
      ),
      method,
      operand: operand,
      isNonnegative: isNonnegative,
      name: "test",
      cache: CodecCache()
    )
  }

  private static func codes(_ trainable: TrainableQuantizer, _ values: [Float]) throws -> [Int] {
    let quantizer = try #require(trainable.quantizer)
    return values.map { Int(quantizer.codec.decode(quantizer.code(of: $0, channel: 0))) }
  }

  @Test(
    "A1: AQT's weights (methods.md 1.13)",
    arguments: [
      ("int4_narrow", [-5, -2, 0, 1, 3, 7]), ("int2_narrow", [-1, 0, 0, 0, 0, 1]),
      ("int8_narrow", [-95, -33, 0, 11, 48, 127]),
    ]
  )
  func weights(format: String, expected: [Int]) throws {
    let values: [Float] = [-0.9, -0.31, 0, 0.1, 0.45, 1.2]
    var trainable = try Self.trainable(format, .aqt, .weights)
    _ = values.withUnsafeBufferPointer { trainable.observe(weights: $0, channelLength: values.count) }
    #expect(try Self.codes(trainable, values) == expected)
    let steps = Double(expected.last ?? 0)
    #expect(abs(Double(trainable.scales[0]) - 1.2 / steps) < 1e-6)
  }

  /// Tracks one batch so often that the average is its extremes, then freezes.
  private static func tracked(_ trainable: TrainableQuantizer, _ bound: Float) throws -> TrainableQuantizer {
    var trainable = trainable
    for update in 0..<400 {
      try trainable.observe(inputs: [TensorSample([0, bound])], isLastTracked: update == 399, name: "test")
    }
    return trainable
  }

  @Test(
    "A2: AQT's inputs, cut to unsigned codes (methods.md 1.13)",
    arguments: [
      ("uint8", [0, 0, 8, 15, 16, 128, 255, 255, 255]), ("uint4", [0, 0, 0, 0, 1, 8, 15, 15, 15]),
      ("uint2", [0, 0, 0, 0, 0, 2, 3, 3, 3]),
    ]
  )
  func inputs(format: String, expected: [Int]) throws {
    let trainable = try Self.tracked(
      Self.trainable(format, .aqt, .activations, granularity: .tensor, rounding: .down, isNonnegative: true),
      6
    )
    #expect(try Self.codes(trainable, [-1, 0, 0.2, 0.374, 0.376, 3.0, 5.99, 6.0, 7.5]) == expected)
  }

  @Test("A2: AQT's signed inputs")
  func signedInputs() throws {
    var trainable = try Self.trainable("int4_narrow", .aqt, .activations, granularity: .tensor)
    trainable = try Self.tracked(trainable, 2.5)
    let values: [Float] = [-3, -2.5, -1.3, -0.2, 0, 0.17, 0.18, 1, 2.4]
    #expect(try Self.codes(trainable, values) == [-7, -7, -4, -1, 0, 0, 1, 3, 7])
  }

  @Test("A6: moving averages from 0, zeros skipped; no quantizer before they are frozen")
  func tracker() throws {
    var trainable = try Self.trainable("int4", .aqt, .activations, granularity: .tensor, isNonnegative: true)
    let expected = [0.4, 0.96, 1.364, 2.0276, 2.02484]
    for (place, maximum) in [Float(4), 6, 5, 8, 2].enumerated() {
      #expect(trainable.quantizer == nil)
      #expect(trainable.needsInputs(trackingIsOver: false))
      try trainable.observe(inputs: [TensorSample([0, maximum])], isLastTracked: place == 4, name: "test")
      #expect(abs(trainable.tracker.maxima[0] - expected[place]) < 1e-6)
      // A batch of zeros changes nothing.
      if place < 4 {
        try trainable.observe(inputs: [TensorSample([0, 0])], isLastTracked: false, name: "test")
      }
      #expect(abs(trainable.tracker.maxima[0] - expected[place]) < 1e-6)
    }
    #expect(trainable.quantizer != nil && !trainable.needsInputs(trackingIsOver: true))
  }

  /// The rule of one channel, applied to values with an upstream of 1.
  private static func rule(
    _ trainable: TrainableQuantizer,
    _ values: [Float],
    isWhole: Bool = false,
    features: CPUFeatures = .detected
  ) throws
    -> (passed: [Float], sums: [ScaleSums])
  {
    let quantizer = try #require(trainable.quantizer)
    var rule = trainable.gradientRule(scale: quantizer.scales[0], unit: 1, features: features)
    rule.isWhole = isWhole
    var passed = [Float](repeating: 0, count: values.count)
    var sums = QuantizerGradient.Sums(channels: values.count)
    let rounded = values.map { quantizer.codec.decode(quantizer.code(of: $0, channel: 0)) }
    // An upstream of scale x unit: 1 after the rule's own factor.
    let upstream = [Float](repeating: quantizer.scales[0], count: values.count)
    rule.apply(
      upstream,
      gradientStride: values.count,
      values: values,
      learns: !trainable.halvesEnds,
      rounded: isWhole ? nil : rounded,
      rowCount: 1,
      channels: values.count,
      into: &passed,
      &sums
    )
    let single = values.indices.map { place in
      var sum = ScaleSums()
      (sum.inside, sum.above, sum.below) = (sums.inside[place], sums.above[place], sums.below[place])
      return sum
    }
    return (passed, single)
  }

  @Test("N1: LSQ's step gradients, codes and beginning (methods.md 4.4)")
  func learnedStep() throws {
    let values: [Float] = [-1, -0.33, -0.05, 0.08, 0.2, 0.61, 0.9]
    var trainable = try Self.trainable("int3", .lsq, .weights, granularity: .tensor)
    _ = values.withUnsafeBufferPointer { trainable.observe(weights: $0, channelLength: values.count) }
    #expect(abs(trainable.scales[0] - 0.522914) < 1e-6)
    #expect(abs(trainable.gradientFactor(elementCount: values.count) - 0.218218) < 1e-6)
    try trainable.move(to: [0.25])
    #expect(try Self.codes(trainable, values) == [-4, -1, 0, 0, 1, 2, 3])
    let (passed, sums) = try Self.rule(trainable, values)
    let gradients = sums.map { trainable.scaleGradients([$0])[0] }
    let expected = [-4, 0.32, 0.2, -0.32, 0.2, -0.44, 3]
    #expect(zip(gradients, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(gradients)")
    // -1 is the least value itself, 0.9 above the greatest.
    #expect(passed.map { $0 != 0 } == [false, true, true, true, true, true, false])
    let twin = LearnedStep(step: 0.25, bitWidth: 3, isSigned: true)
    #expect(zip(gradients, values).allSatisfy { abs($0 - twin.stepGradient(Double($1))) < 1e-6 })
    #expect(zip(passed, values).allSatisfy { Double($0) == twin.valueGradient(Double($1)) })
  }

  @Test("N1: PACT's and SAT's thresholds (methods.md 4.2)", arguments: [2, 3])
  func learnedBound(bits: Int) throws {
    let values: [Float] = [-0.3, 0, 0.4, 0.7, 1.2, 1.5, 2]
    let twin = ClippedActivation(threshold: 1.5, bitWidth: bits)
    for (method, rule) in [
      (TrainingMethod.pact, ClippedActivation.ThresholdRule.clippedOnly), (.pactCalibrated, .calibrated),
    ] {
      var trainable = try Self.trainable(
        "uint\(bits)",
        method,
        .activations,
        granularity: .tensor,
        isNonnegative: true
      )
      try trainable.observe(inputs: [TensorSample([0, 1.5])], isLastTracked: false, name: "test")
      #expect(abs(trainable.parameters[0] - 1.5) < 1e-6)
      let quantizer = try #require(trainable.quantizer)
      let rounded = values.map { quantizer.fakeQuantize($0, channel: 0) }
      #expect(zip(rounded, values).allSatisfy { abs(Double($0) - twin.fakeQuantize(Double($1))) < 1e-6 })
      let (passed, sums) = try Self.rule(trainable, values)
      let gradients = sums.map { trainable.scaleGradients([$0])[0] }
      let expected = values.map { twin.thresholdGradient(Double($0), rule: rule) }
      #expect(zip(gradients, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(method): \(gradients)")
      #expect(zip(passed, values).allSatisfy { Double($0) == twin.valueGradient(Double($1)) })
    }
  }

  @Test(
    "A7: AQT passes everything of weights, and of inputs what lies between 0 and the bound; rounded first, half at the ends",
    arguments: [CPUFeatures.portable, .avx2, .avx512]
  )
  func passes(features: CPUFeatures) throws {
    guard CPUFeatures.detected.isSuperset(of: features) else { return }
    func inputs(_ method: TrainingMethod) throws -> [Float] {
      let trainable = try Self.tracked(
        Self.trainable(
          "uint4",
          method,
          .activations,
          granularity: .tensor,
          rounding: .down,
          isNonnegative: true
        ),
        6
      )
      // The last code begins at 15/16 of the bound, 5.625 of 6.
      return try Self.rule(trainable, [-1, 0.3, 3.0, 5.5, 5.7, 5.99, 6.1, 7], features: features).passed
    }
    #expect(try inputs(.aqt) == [0, 1, 1, 1, 1, 1, 0, 0])
    #expect(try inputs(.aqtRoundFirst) == [0, 0.5, 1, 1, 0.5, 0.5, 0, 0])

    func weights(_ method: TrainingMethod) throws -> [Float] {
      var trainable = try Self.trainable("int4_narrow", method, .weights)
      // 7 is the greatest code: a step is 1.
      let values: [Float] = [-7, -6.6, -6.4, 0, 3, 6.4, 6.6, 7]
      _ = values.withUnsafeBufferPointer { trainable.observe(weights: $0, channelLength: values.count) }
      return try Self.rule(trainable, values, features: features).passed
    }
    #expect(try weights(.aqt) == [1, 1, 1, 1, 1, 1, 1, 1])
    #expect(try weights(.aqtRoundFirst) == [0.5, 0.5, 1, 1, 1, 1, 0.5, 0.5])
  }

  @Test("every kernel row has the same bits", arguments: [1, 7, 16, 37])
  func rows(channels: Int) throws {
    let values = (0..<channels).map { Float(($0 * 37 + 11) % 61) / 10 - 3 }
    var trainable = try Self.trainable("int4", .lsq, .weights, granularity: .tensor)
    _ = values.withUnsafeBufferPointer { trainable.observe(weights: $0, channelLength: channels) }
    #expect(trainable.hasWholeValues)
    let first = try Self.rule(trainable, values, features: .portable)
    for features in [CPUFeatures.portable, .avx2, .avx512] where CPUFeatures.detected.isSuperset(of: features)
    {
      // Whole values follow from those in front of the quantizer.
      for isWhole in [false, true] {
        let other = try Self.rule(trainable, values, isWhole: isWhole, features: features)
        #expect(other.passed == first.passed && other.sums == first.sums)
      }
    }
  }

  @Test(
    "learned scales stay above 0; methods that learn or clip refuse block formats, whose scales they cannot have"
  )
  func limits() throws {
    var trainable = try Self.trainable("int4", .lsq, .weights, granularity: .tensor)
    _ = [Float(1), -1].withUnsafeBufferPointer { trainable.observe(weights: $0, channelLength: 2) }
    let first = trainable.scales[0]
    try trainable.move(to: [-5])
    #expect(trainable.scales[0] == first * 0x1p-10)
    let blocks = try FormatCatalog().blockFormat(named: "mxfp4_e2m1")
    for operand in [Operand.weights, .activations] {
      for method in TrainingMethod.allCases {
        func make() throws -> TrainableQuantizer {
          try TrainableQuantizer(
            QuantizerSpecification(blocks: blocks),
            method,
            operand: operand,
            isNonnegative: false,
            name: "conv1",
            cache: CodecCache()
          )
        }
        if method.trainsBlocks {
          #expect(try make().isBlocked)
          continue
        }
        let failure = #expect(throws: QuantizationFailure.self) { _ = try make() }
        #expect(failure?.description.contains("train with ste or aqt") == true)
      }
    }
  }
}
