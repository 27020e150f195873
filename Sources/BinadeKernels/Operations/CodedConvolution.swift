/// A convolution of coded images with coded weights, in two formats if need be, on the cheapest datapath that is exact.
///
/// Codes are decoded while the images get their rim. Results are in units of ``unit``; the caller's scales go into the
/// epilogue together with it.
///
/// - Special values: as in ``CodedProduct`` on every datapath: NaN codes make NaN, infinities as in float32, on the rim
///   as products with 0.
public struct CodedConvolution: Sendable {
  private enum Implementation: Sendable {
    case float(FloatConvolution, CodeTable<Float>)
    /// The sums of `float`, faster.
    case bfloat16(BFloat16Convolution, CodeTable<BFloat16>)
    case int16(IntegerConvolution, CodeTable<Int16>)
    case bytes(ByteConvolution, CodeTable<UInt8>, zero: UInt8)
  }

  /// The sizes of one image.
  public let shape: ConvolutionShape
  /// The arithmetic that was chosen.
  public let datapath: Datapath
  /// Why this datapath.
  public let reason: String
  /// What one unit of the sums is worth, in values of both formats.
  public let unit: Double
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
    self.shape = shape
    (datapath, reason) = Datapath.cheapest(weights: weights, activations: activations, depth: shape.depth)
    func operands<Operand>(_ table: [Operand]) -> [Operand] { weightCodes.map { table[Int($0)] } }
    guard datapath != .float32, let left = activations.integers, let right = weights.integers else {
      guard let left = activations.floats, let right = weights.floats else {
        preconditionFailure("formats of more than 16 bits have no tables")
      }
      if let kernel = KernelTable.bfloat16(for: features), let leftValues = activations.bfloat16s,
        let rightValues = weights.bfloat16s, leftValues.sumsAreFloat32(with: rightValues),
        let convolution = BFloat16Convolution(
          shape: shape,
          weights: operands(rightValues.operands),
          kernel: kernel
        )
      {
        implementation = .bfloat16(convolution, CodeTable(leftValues.operands))
      } else {
        implementation = .float(
          FloatConvolution(
            shape: shape,
            weights: operands(right),
            kernel: KernelTable.float32(for: features)
          ),
          CodeTable(left)
        )
      }
      unit = Double(activations.floatUnit) * Double(weights.floatUnit)
      specials = nil
      return
    }
    specials = activations.floats.flatMap { left in
      weights.floats.flatMap { right in
        SpecialOutputs(shape: shape, activations: left, weights: operands(right), features: features)
      }
    }
    unit = Double(activations.quantum) * Double(weights.quantum)
    if datapath != .integer16, let bytes = activations.unsignedBytes, let signed = weights.signedBytes,
      let kernel = KernelTable.bytes(
        for: features,
        greatestProduct: bytes.greatest * weights.greatestInteger
      )
    {
      implementation = .bytes(
        ByteConvolution(shape: shape, weights: operands(signed), zero: bytes.zero, kernel: kernel),
        CodeTable(bytes.values),
        zero: bytes.zero
      )
    } else {
      implementation = .int16(
        IntegerConvolution(shape: shape, weights: operands(right), kernel: KernelTable.int16(for: features)),
        CodeTable(left)
      )
    }
  }

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
      table.decode(codes, count: line.count, into: target)
      Operand.arrange(target, count: line.count)
    }
    return padded
  }
}
