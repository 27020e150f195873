import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

/// Convolutions of powers against the twin on patches, bit for bit.
@Suite struct LogarithmicConvolutionTests {
  /// The twin, one patch and one output channel at a time; pixels on the rim are zero.
  static func definition(
    _ image: [UInt32],
    of left: any NumericFormat,
    zero: UInt32,
    _ weights: [UInt32],
    of right: any NumericFormat,
    _ shape: ConvolutionShape
  ) throws -> [Float] {
    let (channels, kernel) = (shape.groupInputChannels, shape.kernelWidth)
    var result: [Float] = []
    for place in 0..<shape.outputCount {
      let (pixel, o) = place.quotientAndRemainder(dividingBy: shape.outputChannels)
      let (y, x) = pixel.quotientAndRemainder(dividingBy: shape.outputWidth)
      var (a, b): ([UInt32], [UInt32]) = ([], [])
      for p in 0..<shape.depth {
        let (tap, c) = p.quotientAndRemainder(dividingBy: channels)
        let row = y * shape.stride + tap / kernel - shape.padding
        let column = x * shape.stride + tap % kernel - shape.padding
        let isInside = (0..<shape.inputHeight).contains(row) && (0..<shape.inputWidth).contains(column)
        let channel = o / shape.groupOutputChannels * channels + c
        a.append(isInside ? image[(row * shape.inputWidth + column) * shape.inputChannels + channel] : zero)
        b.append(weights[(o * channels + c) * kernel * kernel + tap])
      }
      result += try ReferenceLogarithmicProduct.multiply(
        CodedMatrix(a, rows: 1, columns: a.count),
        of: left,
        CodedMatrix(b, rows: b.count, columns: 1),
        of: right
      )
    }
    return result
  }

  @Test(
    "padding, strides and groups, on every instruction set",
    arguments: RoundedConvolutionTests.shapes
  )
  func shapes(shape: ConvolutionShape) throws {
    for (activations, weights) in [("lns4.3", "lns4.3"), ("lns5.6", "pot4")] {
      let catalog = try FormatCatalog()
      let (left, right) = (try catalog.format(named: activations), try catalog.format(named: weights))
      var numbers = TestNumbers(seed: 41)
      // Codes of all values, zero and NaN among them.
      func codes(_ format: any NumericFormat, _ count: Int) -> [UInt32] {
        (0..<count).map { _ in UInt32(numbers.nextInteger(0...(1 << format.bitWidth) - 1)) }
      }
      let kernel = codes(right, shape.outputChannels * shape.depth)
      let images = (0..<2).map { _ in codes(left, shape.inputCount) }
      let zero = try #require(left.codes.first { left.decode(UInt32($0)) == 0 }.map { UInt32($0) })
      let addend = numbers.floats(images.count * shape.outputCount)
      let sums = try images.flatMap {
        try Self.definition($0, of: left, zero: zero, kernel, of: right, shape)
      }
      let expected = zip(sums, addend).map { $0 + $1 }
      for features in [CPUFeatures.detected, CPUFeatures.avx2.intersection(.detected), .portable] {
        let convolution = try LogarithmicConvolution(
          shape: shape,
          activations: left,
          weights: right,
          weightCodes: kernel,
          features: features
        )
        var found = [Float](repeating: .nan, count: expected.count)
        let epilogue = Epilogue.identity(channels: shape.outputChannels)
        if left.bitWidth <= 8 {
          convolution.run(
            images.flatMap { $0.map { UInt8($0) } },
            imageCount: images.count,
            epilogue: epilogue,
            addend: addend,
            into: &found
          )
        } else {
          convolution.run(
            images.flatMap { $0.map { UInt16($0) } },
            imageCount: images.count,
            epilogue: epilogue,
            addend: addend,
            into: &found
          )
        }
        #expect(
          LogarithmicProductTests.bits(found) == LogarithmicProductTests.bits(expected),
          "\(convolution.kernelName)"
        )
      }
    }
  }

  @Test("formats that are no powers, or leave float32, are refused")
  func refused() throws {
    let catalog = try FormatCatalog()
    for name in ["int8", "float8_e8m0fnu"] {
      let format = try catalog.format(named: name)
      #expect(throws: FormatError.self) {
        try LogarithmicConvolution(
          shape: RoundedConvolutionTests.shapes[1],
          activations: format,
          weights: catalog.format(named: "lns4.3"),
          weightCodes: [UInt32](repeating: 0, count: 5 * 27)
        )
      }
    }
  }
}
