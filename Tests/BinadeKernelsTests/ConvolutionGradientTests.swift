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

  /// Runs the kernels as training does.
  static func run(
    _ shape: ConvolutionShape,
    _ images: [Float],
    _ weights: [Float],
    _ upstream: [Float],
    imageCount: Int,
    kernel: FloatMicroKernel
  ) -> Results {
    let convolution = TrainableConvolution(shape, kernel: kernel)
    let packed = convolution.pack(weights, needsDataGradient: true)
    var results = Results()
    // Whatever lies behind the images must not be used.
    var padded = [Float](
      repeating: .nan,
      count: imageCount * shape.paddedInputCount + ConvolutionShape.readAhead
    )
    convolution.pad(images, imageCount: imageCount, into: &padded) { $2.update(from: $0, count: $1) }
    results.sums = [Float](repeating: 0, count: imageCount * shape.outputCount)
    convolution.forward(padded, packed, imageCount: imageCount) { rows, sums, rowStride in
      for (index, row) in rows.enumerated() {
        for channel in 0..<shape.outputChannels {
          results.sums[row * shape.outputChannels + channel] = sums[index * rowStride + channel]
        }
      }
    }
    let rim = convolution.dataGradient.rim
    let count = convolution.dataGradient.paddedCount
    var gradients = [Float](repeating: .nan, count: imageCount * count + ConvolutionShape.readAhead)
    GradientFill.identity(channels: shape.outputChannels).fill(
      &gradients,
      from: upstream,
      nil,
      imageCount: imageCount,
      height: shape.outputHeight,
      width: shape.outputWidth,
      rim: rim
    )
    results.inputGradient = [Float](repeating: .nan, count: imageCount * shape.inputCount)
    if let panels = packed.backward {
      convolution.dataGradient.run(gradients, panels, imageCount: imageCount) { block in
        for index in 0..<block.count {
          let pixel = block.pixel + index * block.pixelStep
          for channel in 0..<shape.inputChannels {
            results.inputGradient[pixel * shape.inputChannels + channel] =
              block.sums[index * block.rowStride + channel]
          }
        }
      }
    }
    var ordered = [Float](repeating: 0, count: convolution.weightGradient.count)
    convolution.weightGradient.accumulate(
      padded,
      gradients,
      WeightGradient.Layout(shape, rim: rim),
      imageCount: imageCount,
      into: &ordered
    )
    results.weightGradient = ordered
    KernelOrder.restore(ordered, shape, into: &results.weightGradient)
    return results
  }

  @Test("kernels are within γ of the twins, and every row gives the same bits", arguments: shapes)
  func kernels(shape: ConvolutionShape) {
    let imageCount = 3
    let twin = ReferenceConvolutionGradient(shape)
    let images = Self.numbers(imageCount * shape.inputCount, seed: 4)
    let weights = Self.numbers(shape.outputChannels * shape.depth, seed: 5)
    let upstream = Self.numbers(imageCount * shape.outputCount, seed: 6)
    let (absolute, absoluteWeights) = (images.map(abs), weights.map(abs))
    let absoluteUpstream = upstream.map(abs)
    var first: Results?
    for kernel in KernelTable.float32Rows {
      let found = Self.run(
        shape,
        images.map { Float($0) },
        weights.map { Float($0) },
        upstream.map { Float($0) },
        imageCount: imageCount,
        kernel: kernel
      )
      #expect(
        isWithin(
          found.sums,
          twin.forward(images, weights, imageCount: imageCount),
          twin.forward(absolute, absoluteWeights, imageCount: imageCount),
          products: shape.depth
        ),
        "\(kernel.name)"
      )
      #expect(
        isWithin(
          found.inputGradient,
          twin.inputGradient(upstream, weights, imageCount: imageCount),
          twin.inputGradient(absoluteUpstream, absoluteWeights, imageCount: imageCount),
          products: shape.groupOutputChannels * shape.kernelHeight * shape.kernelWidth
        ),
        "\(kernel.name)"
      )
      #expect(
        isWithin(
          found.weightGradient,
          twin.weightGradient(images, upstream, imageCount: imageCount),
          twin.weightGradient(absolute, absoluteUpstream, imageCount: imageCount),
          products: imageCount * shape.outputPixelCount
        ),
        "\(kernel.name)"
      )
      #expect(found == first ?? found, "\(kernel.name) differs from \(KernelTable.float32Rows[0].name)")
      first = first ?? found
    }
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
      imageCount: 1,
      kernel: KernelTable.float32()
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
