import BinadeKernels
import Testing

/// Gradients of convolutions: the twins against finite differences, the kernels against the twins.
@Suite struct ConvolutionGradientTests {
  /// Channels 1, 2, 3, a tile and one more or less, primes; strides 1 to 3; kernels 1, 3, 5, 7; groups and depthwise.
  static let shapes: [ConvolutionShape] = [
    shape(1, 5, 5, 1, kernel: 1), shape(1, 5, 7, 3, kernel: 3, padding: 1),
    shape(2, 8, 8, 16, kernel: 3, padding: 1), shape(3, 8, 9, 17, kernel: 3, padding: 1),
    shape(3, 8, 8, 15, kernel: 3, padding: 1), shape(16, 8, 8, 16, kernel: 3, padding: 1),
    shape(13, 7, 6, 33, kernel: 3, padding: 1), shape(31, 6, 6, 32, kernel: 3, padding: 1),
    shape(5, 9, 11, 4, kernel: 3, stride: 2, padding: 1),
    shape(16, 8, 8, 32, kernel: 3, stride: 2, padding: 1),
    shape(7, 6, 5, 8, kernel: 1, stride: 2), shape(4, 7, 7, 6, kernel: 3, stride: 3, padding: 1),
    shape(3, 15, 15, 4, kernel: 7, stride: 2, padding: 3), shape(2, 9, 9, 3, kernel: 5, padding: 2),
    shape(2, 8, 8, 3, kernel: 3), shape(64, 1, 1, 10, kernel: 1), shape(3, 20, 4, 5, kernel: 3, padding: 1),
    shape(6, 5, 6, 9, kernel: 3, padding: 1, groups: 3),
    shape(8, 6, 5, 16, kernel: 3, stride: 2, padding: 1, groups: 4),
    shape(37, 5, 5, 37, kernel: 3, stride: 2, padding: 1, groups: 37),
    shape(19, 5, 6, 19, kernel: 5, padding: 2, groups: 19),
    shape(16, 6, 6, 16, kernel: 3, padding: 1, groups: 16),
  ]

  private static func shape(
    _ c: Int,
    _ h: Int,
    _ w: Int,
    _ o: Int,
    kernel: Int,
    stride: Int = 1,
    padding: Int = 0,
    groups: Int = 1
  ) -> ConvolutionShape {
    ConvolutionTests.shape(c, h, w, o, kernel: kernel, stride: stride, padding: padding, groups: groups)
  }

  /// Numbers between -1 and 1 with few zeros, the same for the same seed.
  static func numbers(_ count: Int, seed: Int) -> [Double] {
    (0..<count).map { Double(Float((($0 + 1) &* 2_654_435_761 &+ seed &* 40_503) % 2_003) / 1_001 - 1) }
  }

  @Test("twins are the derivatives of Σ z·r, which is linear in images and in weights", arguments: shapes)
  func finiteDifferences(shape: ConvolutionShape) {
    let imageCount = 2
    let twin = ReferenceConvolutionGradient(shape)
    let images = Self.numbers(imageCount * shape.inputCount, seed: 1)
    let weights = Self.numbers(shape.outputChannels * shape.depth, seed: 2)
    let upstream = Self.numbers(imageCount * shape.outputCount, seed: 3)
    func loss(_ images: [Double], _ weights: [Double]) -> Double {
      zip(twin.forward(images, weights, imageCount: imageCount), upstream).reduce(0) { $0 + $1.0 * $1.1 }
    }
    func check(_ gradient: [Double], _ values: [Double], _ loss: ([Double]) -> Double) {
      for place in stride(from: 0, to: values.count, by: max(1, values.count / 7)) {
        // Linear: any h will do, and 1 keeps the difference from cancelling.
        var (above, below) = (values, values)
        above[place] += 1
        below[place] -= 1
        let difference = (loss(above) - loss(below)) / 2
        #expect(abs(difference - gradient[place]) <= 1e-7 * max(1, abs(gradient[place])))
      }
    }
    check(twin.inputGradient(upstream, weights, imageCount: imageCount), images) { loss($0, weights) }
    check(twin.weightGradient(images, upstream, imageCount: imageCount), weights) { loss(images, $0) }
  }

  /// γₖ = ku/(1 - ku), u = 2⁻²⁴ (Higham 2002, section 3.1).
  private func gamma(_ count: Int) -> Double { Double(count) * 0x1p-24 / (1 - Double(count) * 0x1p-24) }

  private func isWithin(_ found: [Float], _ exact: [Double], _ magnitudes: [Double], products: Int) -> Bool {
    found.count == exact.count
      && found.indices.allSatisfy {
        abs(Double(found[$0]) - exact[$0]) <= gamma(products) * magnitudes[$0] + 1e-30
      }
  }

  /// Everything that a kernel computes for one layer.
  struct Results: Equatable {
    var sums: [Float] = []
    var inputGradient: [Float] = []
    var weightGradient: [Float] = []
  }

  /// Runs the kernels as training does, on memory that held NaN.
  static func run(
    _ shape: ConvolutionShape,
    _ images: [Float],
    _ weights: [Float],
    _ upstream: [Float],
    imageCount: Int,
    precision: ProductPrecision = .float32,
    features: CPUFeatures = .detected
  ) -> Results {
    let convolution = TrainableConvolution(shape, precision: precision, features: features)
    let packed = convolution.pack(weights, needsDataGradient: true)
    var results = Results()
    let scratchCount = max(
      convolution.forwardScratchCount(imageCount: imageCount),
      convolution.backwardScratchCount(imageCount: imageCount)
    )
    var scratch = [Float](repeating: .nan, count: scratchCount)
    results.sums = [Float](repeating: 0, count: imageCount * shape.outputCount)
    func input(_ first: Int, _ count: Int, _ room: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
      for index in 0..<count { room[index] = images[first + index] }
      return UnsafePointer(room)
    }
    convolution.forward(
      packed,
      imageCount: imageCount,
      scratch: &scratch,
      input: input,
      finish: { rows, sums, rowStride in
        for (index, row) in rows.enumerated() {
          for channel in 0..<shape.outputChannels {
            results.sums[row * shape.outputChannels + channel] = sums[index * rowStride + channel]
          }
        }
      }
    )
    for place in scratch.indices { scratch[place] = .nan }
    results.inputGradient = [Float](repeating: .nan, count: imageCount * shape.inputCount)
    var ordered = [Float](repeating: 0, count: convolution.weightCount)
    var upstream = upstream
    upstream.withUnsafeMutableBufferPointer { upstream in
      convolution.backward(
        TrainableConvolution.Upstream(
          g: FeatureMap(upstream.baseAddress!),
          z: nil,
          fill: .identity(channels: shape.outputChannels)
        ),
        packed,
        imageCount: imageCount,
        scratch: &scratch,
        input: input,
        sums: &ordered,
        finish: { block in
          for index in 0..<block.count {
            let pixel = block.pixel + index * block.pixelStep
            for channel in 0..<shape.inputChannels {
              results.inputGradient[pixel * shape.inputChannels + channel] =
                block.sums[index * block.rowStride + channel]
            }
          }
        }
      )
    }
    results.weightGradient = ordered
    KernelOrder.restore(ordered, shape, into: &results.weightGradient)
    return results
  }

  /// The instruction sets that can run here, the fastest first.
  static var rows: [CPUFeatures] {
    [.detected] + [.avx512, .avx2, .portable].filter { CPUFeatures.detected.isSuperset(of: $0) }
  }

  @Test(
    "kernels are within γ of the twins, on operands that are rounded as the precision says; every row gives the same bits",
    arguments: shapes,
    ProductPrecision.allCases
  )
  func kernels(shape: ConvolutionShape, precision: ProductPrecision) {
    let imageCount = 3
    let twin = ReferenceConvolutionGradient(shape)
    let images = Self.numbers(imageCount * shape.inputCount, seed: 4)
    let weights = Self.numbers(shape.outputChannels * shape.depth, seed: 5)
    let upstream = Self.numbers(imageCount * shape.outputCount, seed: 6)
    func operands(_ values: [Double]) -> [Double] {
      precision == .float32 ? values : values.map { Double(Self.bfloat16(Float($0))) }
    }
    let (x, w, g) = (operands(images), operands(weights), operands(upstream))
    var first: Results?
    for features in Self.rows {
      let found = Self.run(
        shape,
        images.map { Float($0) },
        weights.map { Float($0) },
        upstream.map { Float($0) },
        imageCount: imageCount,
        precision: precision,
        features: features
      )
      #expect(
        isWithin(
          found.sums,
          twin.forward(x, w, imageCount: imageCount),
          twin.forward(x.map(abs), w.map(abs), imageCount: imageCount),
          products: shape.depth
        ),
        "\(features.names)"
      )
      #expect(
        isWithin(
          found.inputGradient,
          twin.inputGradient(g, w, imageCount: imageCount),
          twin.inputGradient(g.map(abs), w.map(abs), imageCount: imageCount),
          products: shape.groupOutputChannels * shape.kernelHeight * shape.kernelWidth
        ),
        "\(features.names)"
      )
      #expect(
        isWithin(
          found.weightGradient,
          twin.weightGradient(x, g, imageCount: imageCount),
          twin.weightGradient(x.map(abs), g.map(abs), imageCount: imageCount),
          products: imageCount * shape.outputPixelCount
        ),
        "\(features.names)"
      )
      #expect(found == first ?? found, "\(features.names) differs from \(Self.rows[0].names)")
      first = first ?? found
    }
  }

  /// The nearest bfloat16, ties to even, worked out on the significand.
  static func bfloat16(_ value: Float) -> Float {
    guard value.isFinite, value != 0 else { return value }
    let unit = max(value.ulp, .leastNonzeroMagnitude) * 0x1p16
    return (value / unit).rounded(.toNearestOrEven) * unit
  }

  @Test("bfloat16: subnormal operands, sums and results are 0 on every row, products next to them are not")
  func subnormals() {
    let shape = Self.shape(4, 6, 6, 16, kernel: 3, padding: 1)
    func spread(_ count: Int, seed: Int, exponents: ClosedRange<Int>) -> [Float] {
      Self.numbers(count, seed: seed).enumerated().map {
        Float($1) * Float(sign: .plus, exponent: exponents.lowerBound + $0 % exponents.count, significand: 1)
      }
    }
    // Products from 2^-150 to 2^-116, around the least normal number.
    let images = spread(2 * shape.inputCount, seed: 1, exponents: -76...(-58))
    let weights = spread(shape.outputChannels * shape.depth, seed: 2, exponents: -74...(-58))
    let upstream = spread(2 * shape.outputCount, seed: 3, exponents: -130...(-58))
    let results = Self.rows.map {
      Self.run(shape, images, weights, upstream, imageCount: 2, precision: .bfloat16, features: $0)
    }
    for (result, features) in zip(results, Self.rows) {
      #expect(result == results[0], "\(features.names)")
      #expect((result.sums + result.inputGradient + result.weightGradient).allSatisfy { !$0.isSubnormal })
    }
    #expect(results[0].sums.contains { $0 == 0 } || results[0].weightGradient.contains { $0 == 0 })
    #expect(results[0].sums.contains { $0 != 0 })
    // In float32 the same numbers have subnormal sums.
    let float = Self.run(shape, images, weights, upstream, imageCount: 2)
    #expect((float.sums + float.weightGradient).contains { $0.isSubnormal })
  }

  @Test("a kernel that is not turned, and phases that are exchanged, are seen")
  func plantedBugs() {
    let shape = Self.shape(3, 8, 8, 5, kernel: 3, stride: 2, padding: 1)
    let images = Self.numbers(shape.inputCount, seed: 7)
    let weights = Self.numbers(shape.outputChannels * shape.depth, seed: 8)
    let upstream = Self.numbers(shape.outputCount, seed: 9)
    let found = Self.run(
      shape,
      images.map { Float($0) },
      weights.map { Float($0) },
      upstream.map { Float($0) },
      imageCount: 1
    )
    let twin = ReferenceConvolutionGradient(shape)
    let magnitudes = twin.inputGradient(upstream.map(abs), weights.map(abs), imageCount: 1)
    func isRight(_ weights: [Double]) -> Bool {
      isWithin(
        found.inputGradient,
        twin.inputGradient(upstream, weights, imageCount: 1),
        magnitudes,
        products: 45
      )
    }
    let turned = weights.indices.map { weights[$0 / 9 * 9 + 8 - $0 % 9] }
    let exchanged = weights.indices.map { weights[$0 / 9 * 9 + [1, 0, 2, 4, 3, 5, 7, 6, 8][$0 % 9]] }
    #expect(isRight(weights))
    #expect(!isRight(turned))
    #expect(!isRight(exchanged))
  }
}
