import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization
import Testing

/// Layers in block formats against the definition: BlockCodec on every pixel and every kernel position, then the convolution
/// as the formula reads.
@Suite struct BlockLayerTests {
  static let names = ((try? FormatCatalog())?.blockFormats ?? []).map(\.name)

  static func shape(inputChannels: Int, groups: Int = 1) -> ConvolutionShape {
    ConvolutionShape(
      inputChannels: inputChannels,
      inputHeight: 5,
      inputWidth: 6,
      outputChannels: 4,
      kernelHeight: 3,
      kernelWidth: 3,
      stride: 1,
      padding: 1,
      groups: groups
    )
  }

  static func quantizer(
    _ specification: QuantizerSpecification,
    _ samples: [TensorSample],
    _ operand: Operand
  ) throws -> Quantizer {
    try Quantizer(specification, samples: samples, operand: operand, name: "test", cache: CodecCache())
  }

  /// One sample per channel of an image with the channels innermost.
  static func samples(_ image: [Float], channels: Int) -> [TensorSample] {
    (0..<channels).map { channel in
      TensorSample(stride(from: channel, to: image.count, by: channels).map { image[$0] })
    }
  }

  /// The image as rows of one pixel each.
  static func roundedImage(_ image: [Float], _ codec: BlockCodec, channels: Int) -> [Float] {
    let greatest = image.reduce(0) { max($0, abs($1)) }
    return stride(from: 0, to: image.count, by: channels).flatMap { pixel in
      codec.decode(
        codec.encode(
          Array(image[pixel..<pixel + channels]),
          outerScale: codec.outerScale(greatestMagnitude: greatest)
        )
      )
    }
  }

  /// The weights, o x c x r x s, as rows of the channels of one kernel position each.
  static func roundedWeights(_ weights: [Float], _ codec: BlockCodec, _ shape: ConvolutionShape) -> [Float] {
    let (channels, taps) = (shape.groupInputChannels, shape.kernelHeight * shape.kernelWidth)
    let whole = weights.reduce(0) { max($0, abs($1)) }
    var result = weights
    for output in 0..<shape.outputChannels {
      let row = weights[output * shape.depth..<(output + 1) * shape.depth]
      let greatest = codec.format.scale.outer == .row ? row.reduce(0) { max($0, abs($1)) } : whole
      for tap in 0..<taps {
        let places = (0..<channels).map { output * shape.depth + $0 * taps + tap }
        let rounded = codec.decode(
          codec.encode(
            places.map { weights[$0] },
            outerScale: codec.outerScale(greatestMagnitude: greatest)
          )
        )
        for (place, value) in zip(places, rounded) { result[place] = value }
      }
    }
    return result
  }

  @Test("outputs have the bits of the scalar reference", arguments: names)
  func bits(name: String) throws {
    let format = try FormatCatalog().blockFormat(named: name)
    for (channels, groups) in [(3, 1), (16, 1), (40, 1), (32, 2)] {
      let shape = Self.shape(inputChannels: channels, groups: groups)
      let image = QuantizedLayerTests.values(shape.inputCount, seed: 1, scale: 3)
      let kernel = QuantizedLayerTests.values(shape.outputChannels * shape.depth, seed: 2, scale: 0.1)
      let bias = [Float](repeating: 0, count: shape.outputChannels)
      let layer = FoldedNetwork.Layer(name: "layer", shape: shape, weights: kernel, bias: bias)
      for search in [BlockScaleSearch.none, .mse] {
        let specification = QuantizerSpecification(blocks: format, search: search)
        let operands = LayerOperands(
          layer,
          weights: try Self.quantizer(specification, layer.weightSamples, .weights),
          activations: try Self.quantizer(
            specification,
            Self.samples(image, channels: channels),
            .activations
          ),
          absorbing: false
        )
        let engine = try LayerEngine(layer, operands, features: .detected)
        var output = [Float](repeating: .nan, count: shape.outputCount)
        engine.run(image, into: &output, scratch: LayerScratch(for: [shape]), appliesReLU: false)
        let codec = try BlockCodec(format, search: search)
        let expected = ReferenceConvolution.run(
          Self.roundedImage(image, codec, channels: channels),
          weights: Self.roundedWeights(kernel, codec, shape),
          shape: shape
        )
        let wrong = zip(output, expected).count { $0 != $1 }
        #expect(wrong == 0, "\(channels) channels in \(groups) groups, \(search)")
        #expect(engine.datapath == .float32)
      }
    }
  }

  @Test("blocks beside formats of single elements, on either side")
  func mixed() throws {
    let catalog = try FormatCatalog()
    let shape = Self.shape(inputChannels: 20)
    let image = QuantizedLayerTests.values(shape.inputCount, seed: 3, scale: 2)
    let kernel = QuantizedLayerTests.values(shape.outputChannels * shape.depth, seed: 4, scale: 0.2)
    let layer = FoldedNetwork.Layer(
      name: "layer",
      shape: shape,
      weights: kernel,
      bias: [Float](repeating: 0, count: shape.outputChannels)
    )
    let blocks = QuantizerSpecification(blocks: try catalog.blockFormat(named: "nvfp4"))
    let int8 = QuantizerSpecification(
      format: try catalog.format(named: "int8"),
      granularity: .channel,
      calibration: AbsMaxCalibration()
    )
    for (left, right) in [(blocks, int8), (int8, blocks)] {
      let weights = try Self.quantizer(left, layer.weightSamples, .weights)
      let inputs = try Self.quantizer(right, Self.samples(image, channels: 20), .activations)
      let operands = LayerOperands(layer, weights: weights, activations: inputs, absorbing: false)
      let engine = try LayerEngine(layer, operands, features: .detected)
      var output = [Float](repeating: .nan, count: shape.outputCount)
      engine.run(image, into: &output, scratch: LayerScratch(for: [shape]), appliesReLU: false)
      func real(_ value: Float, _ quantizer: Quantizer, _ channel: Int) -> Float {
        let scale = quantizer.scale(ofChannel: channel)
        return quantizer.codec.decode(quantizer.codec.encode(value / scale)) * scale
      }
      let codec = try BlockCodec(catalog.blockFormat(named: "nvfp4"))
      let expected = ReferenceConvolution.run(
        inputs.blocks != nil
          ? Self.roundedImage(image, codec, channels: 20)
          : image.enumerated().map { real($1, inputs, $0 % 20) },
        weights: weights.blocks != nil
          ? Self.roundedWeights(kernel, codec, shape)
          : kernel.enumerated().map { real($1, weights, $0 / shape.depth) },
        shape: shape
      )
      #expect(zip(output, expected).allSatisfy { $0 == $1 })
    }
  }

  @Test("the error of weights in blocks is that of their rounded values")
  func weightError() throws {
    let format = try FormatCatalog().blockFormat(named: "vsq4_s4")
    let network = FoldedNetwork(try ArchitectureName.resolve("resnet8-cifar").graph, randomWeights: 3)
    let specification = QuantizerSpecification(blocks: format)
    let compiled = try CompiledNetwork(
      network,
      assignments: network.layers.map { _ in LayerAssignment(weights: specification) },
      statistics: nil
    )
    for (index, layer) in network.layers.enumerated() {
      let error = try #require(compiled.weightError(ofLayer: index))
      let rounded = Self.roundedWeights(layer.weights, try BlockCodec(format), layer.shape)
      let expected = zip(layer.weights, rounded).reduce(0.0) { sum, pair in
        sum + (Double(pair.0) - Double(pair.1)) * (Double(pair.0) - Double(pair.1))
      }
      #expect(abs(error.noisePower - expected) <= 1e-12 * expected)
      #expect(error.elementCount == layer.weights.count)
      #expect(compiled.inspection(ofLayer: index).weights == rounded)
    }
  }

  @Test("an accumulator of blocks is refused by the name of the layer")
  func accumulator() throws {
    let network = FoldedNetwork(try ArchitectureName.resolve("resnet8-cifar").graph, randomWeights: 3)
    let specification = QuantizerSpecification(blocks: try FormatCatalog().blockFormat(named: "nvfp4"))
    let assignment = LayerAssignment(
      weights: specification,
      activations: specification,
      accumulator: try .exact()
    )
    #expect(throws: NetworkError.self) {
      try CompiledNetwork(
        network,
        assignments: network.layers.map { _ in assignment },
        statistics: nil
      )
    }
  }
}
