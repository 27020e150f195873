import BinadeFormats
import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization
import Testing

/// A layer on its datapath against the definition: quantize every operand, convolve in Double.
@Suite struct QuantizedLayerTests {
  static let shape = ConvolutionShape(
    inputChannels: 3,
    inputHeight: 6,
    inputWidth: 7,
    outputChannels: 5,
    kernelHeight: 3,
    kernelWidth: 3,
    stride: 1,
    padding: 1
  )

  /// Deterministic values with both signs.
  static func values(_ count: Int, seed: Int, scale: Float, isNonnegative: Bool = false) -> [Float] {
    (0..<count).map { index in
      let value = Float((index &* 7919 &+ seed &* 104_729) % 2003) / 1001.5 - 1
      return (isNonnegative ? abs(value) : value) * scale
    }
  }

  @Test(
    "every datapath computes the convolution of the quantized operands",
    arguments: [
      ("int8", "int8", Granularity.tensor, Datapath.integer8),
      ("int4", "uint8", .tensor, .integer4),
      ("float4_e2m1fn", "int4", .tensor, .integer4),
      ("int8", "int8", .channel, .integer8),
      ("float8_e3m4", "int4", .channel, .integer16),
      ("float8_e4m3fn", "float8_e5m2", .tensor, .float32),
      ("lns4.3", "nf4", .tensor, .float32),
      ("bfloat16", "float16", .channel, .float32),
      ("tf32", "tf32", .tensor, .float32),
      ("e8m7", "e8m7", .tensor, .float32), ("bfloat16", "bfloat16", .channel, .bfloat16),
      ("e7m8", "lns8.7", .tensor, .float32),
      ("e8m10", "e8m10", .channel, .float32),
      ("q15.16", "float32", .tensor, .float32),
      ("lns6.9", "lns6.9", .channel, .float32),
    ]
  )
  func datapath(weights: String, activations: String, granularity: Granularity, expected: Datapath) throws {
    let catalog = try FormatCatalog()
    let shape = Self.shape
    for isNonnegative in [false, true] {
      let image = Self.values(shape.inputCount, seed: 1, scale: 3, isNonnegative: isNonnegative)
      let kernel = Self.values(shape.outputChannels * shape.depth, seed: 2, scale: 0.1)
      let bias = Self.values(shape.outputChannels, seed: 3, scale: 1)
      let layer = FoldedNetwork.Layer(name: "layer", shape: shape, weights: kernel, bias: bias)
      let planeSize = shape.inputHeight * shape.inputWidth
      let inputQuantizer = try Quantizer(
        QuantizerSpecification(
          format: catalog.format(named: activations),
          granularity: granularity,
          calibration: AbsMaxCalibration()
        ),
        samples: (0..<shape.inputChannels).map {
          TensorSample(Array(image[$0 * planeSize..<($0 + 1) * planeSize]))
        },
        name: "input",
        cache: CodecCache()
      )
      let absorbed = layer.absorbing(inputQuantizer)
      let weightQuantizer = try Quantizer(
        QuantizerSpecification(
          format: catalog.format(named: weights),
          granularity: .channel,
          calibration: AbsMaxCalibration()
        ),
        samples: absorbed.weightSamples,
        name: "weights",
        cache: CodecCache()
      )
      let engine = try LayerEngine(
        layer,
        LayerOperands(layer, weights: weightQuantizer, activations: inputQuantizer, absorbing: true),
        features: .detected
      )
      #expect(engine.datapath == expected)
      var output = [Float](repeating: .nan, count: shape.outputCount)
      // The engine takes channels innermost, and so does the definition's result stand.
      let interleaved = (0..<shape.inputCount).map { index in
        image[index % shape.inputChannels * planeSize + index / shape.inputChannels]
      }
      engine.run(interleaved, into: &output, scratch: LayerScratch(for: [shape]), appliesReLU: false)

      let truth = Self.definition(
        image: image,
        absorbed: absorbed,
        weights: weightQuantizer,
        activations: inputQuantizer
      )
      // 27 fused steps and two roundings: (27 + 3) units of 2^-24 of the sum of magnitudes, and as much again
      // because a scale is applied to each operand in one order here and in another there.
      let bound = 60 * 0x1p-24
      let wrong = zip(output, truth).filter { !(abs(Double($0) - $1.value) <= bound * $1.magnitude) }
      #expect(wrong.isEmpty, "\(wrong.prefix(3))")
    }
  }

  /// Double arithmetic on the values that the quantizers produce, scales of activations per channel taken out of
  /// the weights again.
  static func definition(
    image: [Float],
    absorbed: FoldedNetwork.Layer,
    weights: Quantizer,
    activations: Quantizer
  ) -> [(value: Double, magnitude: Double)] {
    let planeSize = shape.inputHeight * shape.inputWidth
    let perChannel = activations.scales.isPerChannel
    let quantizedImage = image.enumerated().map { index, x -> Double in
      let scale = activations.scale(ofChannel: index / planeSize)
      let value = Double(activations.codec.decode(activations.codec.encode(x / scale)))
      return value * Double(perChannel ? activations.greatestScale : scale)
    }
    let quantizedWeights = absorbed.weights.enumerated().map { index, w -> Double in
      let scale = weights.scale(ofChannel: index / shape.depth)
      return Double(weights.codec.decode(weights.codec.encode(w / scale))) * Double(scale)
    }
    var result: [(value: Double, magnitude: Double)] = []
    for y in 0..<shape.outputHeight {
      for x in 0..<shape.outputWidth {
        for o in 0..<shape.outputChannels {
          var (sum, magnitude) = (Double(absorbed.bias[o]), Double(abs(absorbed.bias[o])))
          for c in 0..<shape.inputChannels {
            for r in 0..<3 {
              for s in 0..<3 {
                let (row, column) = (y + r - 1, x + s - 1)
                guard (0..<shape.inputHeight).contains(row), (0..<shape.inputWidth).contains(column)
                else { continue }
                let product =
                  quantizedWeights[((o * shape.inputChannels + c) * 3 + r) * 3 + s]
                  * quantizedImage[(c * shape.inputHeight + row) * shape.inputWidth + column]
                sum += product
                magnitude += abs(product)
              }
            }
          }
          result.append((sum, magnitude))
        }
      }
    }
    return result
  }
}
