import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

/// NaN and infinite codes on integer datapaths, against the float32 reference and against products.
@Suite struct CodedConvolutionTests {
  static func run(
    _ convolution: CodedConvolution,
    _ images: [UInt8],
    imageCount: Int,
    epilogue: Epilogue,
    addend: [Float]
  ) -> [Float] {
    // The addend lies where the output goes, as in a residual network.
    var output = addend
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: convolution.scratchByteCount(imageCount: imageCount),
      alignment: 64
    )
    defer { scratch.deallocate() }
    output.withUnsafeMutableBufferPointer { output in
      guard let output = output.baseAddress else { return }
      convolution.run(
        images,
        imageCount: imageCount,
        scratch: scratch,
        epilogue: epilogue,
        addend: UnsafePointer(output),
        into: output
      )
    }
    return output
  }

  @Test(
    "special codes in images, in weights and in both equal the float32 reference",
    arguments: RoundedConvolutionTests.shapes
  )
  func specials(shape: ConvolutionShape) throws {
    let catalog = try FormatCatalog()
    // Sums of these are exact in float32, so that the reference has their bits.
    let pairs: [(String, String, Datapath)] = [
      ("float8_e3m4", "float4_e2m1fn", .integer16), ("float8_e3m4", "float8_e3m4", .integer16),
      ("int4", "float8_e3m4", .integer16),
    ]
    for (activations, weights, datapath) in pairs {
      let codecs = (
        try FormatCodec(catalog.format(named: activations)), try FormatCodec(catalog.format(named: weights))
      )
      func table(_ codec: FormatCodec) -> [Float] {
        (0..<UInt32(1) << UInt32(codec.info.bitWidth)).map { codec.decode($0) }
      }
      let (left, right) = (table(codecs.0), table(codecs.1))
      for areFinite in [(true, false), (false, true), (false, false), (true, true)] {
        var numbers = TestNumbers(seed: 51)
        let kernel = ExactConvolutionTests.codes(
          right,
          shape.outputChannels * shape.depth,
          isFinite: areFinite.1,
          &numbers
        )
        let images = (0..<3).map { _ in
          ExactConvolutionTests.codes(left, shape.inputCount, isFinite: areFinite.0, &numbers)
        }
        let convolution = CodedConvolution(
          shape: shape,
          activations: OperandValues(codecs.0),
          weights: OperandValues(codecs.1),
          weightCodes: kernel
        )
        #expect(convolution.datapath == datapath)
        let epilogue = Epilogue(
          scales: [Float](repeating: Float(convolution.unit) / 4, count: shape.outputChannels),
          bias: numbers.floats(shape.outputChannels),
          appliesReLU: true
        )
        let addend = numbers.floats(images.count * shape.outputCount)
        let sums = images.flatMap { image in
          ReferenceConvolution.run(
            image.map { left[Int($0)] },
            weights: kernel.map { right[Int($0)] },
            shape: shape
          )
        }
        let expected = sums.enumerated().map { place, sum -> Float in
          let value = sum / 4 + epilogue.bias[place % shape.outputChannels] + addend[place]
          return value < 0 ? 0 : value
        }
        let found = Self.run(
          convolution,
          images.flatMap { $0.map { UInt8($0) } },
          imageCount: images.count,
          epilogue: epilogue,
          addend: addend
        )
        #expect(
          ExactConvolutionTests.bits(found) == ExactConvolutionTests.bits(expected),
          "\(activations) x \(weights), \(areFinite)"
        )
      }
    }
  }

  @Test("a convolution of single pixels and a product count special codes alike")
  func products() throws {
    let format = try FormatCatalog().format(named: "float8_e3m4")
    let codec = try FormatCodec(format)
    let values = format.codes.map { codec.decode(UInt32($0)) }
    let shape = ConvolutionTests.shape(7, 5, 3, 6, kernel: 1)
    var numbers = TestNumbers(seed: 52)
    var images = ExactConvolutionTests.codes(values, shape.inputCount, isFinite: true, &numbers)
    var weights = ExactConvolutionTests.codes(
      values,
      shape.outputChannels * shape.depth,
      isFinite: true,
      &numbers
    )
    let infinity = UInt32(try #require(values.firstIndex(of: .infinity)))
    let nan = UInt32(try #require(values.firstIndex { $0.isNaN }))
    (images[3], images[30], weights[9]) = (infinity, nan, infinity)
    let operands = OperandValues(codec)
    let convolution = CodedConvolution(
      shape: shape,
      activations: operands,
      weights: operands,
      weightCodes: weights
    )
    let product = try CodedProduct(activations: format, weights: format, depth: shape.depth)
    #expect(product.datapath == convolution.datapath)
    let turned = (0..<shape.depth * shape.outputChannels).map {
      weights[$0 % shape.outputChannels * shape.depth + $0 / shape.outputChannels]
    }
    let expected = product.multiply(
      CodedMatrix(images, rows: shape.outputPixelCount, columns: shape.depth),
      CodedMatrix(turned, rows: shape.depth, columns: shape.outputChannels)
    )
    let found = Self.run(
      convolution,
      images.map { UInt8($0) },
      imageCount: 1,
      epilogue: Epilogue(
        scales: [Float](repeating: Float(convolution.unit), count: shape.outputChannels),
        bias: [Float](repeating: 0, count: shape.outputChannels),
        appliesReLU: false
      ),
      addend: [Float](repeating: 0, count: shape.outputCount)
    )
    #expect(expected.contains { $0.isNaN } && expected.contains { $0.isInfinite })
    #expect(ExactConvolutionTests.bits(found) == ExactConvolutionTests.bits(expected))
  }
}
