import BinadeKernels
import Testing

@Suite struct ConvolutionTests {
  static let shapes: [ConvolutionShape] = [
    shape(1, 5, 5, 1, kernel: 1), shape(1, 5, 7, 3, kernel: 3, padding: 1),
    shape(3, 8, 8, 5, kernel: 3, padding: 1), shape(5, 9, 11, 4, kernel: 3, stride: 2, padding: 1),
    shape(7, 6, 5, 8, kernel: 1, stride: 2), shape(3, 15, 15, 4, kernel: 7, stride: 2, padding: 3),
    shape(31, 8, 8, 9, kernel: 3, padding: 1), shape(64, 1, 1, 10, kernel: 1),
    shape(2, 40, 3, 2, kernel: 3, padding: 1), shape(2, 3, 40, 2, kernel: 3, padding: 1),
  ]

  static func shape(
    _ c: Int,
    _ h: Int,
    _ w: Int,
    _ o: Int,
    kernel: Int,
    stride: Int = 1,
    padding: Int = 0
  ) -> ConvolutionShape {
    ConvolutionShape(
      inputChannels: c,
      inputHeight: h,
      inputWidth: w,
      outputChannels: o,
      kernelHeight: kernel,
      kernelWidth: kernel,
      stride: stride,
      padding: padding
    )
  }

  /// The image with its rim, and read-ahead filled with something that must not be used.
  static func padded<T: ExpressibleByIntegerLiteral>(_ image: [T], _ shape: ConvolutionShape, junk: T) -> [T]
  {
    var result = [T](repeating: 0, count: shape.paddedInputCount)
    for c in 0..<shape.inputChannels {
      for y in 0..<shape.inputHeight {
        for x in 0..<shape.inputWidth {
          result[
            (c * shape.paddedHeight + y + shape.padding) * shape.paddedWidth + x + shape.padding
          ] =
            image[(c * shape.inputHeight + y) * shape.inputWidth + x]
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
      convolution.run(Self.padded(image, shape, junk: .nan), into: &found)
      #expect(found == expected, "\(kernel.name)")
    }
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
      var found = [Int32](repeating: -1, count: shape.outputCount)
      convolution.run(Self.padded(image, shape, junk: 32767), into: &found)
      #expect(found.map(Float.init) == expected, "\(kernel.name)")
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
