import Binade

/// A convolution of a batch, with bias, as layers run it: of codes in formats of up to 16 bits, of float32 otherwise.
struct BenchConvolution {
  private enum Implementation {
    case float(FloatConvolution, images: [Float])
    case bytes(CodedConvolution, images: BenchBuffer<UInt8>)
    case words(CodedConvolution, images: BenchBuffer<UInt16>)
  }

  /// Images that go through a layer together, as in a network.
  private static let imagesPerRun = 4

  let datapath: Datapath
  private let shape: ConvolutionShape
  private let threads: Int
  private let implementation: Implementation
  private let epilogue: Epilogue
  /// Working memory, one per thread.
  private let scratch: [BenchBuffer<SIMD16<Float>>]

  init(_ shape: ConvolutionShape, _ operands: BenchOperands, threads: Int) {
    self.shape = shape
    self.threads = threads
    let (weights, images) = (operands.weights, operands.activations)
    if let left = images.values, let right = weights.values, left.floats != nil, right.floats != nil {
      let convolution = CodedConvolution(
        shape: shape,
        activations: left,
        weights: right,
        weightCodes: weights.codes
      )
      datapath = convolution.datapath
      implementation =
        images.isOfBytes
        ? .bytes(convolution, images: BenchBuffer(images.codes.map { UInt8($0) }))
        : .words(convolution, images: BenchBuffer(images.codes.map { UInt16($0) }))
      // Vectors of 64 bytes are aligned as the operands must be.
      let vectorCount = convolution.scratchByteCount(imageCount: Self.imagesPerRun) / 64 + 1
      scratch = (0..<threads).map { _ in BenchBuffer(Array(repeating: .zero, count: vectorCount)) }
    } else {
      datapath = .float32
      implementation = .float(
        FloatConvolution(shape: shape, weights: weights.rounded),
        images: images.rounded + Array(repeating: 0, count: ConvolutionShape.readAhead)
      )
      scratch = []
    }
    epilogue = Epilogue(
      scales: Array(repeating: 1, count: shape.outputChannels),
      bias: BenchNumbers.normal(shape.outputChannels, tensor: 3),
      appliesReLU: false
    )
  }

  var kernelName: String {
    switch implementation {
    case .float(let convolution, _): convolution.kernelName
    case .bytes(let convolution, _), .words(let convolution, _): convolution.kernelName
    }
  }

  /// Decodes, pads and convolves `imageCount` images.
  func run(imageCount: Int, into output: UnsafeMutablePointer<Float>) {
    switch implementation {
    case .float(let convolution, let images):
      convolution.convolve(images, imageCount: imageCount, epilogue: epilogue, into: output, threads: threads)
    case .bytes(let convolution, let images):
      forEachGroup(of: imageCount) { group, scratch in
        convolution.run(
          images.start + group.lowerBound * shape.inputCount,
          imageCount: group.count,
          scratch: scratch,
          epilogue: epilogue,
          into: output + group.lowerBound * shape.outputCount
        )
      }
    case .words(let convolution, let images):
      forEachGroup(of: imageCount) { group, scratch in
        convolution.run(
          images.start + group.lowerBound * shape.inputCount,
          imageCount: group.count,
          scratch: scratch,
          epilogue: epilogue,
          into: output + group.lowerBound * shape.outputCount
        )
      }
    }
  }

  /// Calls `body` with a few images at a time, an even share of them per thread.
  private func forEachGroup(of imageCount: Int, _ body: (Range<Int>, UnsafeMutableRawPointer) -> Void) {
    ParallelLoop.run(count: threads, threads: threads) { thread in
      let memory = UnsafeMutableRawPointer(scratch[thread].start)
      let end = (thread + 1) * imageCount / threads
      for first in stride(from: thread * imageCount / threads, to: end, by: Self.imagesPerRun) {
        body(first..<min(first + Self.imagesPerRun, end), memory)
      }
    }
  }
}
