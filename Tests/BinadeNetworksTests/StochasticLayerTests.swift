import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization
import Testing

/// Layers whose operands are rounded by random words, against the definition of stochastic rounding.
@Suite struct StochasticLayerTests {
  static let shape = QuantizedLayerTests.shape
  static let words = RandomWords(rounding: StochasticRounding(bitCount: 11), seed: 7)

  static func quantizer(_ format: String, _ samples: [TensorSample], tensor: UInt32) throws -> Quantizer {
    var specification = QuantizerSpecification(
      format: try FormatCatalog().format(named: format),
      granularity: .channel,
      calibration: AbsMaxCalibration()
    )
    specification.words = words
    return try Quantizer(specification, samples: samples, name: "test", tensor: tensor, cache: CodecCache())
  }

  /// What an element becomes, by the definition: value / scale, then the neighbour that the word of its place draws.
  static func rounded(_ value: Float, _ quantizer: Quantizer, channel: Int, tensor: UInt32, place: Int)
    -> Float
  {
    let word = CounterGenerator(seed: words.seed, tensor: tensor).word(of: UInt64(place))
    let encoder = StochasticEncoder(ladder: quantizer.codec.reference.ladder, rounding: words.rounding)
    let scale = quantizer.scale(ofChannel: channel)
    return quantizer.codec.decode(encoder.encode(Double(value / scale), word: word)) * scale
  }

  @Test(
    "on every datapath a layer rounds by the words of element, image and seed",
    arguments: ["int4", "int8", "float8_e4m3fn", "nf4", "q3.8", "float32", "posit16"]
  )
  func layer(format: String) throws {
    let shape = Self.shape
    let imageCount = 3
    let images = QuantizedLayerTests.values(imageCount * shape.inputCount, seed: 1, scale: 3)
    let weights = QuantizedLayerTests.values(shape.outputChannels * shape.depth, seed: 2, scale: 0.1)
    let layer = FoldedNetwork.Layer(
      name: "layer",
      shape: shape,
      weights: weights,
      bias: Array(repeating: 0.25, count: shape.outputChannels)
    )
    let inputs = try Self.quantizer(format, [TensorSample(images)], tensor: 5)
    let operands = LayerOperands(
      layer,
      weights: try Self.quantizer(format, layer.weightSamples, tensor: 4),
      activations: inputs,
      absorbing: true
    )
    let coded = try #require(operands.codedWeights)
    for (place, weight) in weights.enumerated() {
      let channel = place / shape.depth
      let expected = Self.rounded(weight, coded.quantizer, channel: channel, tensor: 4, place: place)
      #expect(coded.values[place] == expected)
    }
    // The engine against one whose inputs hold what the definition makes of them, and are rounded to nearest: to themselves.
    let firstImage = 11
    let expected = images.enumerated().map { index, value in
      Self.rounded(value, inputs, channel: 0, tensor: 5, place: firstImage * shape.inputCount + index)
    }
    let nearest = Quantizer(inputs.bulkCodec, zeroPoint: inputs.zeroPoint, scales: inputs.scales)
    var plain = operands
    plain.activations = nearest
    func outputs(_ operands: LayerOperands, _ images: [Float], firstImage: Int, of count: Int) throws
      -> [Float]
    {
      let engine = try LayerEngine(layer, operands, features: .detected)
      var output = [Float](repeating: .nan, count: count * shape.outputCount)
      engine.run(
        images,
        imageCount: count,
        firstImage: firstImage,
        into: &output,
        scratch: LayerScratch(for: [shape], imageCount: count),
        appliesReLU: true
      )
      return output
    }
    let together = try outputs(operands, images, firstImage: firstImage, of: imageCount)
    #expect(try together == outputs(plain, expected, firstImage: 0, of: imageCount))
    // One by one, with their own numbers, they are the same; with another number they are not.
    let second = Array(images[shape.inputCount..<2 * shape.inputCount])
    let alone = try outputs(operands, second, firstImage: firstImage + 1, of: 1)
    #expect(alone == Array(together[shape.outputCount..<2 * shape.outputCount]))
    let renumbered = try outputs(operands, second, firstImage: firstImage, of: 1)
    #expect(format == "float32" || renumbered != alone)
  }

  @Test("the mean over images is the value: no bias, where rounding to nearest has one")
  func mean() throws {
    let quantizer = try Self.quantizer("int4", [TensorSample([-7, 7])], tensor: 1)
    let value: Float = 2.25
    let count = 20_000
    let values = [Float](repeating: value, count: count)
    let sums = values.withUnsafeBufferPointer { source in
      [Float](unsafeUninitializedCapacity: count) { buffer, used in
        if let base = buffer.baseAddress { quantizer.fakeQuantize(source, channels: 1, into: base) }
        used = count
      }
    }
    let mean = Double(sums.reduce(0, +)) / Double(count)
    // Five standard deviations of the mean of a Bernoulli variable, and the step between 2 and 3 is the scale.
    let scale = Double(quantizer.scale(ofChannel: 0))
    #expect(abs(mean - Double(value)) < 5 * 0.5 * scale / Double(count).squareRoot())
    #expect(Set(sums).count == 2)
  }

  @Test("blocks are refused by name")
  func blocks() throws {
    var specification = QuantizerSpecification(
      blocks: try FormatCatalog().blockFormat(named: "nvfp4")
    )
    specification.words = Self.words
    #expect(throws: QuantizationFailure.randomBlocks(tensor: "test", format: "nvfp4")) {
      try Quantizer(specification, samples: [TensorSample([1, 2])], name: "test", cache: CodecCache())
    }
  }
}
