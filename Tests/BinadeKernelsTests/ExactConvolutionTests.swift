import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

/// Exact convolutions by limbs against the scalar reference on patches, bit for bit.
@Suite struct ExactConvolutionTests {
  static func values(_ format: any NumericFormat) throws -> [Float] {
    let codec = try FormatCodec(format)
    return format.codes.map { codec.decode(UInt32($0)) }
  }

  static func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern } }

  /// Codes of all values, or of finite ones only.
  static func codes(_ values: [Float], _ count: Int, isFinite: Bool, _ numbers: inout TestNumbers) -> [UInt32]
  {
    (0..<count).map { _ in
      while true {
        let code = numbers.nextInteger(0...values.count - 1)
        // Special values now and then, not in every sum.
        if values[code].isFinite || (!isFinite && numbers.nextInteger(0...9) == 0) { return UInt32(code) }
      }
    }
  }

  static func run(
    _ convolution: ExactConvolution,
    _ codes: [UInt32],
    bitWidth: Int,
    imageCount: Int,
    epilogue: Epilogue,
    addend: [Float]
  ) -> [Float] {
    var output = addend
    addend.withUnsafeBufferPointer { addend in
      if bitWidth <= 8 {
        convolution.run(
          codes.map { UInt8($0) },
          imageCount: imageCount,
          epilogue: epilogue,
          addend: addend.baseAddress,
          into: &output
        )
      } else {
        convolution.run(
          codes.map { UInt16($0) },
          imageCount: imageCount,
          epilogue: epilogue,
          addend: addend.baseAddress,
          into: &output
        )
      }
    }
    return output
  }

  /// `areFinite`: of images and of weights.
  func check(
    _ names: (activations: String, weights: String),
    _ shape: ConvolutionShape,
    areFinite: (images: Bool, weights: Bool)
  ) throws {
    let catalog = try FormatCatalog()
    let format = try catalog.format(named: names.activations)
    let (left, right) = (
      try Self.values(format), try Self.values(catalog.format(named: names.weights))
    )
    var numbers = TestNumbers(seed: 31)
    let imageCount = 3
    let weights = Self.codes(
      right,
      shape.outputChannels * shape.depth,
      isFinite: areFinite.weights,
      &numbers
    )
    let images = (0..<imageCount).map { _ in
      Self.codes(left, shape.inputCount, isFinite: areFinite.images, &numbers)
    }
    let epilogue = Epilogue(
      scales: numbers.floats(shape.outputChannels),
      bias: numbers.floats(shape.outputChannels),
      appliesReLU: true
    )
    let addend = numbers.floats(imageCount * shape.outputCount)
    let model = try AccumulatorModel.roundedOnce(depth: shape.depth)
    let exact = images.flatMap { image in
      RoundedConvolutionTests.definition(
        image.map { left[Int($0)] },
        weights.map { right[Int($0)] },
        shape,
        model
      )
    }
    let expected = exact.enumerated().map { place, sum -> Float in
      let channel = place % shape.outputChannels
      let scaled = sum * epilogue.scales[channel] + epilogue.bias[channel]
      let value = scaled + addend[place]
      return value < 0 ? 0 : value
    }
    for features in [CPUFeatures.detected, CPUFeatures.avx2.intersection(.detected), .portable] {
      let convolution = try #require(
        ExactConvolution(
          shape: shape,
          activations: left,
          weights: right,
          weightCodes: weights,
          features: features
        )
      )
      let found = Self.run(
        convolution,
        images.flatMap { $0 },
        bitWidth: format.bitWidth,
        imageCount: imageCount,
        epilogue: epilogue,
        addend: addend
      )
      #expect(Self.bits(found) == Self.bits(expected), "\(names) \(shape) \(convolution.kernelName)")
    }
  }

  @Test(
    "padding, strides and groups equal the reference on patches, on every instruction set",
    arguments: RoundedConvolutionTests.shapes
  )
  func shapes(shape: ConvolutionShape) throws {
    for names in [("float8_e4m3fn", "float8_e4m3fn"), ("posit8", "float8_e5m2")] {
      try check(names, shape, areFinite: (true, true))
    }
  }

  @Test(
    "formats of one byte and of two, rational or not",
    arguments: [
      ("float8_e4m3fn", "int4"), ("float8_e5m2", "float8_e5m2"), ("posit8", "posit8"), ("float16", "float16"),
      ("lns4.3", "lns4.3"), ("posit16_es1", "nf4"), ("int8", "float8_e5m2"),
    ]
  )
  func formats(activations: String, weights: String) throws {
    try check((activations, weights), RoundedConvolutionTests.shapes[2], areFinite: (true, true))
  }

  @Test("NaN and infinities in images, in weights and in both")
  func specials() throws {
    for areFinite in [(false, true), (true, false), (false, false)] {
      for shape in [1, 4, 5].map({ RoundedConvolutionTests.shapes[$0] }) {
        try check(("float8_e5m2", "float8_e5m2"), shape, areFinite: areFinite)
      }
    }
  }

  @Test("sums of subnormal and of infinite magnitude are rounded once", arguments: [-190, -170, -149, 100])
  func range(exponent: Int) throws {
    let shape = RoundedConvolutionTests.shapes[1]
    // Products of 24-bit integers with units of 2^exponent and less.
    let half = Float(sign: .plus, exponent: exponent / 2, significand: 1)
    let rest = Float(sign: .plus, exponent: exponent - exponent / 2, significand: 1)
    var numbers = TestNumbers(seed: 32)
    func values(_ unit: Float) -> [Float] {
      [0] + (0..<40).map { _ in Float(numbers.nextInteger(-16_777_215...16_777_215)) * unit }
    }
    let (left, right) = (values(half), values(rest))
    let image = Self.codes(left, shape.inputCount, isFinite: true, &numbers)
    let weights = Self.codes(right, shape.outputChannels * shape.depth, isFinite: true, &numbers)
    let expected = RoundedConvolutionTests.definition(
      image.map { left[Int($0)] },
      weights.map { right[Int($0)] },
      shape,
      try AccumulatorModel.roundedOnce(depth: shape.depth)
    )
    #expect(expected.contains { $0.isSubnormal || $0.isInfinite } || exponent == -149)
    let convolution = try #require(
      ExactConvolution(shape: shape, activations: left, weights: right, weightCodes: weights)
    )
    let found = Self.run(
      convolution,
      image,
      bitWidth: 8,
      imageCount: 1,
      epilogue: .identity(channels: shape.outputChannels),
      addend: [Float](repeating: -0.0, count: shape.outputCount)
    )
    #expect(Self.bits(found) == Self.bits(expected))
  }

  @Test("values that span too many bits have no limbs")
  func wide() throws {
    let shape = RoundedConvolutionTests.shapes[1]
    for name in ["bfloat16", "takum8", "posit16"] {
      let values = try Self.values(FormatCatalog().format(named: name))
      let codes = [UInt32](repeating: 1, count: shape.outputChannels * shape.depth)
      #expect(
        ExactConvolution(shape: shape, activations: values, weights: values, weightCodes: codes) == nil
      )
    }
  }
}
