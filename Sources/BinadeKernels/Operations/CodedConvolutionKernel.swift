/// What is decided once about a convolution of codes: shape, formats, datapath, micro-kernel and tables of decoded codes.
///
/// Weights are packed for it again and again, as training changes them, without another look at the formats.
public struct CodedConvolutionKernel: Sendable {
  private enum Arithmetic: Sendable {
    case float(FloatMicroKernel, CodeTable<Float>, weights: [Float])
    case bfloat16(BFloat16MicroKernel, CodeTable<BFloat16>, weights: [BFloat16])
    case int16(Int16MicroKernel, CodeTable<Int16>, weights: [Int16])
    case bytes(ByteMicroKernel, CodeTable<UInt8>, zero: UInt8, weights: [Int8])
  }

  /// The sizes of one image.
  public let shape: ConvolutionShape
  /// The arithmetic that was chosen.
  public let datapath: Datapath
  /// Why this datapath.
  public let reason: String
  /// What one unit of the sums is worth, in values of both formats.
  public let unit: Double
  private let arithmetic: Arithmetic
  /// The values of both formats by code, where a datapath of integers has to look for NaN and infinities apart.
  private let specialValues: (activations: [Float], weights: [Float])?
  private let features: CPUFeatures

  /// Chooses the cheapest datapath that is exact.
  ///
  /// - Precondition: both formats have at most 16 bits.
  public init(
    shape: ConvolutionShape,
    activations: OperandValues,
    weights: OperandValues,
    features: CPUFeatures = .detected
  ) {
    self.shape = shape
    self.features = features
    (datapath, reason) = Datapath.cheapest(weights: weights, activations: activations, depth: shape.depth)
    guard let floats = activations.floats, let weightFloats = weights.floats else {
      preconditionFailure("formats of more than 16 bits have no tables")
    }
    guard datapath != .float32, datapath != .bfloat16, let left = activations.integers,
      let right = weights.integers
    else {
      let flushes = datapath == .bfloat16
      arithmetic = Self.float(shape, activations, floats, weights, weightFloats, flushes: flushes, features)
      unit = Double(activations.floatUnit) * Double(weights.floatUnit)
      specialValues = nil
      return
    }
    unit = Double(activations.quantum) * Double(weights.quantum)
    specialValues = (floats, weightFloats)
    if datapath != .integer16, let bytes = activations.unsignedBytes, let signed = weights.signedBytes,
      let kernel = KernelTable.bytes(
        for: features,
        greatestProduct: bytes.greatest * weights.greatestInteger
      )
    {
      arithmetic = .bytes(kernel, CodeTable(bytes.values), zero: bytes.zero, weights: signed)
    } else {
      arithmetic = .int16(KernelTable.int16(for: features), CodeTable(left), weights: right)
    }
  }

  /// float32, from pairs of bfloat16 where that gives the same bits; `flushes`: subnormal numbers count as 0.
  private static func float(
    _ shape: ConvolutionShape,
    _ activations: OperandValues,
    _ floats: [Float],
    _ weights: OperandValues,
    _ weightFloats: [Float],
    flushes: Bool,
    _ features: CPUFeatures
  ) -> Arithmetic {
    if let kernel = KernelTable.bfloat16(for: features), let left = activations.bfloat16s,
      let right = weights.bfloat16s, flushes || left.sumsAreFloat32(with: right),
      BFloat16Convolution.takes(shape)
    {
      return .bfloat16(kernel, CodeTable(left.operands), weights: right.operands)
    }
    let kernel = KernelTable.float32(for: features)
    return .float(flushes ? kernel.flushingSubnormals : kernel, CodeTable(floats), weights: weightFloats)
  }

  /// Packs weights.
  ///
  /// - Shape: `codes` is outputChannels x channels per group x kernelHeight x kernelWidth.
  func packed(_ codes: [UInt32]) -> CodedConvolution.Implementation {
    func operands<Operand>(_ table: [Operand]) -> [Operand] { codes.map { table[Int($0)] } }
    switch arithmetic {
    case .float(let kernel, let table, let weights):
      return .float(FloatConvolution(shape: shape, weights: operands(weights), kernel: kernel), table)
    case .bfloat16(let kernel, let table, let weights):
      return .bfloat16(BFloat16Convolution(shape: shape, weights: operands(weights), kernel: kernel), table)
    case .int16(let kernel, let table, let weights):
      return .int16(IntegerConvolution(shape: shape, weights: operands(weights), kernel: kernel), table)
    case .bytes(let kernel, let table, let zero, let weights):
      return .bytes(
        ByteConvolution(shape: shape, weights: operands(weights), zero: zero, kernel: kernel),
        table,
        zero: zero
      )
    }
  }

  /// What finds outputs that are not finite; nil where there are none.
  func specialOutputs(_ codes: [UInt32]) -> SpecialOutputs? {
    specialValues.flatMap { values in
      SpecialOutputs(
        shape: shape,
        activations: values.activations,
        weights: codes.map { values.weights[Int($0)] },
        features: features
      )
    }
  }
}
