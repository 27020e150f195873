import BinadeKernels
import Testing

@Suite struct ConvolutionTests {
  static let shapes: [ConvolutionShape] = [
    shape(1, 5, 5, 1, kernel: 1), shape(1, 5, 7, 3, kernel: 3, padding: 1),
    shape(3, 8, 8, 5, kernel: 3, padding: 1), shape(5, 9, 11, 4, kernel: 3, stride: 2, padding: 1),
    shape(7, 6, 5, 8, kernel: 1, stride: 2), shape(3, 15, 15, 4, kernel: 7, stride: 2, padding: 3),
    shape(31, 8, 8, 9, kernel: 3, padding: 1), shape(64, 1, 1, 10, kernel: 1),
    shape(2, 40, 3, 2, kernel: 3, padding: 1), shape(2, 3, 40, 2, kernel: 3, padding: 1),
    shape(16, 7, 6, 40, kernel: 3, padding: 1), shape(300, 3, 4, 17, kernel: 3, padding: 1),
    shape(1100, 2, 2, 3, kernel: 1), shape(130, 4, 4, 33, kernel: 3, stride: 2, padding: 1),
    shape(6, 5, 6, 9, kernel: 3, padding: 1, groups: 3), shape(8, 6, 5, 8, kernel: 3, padding: 1, groups: 8),
    shape(37, 5, 5, 37, kernel: 3, stride: 2, padding: 1, groups: 37),
    shape(2, 4, 5, 2, kernel: 3, padding: 1, groups: 2),
    shape(19, 5, 6, 19, kernel: 5, padding: 2, groups: 19),
    shape(64, 11, 11, 64, kernel: 3, padding: 1, groups: 64), shape(16, 3, 4, 16, kernel: 1, groups: 16),
    shape(8, 5, 5, 16, kernel: 3, padding: 1, groups: 8),
  ]

  static func shape(
    _ c: Int,
    _ h: Int,
    _ w: Int,
    _ o: Int,
    kernel: Int,
    stride: Int = 1,
    padding: Int = 0,
    groups: Int = 1
  ) -> ConvolutionShape {
    ConvolutionShape(
      inputChannels: c,
      inputHeight: h,
      inputWidth: w,
      outputChannels: o,
      kernelHeight: kernel,
      kernelWidth: kernel,
      stride: stride,
      padding: padding,
      groups: groups
    )
  }

  /// The image with its rim, and read-ahead filled with something that must not be used.
  static func padded<T>(_ image: [T], _ shape: ConvolutionShape, zero: T, junk: T) -> [T] {
    var result = [T](repeating: zero, count: shape.paddedInputCount)
    for y in 0..<shape.inputHeight {
      for x in 0..<shape.inputWidth {
        for c in 0..<shape.inputChannels {
          let (row, column) = (y + shape.padding, x + shape.padding)
          result[(row * shape.paddedWidth + column) * shape.inputChannels + c] =
            image[(y * shape.inputWidth + x) * shape.inputChannels + c]
        }
      }
    }
    return result + [T](repeating: junk, count: ConvolutionShape.readAhead)
  }

  @Test("float32 equals the reference twin bit for bit, on every row", arguments: shapes)
  func float(shape: ConvolutionShape) {
    var numbers = TestNumbers(seed: 4)
    let image = numbers.floats(shape.inputCount)
    let weights = numbers.floats(shape.outputChannels * shape.depth)
    let expected = ReferenceConvolution.run(image, weights: weights, shape: shape)
    for kernel in KernelTable.float32Rows {
      let convolution = FloatConvolution(shape: shape, weights: weights, kernel: kernel)
      var found = [Float](repeating: .nan, count: shape.outputCount)
      convolution.run(
        Self.padded(image, shape, zero: 0, junk: .nan),
        epilogue: .identity(channels: shape.outputChannels),
        into: &found
      )
      #expect(found == expected, "\(kernel.name)")
    }
  }

  @Test("a depthwise convolution has a kernel of its own, and says so, on every row")
  func depthwiseNames() {
    let depthwise = Self.shape(8, 6, 5, 8, kernel: 3, groups: 8)
    #expect(depthwise.isDepthwise)
    // One channel is a matrix product; two outputs per channel are eight of them.
    for shape in [Self.shape(1, 6, 5, 1, kernel: 3), Self.shape(8, 6, 5, 16, kernel: 3, groups: 8)] {
      #expect(!shape.isDepthwise)
    }
    let weights = [Int](repeating: 1, count: 8 * 9)
    for kernel in KernelTable.float32Rows {
      let found = FloatConvolution(shape: depthwise, weights: weights.map(Float.init), kernel: kernel)
      #expect(found.kernelName == kernel.name.replacing("float32", with: "float32 depthwise"))
    }
    for kernel in KernelTable.int16Rows {
      let found = IntegerConvolution(shape: depthwise, weights: weights.map(Int16.init), kernel: kernel)
      #expect(found.kernelName.hasPrefix("int16 depthwise "))
    }
    for kernel in KernelTable.byteRows(greatestProduct: 1) {
      let found = ByteConvolution(shape: depthwise, weights: weights.map(Int8.init), zero: 0, kernel: kernel)
      #expect(found.kernelName.hasPrefix("int8 depthwise "))
    }
  }

  @Test("depthwise: several images, padded on the way, on 1, 2 and 7 threads", arguments: [1, 2, 7])
  func depthwiseImages(threads: Int) {
    let shape = Self.shape(37, 9, 11, 37, kernel: 3, stride: 2, padding: 1, groups: 37)
    var numbers = TestNumbers(seed: 9)
    let weights = numbers.floats(shape.outputChannels * shape.depth)
    let images = (0..<5).map { _ in numbers.floats(shape.inputCount) }
    var found = [Float](repeating: .nan, count: images.count * shape.outputCount)
    FloatConvolution(shape: shape, weights: weights).convolve(
      images.flatMap { $0 },
      imageCount: images.count,
      epilogue: .identity(channels: shape.outputChannels),
      into: &found,
      threads: threads
    )
    #expect(found == images.flatMap { ReferenceConvolution.run($0, weights: weights, shape: shape) })
  }

  @Test("int16 equals the float reference where that is exact", arguments: shapes)
  func integer(shape: ConvolutionShape) {
    var numbers = TestNumbers(seed: 5)
    // Sums below 2^24 are exact in float32 too.
    let image = numbers.integers(shape.inputCount, within: 100)
    let weights = numbers.integers(shape.outputChannels * shape.depth, within: 100)
    let expected = ReferenceConvolution.run(
      image.map(Float.init),
      weights: weights.map(Float.init),
      shape: shape
    )
    for kernel in KernelTable.int16Rows {
      let convolution = IntegerConvolution(shape: shape, weights: weights, kernel: kernel)
      var found = [Float](repeating: -1, count: shape.outputCount)
      convolution.run(
        Self.padded(image, shape, zero: 0, junk: 32767),
        epilogue: .identity(channels: shape.outputChannels),
        into: &found
      )
      #expect(found == expected, "\(kernel.name)")
    }
  }

  @Test("bytes equal the float reference where that is exact", arguments: shapes)
  func bytes(shape: ConvolutionShape) {
    var numbers = TestNumbers(seed: 6)
    for (greatestByte, greatestWeight, zero) in [(15, 8, 8), (255, 127, 128), (255, 127, 0)] {
      let image = (0..<shape.inputCount).map { _ in UInt8(numbers.nextInteger(0...greatestByte)) }
      let weights = (0..<shape.outputChannels * shape.depth).map { _ in
        Int8(numbers.nextInteger(-greatestWeight...greatestWeight))
      }
      let expected = ReferenceConvolution.run(
        image.map { Float($0) - Float(zero) },
        weights: weights.map(Float.init),
        shape: shape
      )
      for kernel in KernelTable.byteRows(greatestProduct: greatestByte * greatestWeight) {
        let convolution = ByteConvolution(
          shape: shape,
          weights: weights,
          zero: UInt8(zero),
          kernel: kernel
        )
        var found = [Float](repeating: -1, count: shape.outputCount)
        convolution.run(
          Self.padded(image, shape, zero: UInt8(zero), junk: 255),
          epilogue: .identity(channels: shape.outputChannels),
          into: &found
        )
        #expect(found == expected, "\(kernel.name), zero \(zero)")
      }
    }
  }

  @Test("several images on 1, 2 and 7 threads give the bits of one at a time", arguments: [1, 2, 7])
  func images(threads: Int) {
    let shape = Self.shape(5, 9, 11, 20, kernel: 3, stride: 2, padding: 1)
    var numbers = TestNumbers(seed: 7)
    let weights = numbers.floats(shape.outputChannels * shape.depth)
    let images = (0..<11).map { _ in numbers.floats(shape.inputCount) }
    let convolution = FloatConvolution(shape: shape, weights: weights)
    let epilogue = Epilogue(
      scales: numbers.floats(shape.outputChannels),
      bias: numbers.floats(shape.outputChannels),
      appliesReLU: true
    )
    let addend = numbers.floats(images.count * shape.outputCount)
    var together = [Float](repeating: .nan, count: images.count * shape.outputCount)
    let padded = images.flatMap { Self.padded($0, shape, zero: 0, junk: .nan).prefix(shape.paddedInputCount) }
    convolution.run(
      padded + [Float](repeating: .nan, count: ConvolutionShape.readAhead),
      imageCount: images.count,
      epilogue: epilogue,
      addend: addend,
      into: &together,
      threads: threads
    )
    var single: [Float] = []
    for (index, image) in images.enumerated() {
      let sums = ReferenceConvolution.run(image, weights: weights, shape: shape)
      single += sums.enumerated().map { position, sum in
        let channel = position % shape.outputChannels
        let scaled = sum * epilogue.scales[channel]
        let value = scaled + epilogue.bias[channel] + addend[index * shape.outputCount + position]
        return value < 0 ? 0 : value
      }
    }
    #expect(together == single)
  }

  @Test("an epilogue keeps NaN, and gives the same bits for every instruction set")
  func epilogue() {
    var numbers = TestNumbers(seed: 8)
    let channels = 37
    var sums = numbers.floats(3 * 40)
    sums[5] = .nan
    let (scales, bias) = (numbers.floats(channels), numbers.floats(channels))
    let results = [CPUFeatures.portable, .detected].map { features in
      var output = [Float](repeating: 9, count: 3 * channels)
      Epilogue(scales: scales, bias: bias, appliesReLU: true, features: features)
        .apply(sums, rowStride: 40, rowCount: 3, addend: nil, into: &output)
      return output.map(\.bitPattern)
    }
    #expect(results[0] == results[1])
    #expect(Float(bitPattern: results[0][5]).isNaN)
    for row in 0..<3 {
      for channel in 0..<channels where !(row == 0 && channel == 5) {
        let product = sums[row * 40 + channel] * scales[channel]
        #expect(Float(bitPattern: results[0][row * channels + channel]) == max(product + bias[channel], 0))
      }
    }
  }

  @Test("a hand-computed convolution")
  func byHand() {
    // 1 2 3      kernel 1 0     1·1 + 2·5 = 11, 1·2 + 2·6 = 14,
    // 4 5 6             0 2     1·4 + 2·8 = 20, 1·5 + 2·9 = 23
    // 7 8 9
    let shape = Self.shape(1, 3, 3, 1, kernel: 2)
    let found = ReferenceConvolution.run(
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      weights: [1, 0, 0, 2],
      shape: shape
    )
    #expect(found == [11, 14, 20, 23])
  }
}
