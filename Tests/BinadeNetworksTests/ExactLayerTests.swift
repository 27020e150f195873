import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization
import Testing

/// Layers with exact sums: by limbs, and by the scalar reference that sums every patch.
@Suite struct ExactLayerTests {
  static func engine(
    _ format: any NumericFormat,
    _ layer: FoldedNetwork.Layer,
    image: [Float],
    _ accumulator: Accumulator,
    _ features: CPUFeatures
  ) throws -> LayerEngine {
    func quantizer(_ samples: [TensorSample], _ granularity: Granularity) throws -> Quantizer {
      try Quantizer(
        QuantizerSpecification(
          format: format,
          granularity: granularity,
          calibration: AbsMaxCalibration()
        ),
        samples: samples,
        name: "operand",
        cache: CodecCache()
      )
    }
    let operands = LayerOperands(
      layer,
      weights: try quantizer(layer.weightSamples, .channel),
      activations: try quantizer([TensorSample(image)], .tensor),
      absorbing: true
    )
    return try LayerEngine(
      layer,
      operands,
      accumulator: accumulator,
      features: features
    )
  }

  @Test(
    "limbs give the bits of the reference",
    arguments: ["posit8", "float8_e5m2", "float8_e4m3fn", "float16", "lns4.3"]
  )
  func limbs(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    let shape = QuantizedLayerTests.shape
    let image = QuantizedLayerTests.values(shape.inputCount, seed: 5, scale: 2)
    let layer = FoldedNetwork.Layer(
      name: "layer",
      shape: shape,
      weights: QuantizedLayerTests.values(shape.outputChannels * shape.depth, seed: 6, scale: 0.1),
      bias: QuantizedLayerTests.values(shape.outputChannels, seed: 7, scale: 1)
    )
    let reference = try Self.engine(
      format,
      layer,
      image: image,
      Accumulator(.roundedOnce(depth: shape.depth)),
      .portable
    )
    #expect(reference.datapath == .reference)
    func run(_ engine: LayerEngine) -> [UInt32] {
      var output = [Float](repeating: .nan, count: shape.outputCount)
      engine.run(image, into: &output, scratch: LayerScratch(for: [shape]), appliesReLU: true)
      return output.map(\.bitPattern)
    }
    let expected = run(reference)
    for features in [CPUFeatures.portable, .detected] {
      let engine = try Self.engine(format, layer, image: image, .exact(), features)
      #expect(engine.datapath == .exact)
      #expect(run(engine) == expected)
    }
  }

  @Test("the reference runs where values span too many bits, and says why")
  func wide() throws {
    let shape = QuantizedLayerTests.shape
    let image = QuantizedLayerTests.values(shape.inputCount, seed: 5, scale: 2)
    let layer = FoldedNetwork.Layer(
      name: "layer",
      shape: shape,
      weights: QuantizedLayerTests.values(shape.outputChannels * shape.depth, seed: 6, scale: 0.1),
      bias: QuantizedLayerTests.values(shape.outputChannels, seed: 7, scale: 1)
    )
    for (name, obstacle) in [
      ("posit16", "no limbs: values span more than 62 bits"), ("tf32", "no limbs: a format has more than 16"),
    ] {
      let format = try FormatCatalog().format(named: name)
      let engine = try Self.engine(format, layer, image: image, .exact(), .detected)
      #expect(engine.datapath == .reference)
      #expect(engine.reason.contains(obstacle), "\(engine.reason)")
    }
  }
}
