import Binade

/// A convolution of a batch on the cheapest datapath of its formats, with bias.
struct BenchConvolution {
  private enum Implementation {
    case float(FloatConvolution, images: [Float])
    case int16(IntegerConvolution, images: [Int16])
    case bytes(ByteConvolution, images: [UInt8])
  }

  let datapath: Datapath
  private let implementation: Implementation
  private let epilogue: Epilogue

  init(_ shape: ConvolutionShape, _ operands: BenchOperands) {
    let (weights, images) = (operands.weights, operands.activations)
    let (left, right) = (images.values, weights.values)
    datapath = Datapath.cheapest(weights: right, activations: left, depth: shape.depth).datapath
    if datapath == .float32 {
      implementation = .float(
        FloatConvolution(shape: shape, weights: weights.rounded),
        images: Self.withSlack(images.rounded)
      )
    } else if datapath != .integer16, let bytes = left?.unsignedBytes,
      let kernel = KernelTable.bytes(greatestProduct: bytes.greatest * (right?.greatestInteger ?? 0))
    {
      implementation = .bytes(
        ByteConvolution(
          shape: shape,
          weights: weights.operands(right?.signedBytes),
          zero: bytes.zero,
          kernel: kernel
        ),
        images: Self.withSlack(images.operands(bytes.values))
      )
    } else {
      implementation = .int16(
        IntegerConvolution(shape: shape, weights: weights.operands(right?.integers)),
        images: Self.withSlack(images.operands(left?.integers))
      )
    }
    epilogue = Epilogue(
      scales: Array(repeating: 1, count: shape.outputChannels),
      bias: BenchNumbers.normal(shape.outputChannels, tensor: 3),
      appliesReLU: false
    )
  }

  private static func withSlack<Operand: ExpressibleByIntegerLiteral>(_ images: [Operand]) -> [Operand] {
    images + Array(repeating: 0, count: ConvolutionShape.readAhead)
  }

  var kernelName: String {
    switch implementation {
    case .float(let convolution, _): convolution.kernelName
    case .int16(let convolution, _): convolution.kernelName
    case .bytes(let convolution, _): convolution.kernelName
    }
  }

  /// Pads and convolves `imageCount` images.
  func run(imageCount: Int, into output: UnsafeMutablePointer<Float>, threads: Int) {
    switch implementation {
    case .float(let convolution, let images):
      convolution.convolve(images, imageCount: imageCount, epilogue: epilogue, into: output, threads: threads)
    case .int16(let convolution, let images):
      convolution.convolve(images, imageCount: imageCount, epilogue: epilogue, into: output, threads: threads)
    case .bytes(let convolution, let images):
      convolution.convolve(images, imageCount: imageCount, epilogue: epilogue, into: output, threads: threads)
    }
  }
}
