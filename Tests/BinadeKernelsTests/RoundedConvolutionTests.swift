import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

/// Convolutions in rounded accumulators against the scalar reference on patches.
@Suite struct RoundedConvolutionTests {
  static let shapes: [ConvolutionShape] = [
    ConvolutionTests.shape(1, 5, 5, 1, kernel: 1), ConvolutionTests.shape(3, 6, 7, 5, kernel: 3, padding: 1),
    ConvolutionTests.shape(5, 7, 5, 17, kernel: 3, stride: 2, padding: 1),
    ConvolutionTests.shape(3, 9, 9, 4, kernel: 7, stride: 2, padding: 3),
    ConvolutionTests.shape(6, 5, 4, 9, kernel: 3, padding: 1, groups: 3),
    ConvolutionTests.shape(8, 4, 3, 8, kernel: 3, padding: 1, groups: 8),
    ConvolutionTests.shape(16, 2, 3, 40, kernel: 1, stride: 2),
    ConvolutionTests.shape(24, 1, 1, 33, kernel: 1),
  ]

  /// Which order the products of a patch meet in.
  enum Order { case kernelFirst, channelFirst }

  static func models() throws -> [AccumulatorModel] {
    func target(_ name: String, _ overflow: OverflowRule = .ieee) throws -> AccumulatorFormat {
      try AccumulatorFormat(FormatCatalog().format(named: name), policy: ConversionPolicy(overflow: overflow))
    }
    return [
      .init(sum: try target("bfloat16")),
      .init(sum: try target("float8_e5m2"), interval: 3),
      .init(sum: try target("float16"), order: .chunked(length: 5, into: try target("float32"))),
      .init(sum: try target("bfloat16"), interval: 2, order: .pairwise),
      .init(sum: try target("int12", .wrap)),
      .init(product: try target("posit8"), sum: try target("posit16")),
      .init(sum: try target("posit8", .saturate), interval: 64),
    ]
  }

  /// The definition, patch by patch; pixels on the rim count as products with 0.
  static func definition(
    _ image: [Float],
    _ weights: [Float],
    _ shape: ConvolutionShape,
    _ model: AccumulatorModel,
    order: Order = .kernelFirst
  ) -> [Float] {
    let (channels, kernel) = (shape.groupInputChannels, shape.kernelWidth)
    var result: [Float] = []
    for y in 0..<shape.outputHeight {
      for x in 0..<shape.outputWidth {
        for o in 0..<shape.outputChannels {
          var (left, right): ([Float], [Float]) = ([], [])
          for p in 0..<shape.depth {
            let isKernelFirst = order == .kernelFirst
            let c = isKernelFirst ? p % channels : p / (kernel * kernel)
            let tap = isKernelFirst ? p / channels : p % (kernel * kernel)
            let (row, column) = (
              y * shape.stride + tap / kernel - shape.padding, x * shape.stride + tap % kernel - shape.padding
            )
            let isInside = (0..<shape.inputHeight).contains(row) && (0..<shape.inputWidth).contains(column)
            let channel = o / shape.groupOutputChannels * channels + c
            left.append(
              isInside ? image[(row * shape.inputWidth + column) * shape.inputChannels + channel] : 0
            )
            right.append(weights[(o * channels + c) * kernel * kernel + tap])
          }
          result.append(Float(ReferenceAccumulation.dot(left, right, model)))
        }
      }
    }
    return result
  }

  static func numbers(_ count: Int, _ numbers: inout TestNumbers) -> [Float] {
    (0..<count).map { _ in Float(numbers.nextInteger(-15...15)) }
  }

  static func kernel(_ model: AccumulatorModel, _ features: CPUFeatures = .detected) -> RoundedMicroKernel {
    let bounds = OperandBounds([-15, 1, 15])
    return RoundedMicroKernel(model, left: bounds, right: bounds, features: features)
  }

  @Test(
    "padding, strides and groups equal the reference on patches, on every instruction set",
    arguments: RoundedConvolutionTests.shapes
  )
  func sizes(shape: ConvolutionShape) throws {
    var source = TestNumbers(seed: 21)
    let image = Self.numbers(shape.inputCount, &source)
    let weights = Self.numbers(shape.outputChannels * shape.depth, &source)
    for model in try Self.models() {
      let expected = Self.definition(image, weights, shape, model)
      for features in [CPUFeatures.detected, CPUFeatures.avx2.intersection(.detected), .portable] {
        let convolution = RoundedConvolution(
          shape: shape,
          weights: weights,
          kernel: Self.kernel(model, features)
        )
        var found = [Float](repeating: .nan, count: shape.outputCount)
        convolution.run(
          ConvolutionTests.padded(image, shape, zero: 0, junk: .nan),
          epilogue: .identity(channels: shape.outputChannels),
          into: &found
        )
        #expect(found == expected, "\(model.description), \(convolution.kernelName)")
      }
    }
  }

  @Test("the check sees an order of depth that is not (kernel row, kernel column, channel)")
  func plantedOrder() throws {
    let shape = Self.shapes[1]
    var source = TestNumbers(seed: 22)
    let image = Self.numbers(shape.inputCount, &source)
    let weights = Self.numbers(shape.outputChannels * shape.depth, &source)
    let model = try Self.models()[1]
    #expect(
      Self.definition(image, weights, shape, model)
        != Self.definition(image, weights, shape, model, order: .channelFirst)
    )
  }

  @Test("several images on 1, 2 and 7 threads, with scale, bias, residual and ReLU", arguments: [1, 2, 7])
  func images(threads: Int) throws {
    let shape = ConvolutionTests.shape(5, 9, 7, 20, kernel: 3, stride: 2, padding: 1)
    var source = TestNumbers(seed: 23)
    let weights = Self.numbers(shape.outputChannels * shape.depth, &source)
    let images = (0..<9).map { _ in Self.numbers(shape.inputCount, &source) }
    let epilogue = Epilogue(
      scales: source.floats(shape.outputChannels),
      bias: source.floats(shape.outputChannels),
      appliesReLU: true
    )
    let addend = source.floats(images.count * shape.outputCount)
    let model = try Self.models()[0]
    let expected = images.flatMap { Self.definition($0, weights, shape, model) }.enumerated().map {
      index,
      sum in
      let channel = index % shape.outputChannels
      let scaled = sum * epilogue.scales[channel]
      return max(scaled + epilogue.bias[channel] + addend[index], 0)
    }
    let convolution = RoundedConvolution(shape: shape, weights: weights, kernel: Self.kernel(model))
    var found = [Float](repeating: .nan, count: images.count * shape.outputCount)
    convolution.convolve(
      images.flatMap { $0 },
      imageCount: images.count,
      epilogue: epilogue,
      addend: addend,
      into: &found,
      threads: threads
    )
    #expect(found == expected)
    let padded = images.flatMap {
      ConvolutionTests.padded($0, shape, zero: 0, junk: .nan).prefix(shape.paddedInputCount)
    }
    found = [Float](repeating: .nan, count: found.count)
    convolution.run(
      padded + [Float](repeating: .nan, count: ConvolutionShape.readAhead),
      imageCount: images.count,
      epilogue: epilogue,
      addend: addend,
      into: &found,
      threads: threads
    )
    #expect(found == expected)
  }

  @Test("infinities and NaNs of any payload, on both sides")
  func specials() throws {
    let shape = ConvolutionTests.shape(2, 4, 4, 3, kernel: 3, padding: 1)
    var source = TestNumbers(seed: 24)
    for name in ["bfloat16", "float8_e4m3fn", "posit16", "int8"] {
      var image = Self.numbers(shape.inputCount, &source)
      var weights = Self.numbers(shape.outputChannels * shape.depth, &source)
      image[3] = Float(bitPattern: 0xFFFF_FFFF)
      image[17] = .infinity
      weights[20] = Float(bitPattern: 0x7FFF_FFFF)
      weights[40] = -.infinity
      let model = AccumulatorModel(
        sum: try AccumulatorFormat(
          FormatCatalog().format(named: name),
          policy: ConversionPolicy(overflow: .ieee)
        )
      )
      let kernel = RoundedMicroKernel(model, left: OperandBounds(image), right: OperandBounds(weights))
      var found = [Float](repeating: 1, count: shape.outputCount)
      RoundedConvolution(shape: shape, weights: weights, kernel: kernel).convolve(
        image,
        epilogue: .identity(channels: shape.outputChannels),
        into: &found
      )
      let expected = Self.definition(image, weights, shape, model)
      #expect(zip(found, expected).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "\(name)")
    }
  }
}
