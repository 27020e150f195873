/// A convolution of coded images with coded weights, in two formats if need be, on the cheapest datapath that is exact.
///
/// Codes are decoded while the images get their rim. Results are in units of ``unit``; the caller's scales go into the
/// epilogue together with it.
///
/// - Special values: as in ``CodedProduct`` on every datapath: NaN codes make NaN, infinities as in float32, on the rim
///   as products with 0.
public struct CodedConvolution: Sendable {
  enum Implementation: Sendable {
    case float(FloatConvolution, CodeTable<Float>)
    /// The sums of `float`, faster.
    case bfloat16(BFloat16Convolution, CodeTable<BFloat16>)
    case int16(IntegerConvolution, CodeTable<Int16>)
    case bytes(ByteConvolution, CodeTable<UInt8>, zero: UInt8)
  }

  /// What does not depend on the weights.
  private let choice: CodedConvolutionKernel
  private let implementation: Implementation
  /// Nil where no code is NaN or infinite, and on float32, which takes them as they are.
  private let specials: SpecialOutputs?

  /// Packs weights.
  ///
  /// `activations`, `weights`: the values of both formats.
  ///
  /// - Shape: `weightCodes` is outputChannels x channels per group x kernelHeight x kernelWidth.
  /// - Precondition: both formats have at most 16 bits.
  public init(
    shape: ConvolutionShape,
    activations: OperandValues,
    weights: OperandValues,
    weightCodes: [UInt32],
    features: CPUFeatures = .detected
  ) {
    self.init(
      CodedConvolutionKernel(shape: shape, activations: activations, weights: weights, features: features),
      weightCodes: weightCodes
    )
  }

  /// Packs weights for a kernel that was chosen before.
  ///
  /// - Shape: as above.
  public init(_ kernel: CodedConvolutionKernel, weightCodes: [UInt32]) {
    choice = kernel
    implementation = kernel.packed(weightCodes)
    specials = kernel.specialOutputs(weightCodes)
  }

  /// The sizes of one image.
  public var shape: ConvolutionShape { choice.shape }
  /// The arithmetic that was chosen.
  public var datapath: Datapath { choice.datapath }
  /// Why this datapath.
  public var reason: String { choice.reason }
  /// What one unit of the sums is worth, in values of both formats.
  public var unit: Double { choice.unit }

  /// The kernel's name, for reports.
  public var kernelName: String {
    switch implementation {
    case .float(let convolution, _): convolution.kernelName
    case .bfloat16(let convolution, _): convolution.kernelName
    case .int16(let convolution, _): convolution.kernelName
    case .bytes(let convolution, _, _): convolution.kernelName
    }
  }

  /// Bytes of working memory that `run` needs for `imageCount` images.
  public func scratchByteCount(imageCount: Int) -> Int {
    (imageCount * shape.paddedInputCount + ConvolutionShape.readAhead) * MemoryLayout<Float>.size
  }

  /// Computes all output channels of some images of codes of up to 8 bits.
  ///
  /// - Shape: `images` is imageCount x inputHeight x inputWidth x inputChannels; `scratch` holds `scratchByteCount` bytes,
  ///   aligned to 64; `output` and `addend` are imageCount x outputHeight x outputWidth x outputChannels.
  /// - Error: sums as in ``CodedProduct``; then the roundings of `epilogue`.
  /// - Complexity: O(``ConvolutionShape/multiplyAccumulateCount``).
  public func run(
    _ images: UnsafePointer<UInt8>,
    imageCount: Int = 1,
    scratch: UnsafeMutableRawPointer,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>? = nil,
    into output: UnsafeMutablePointer<Float>
  ) {
    precondition(takesBytes, "the format of the images has more than 8 bits")
    runCodes(images, imageCount, scratch, epilogue, addend, FinishedOutput(output, epilogue, addend))
  }

  /// Computes all output channels of some images of codes of up to 8 bits, as codes of the next layer's format.
  ///
  /// - Shape: as for float32 results; `output` has a byte where they have an element.
  /// - Error: the codes of the float32 results.
  public func run(
    _ images: UnsafePointer<UInt8>,
    imageCount: Int = 1,
    scratch: UnsafeMutableRawPointer,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>? = nil,
    into output: RequantizedOutput
  ) {
    precondition(takesBytes, "the format of the images has more than 8 bits")
    runCodes(images, imageCount, scratch, epilogue, addend, FinishedOutput(output, epilogue, addend))
  }

  /// Computes all output channels of some images of codes of 9 to 16 bits.
  ///
  /// - Shape: as for codes of up to 8 bits.
  public func run(
    _ images: UnsafePointer<UInt16>,
    imageCount: Int = 1,
    scratch: UnsafeMutableRawPointer,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>? = nil,
    into output: UnsafeMutablePointer<Float>
  ) {
    precondition(!takesBytes, "the format of the images has at most 8 bits: their codes are bytes")
    runCodes(images, imageCount, scratch, epilogue, addend, FinishedOutput(output, epilogue, addend))
  }

  /// Computes all output channels of some images of codes of 9 to 16 bits, as codes of the next layer's format.
  ///
  /// - Shape: as for codes of up to 8 bits.
  public func run(
    _ images: UnsafePointer<UInt16>,
    imageCount: Int = 1,
    scratch: UnsafeMutableRawPointer,
    epilogue: Epilogue,
    addend: UnsafePointer<Float>? = nil,
    into output: RequantizedOutput
  ) {
    precondition(!takesBytes, "the format of the images has at most 8 bits: their codes are bytes")
    runCodes(images, imageCount, scratch, epilogue, addend, FinishedOutput(output, epilogue, addend))
  }

  /// Whether bytes hold every code of the activations.
  private var takesBytes: Bool {
    switch implementation {
    case .float(_, let table): table.isOfBytes
    case .bfloat16(_, let table): table.isOfBytes
    case .int16(_, let table): table.isOfBytes
    case .bytes(_, let table, _): table.isOfBytes
    }
  }

  @inline(__always)
  private func runCodes<Code: FixedWidthInteger>(
    _ images: UnsafePointer<Code>,
    _ imageCount: Int,
    _ scratch: UnsafeMutableRawPointer,
    _ epilogue: Epilogue,
    _ addend: UnsafePointer<Float>?,
    _ output: FinishedOutput
  ) {
    let outputs =
      specials?.find(images, imageCount: imageCount, epilogue: epilogue, addend: addend) ?? []
    defer { for (place, value) in outputs { output.replace(place, with: value) } }
    switch implementation {
    case .float(let convolution, let table):
      let padded = pad(images, imageCount, table, zero: 0, scratch)
      convolution.body.run(padded, imageCount: imageCount, into: output, threads: 1)
    case .bfloat16(let convolution, let table):
      let padded = pad(images, imageCount, table, zero: 0, scratch)
      convolution.body.run(padded, imageCount: imageCount, into: output, threads: 1)
    case .int16(let convolution, let table):
      let padded = pad(images, imageCount, table, zero: 0, scratch)
      convolution.body.run(padded, imageCount: imageCount, into: output, threads: 1)
    case .bytes(let convolution, let table, let zero):
      let padded = pad(images, imageCount, table, zero: zero, scratch)
      convolution.body.run(padded, imageCount: imageCount, into: output, threads: 1)
    }
  }

  /// Decodes the images into the middle of their rims.
  @inline(__always)
  private func pad<Code: FixedWidthInteger, Operand: CodedOperand>(
    _ images: UnsafePointer<Code>,
    _ imageCount: Int,
    _ table: CodeTable<Operand>,
    zero: Operand,
    _ scratch: UnsafeMutableRawPointer
  ) -> UnsafeMutablePointer<Operand> {
    let capacity = imageCount * shape.paddedInputCount + ConvolutionShape.readAhead
    let padded = scratch.bindMemory(to: Operand.self, capacity: capacity)
    PaddedImage.fill(padded, from: images, imageCount: imageCount, shape: shape, zero: zero) { line, target in
      guard let codes = line.baseAddress else { return }
      table.decodeGroups(codes, count: line.count, into: target)
    }
    return padded
  }
}
