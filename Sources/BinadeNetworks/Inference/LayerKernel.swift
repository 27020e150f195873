import BinadeKernels
import BinadeNumerics

/// What is decided once about a layer: the datapath of its formats, and the tables that decode their codes.
///
/// Weights are packed for it again and again, as training changes them.
struct LayerKernel: Sendable {
  let shape: ConvolutionShape
  /// The cheapest, without an accumulator.
  let datapath: Datapath
  /// Why this datapath.
  let reason: String
  /// Where both operands are codes of at most 16 bits.
  private let coded: CodedConvolutionKernel?
  /// What units of values are worth where one of them is none.
  private let weightUnit: Float
  private let activationUnit: Float
  private let features: CPUFeatures

  /// Decides.
  ///
  /// `weights`, `activations`: nil for real numbers.
  init(
    _ shape: ConvolutionShape,
    weights: FormatCodec?,
    activations: FormatCodec?,
    features: CPUFeatures
  ) {
    self.shape = shape
    self.features = features
    let (weights, activations) = (weights.map { OperandValues($0) }, activations.map { OperandValues($0) })
    (datapath, reason) = Datapath.cheapest(weights: weights, activations: activations, depth: shape.depth)
    weightUnit = weights?.floatUnit ?? 1
    activationUnit = activations?.floatUnit ?? 1
    guard let weights, let activations, weights.floats != nil, activations.floats != nil else {
      coded = nil
      return
    }
    coded = CodedConvolutionKernel(
      shape: shape,
      activations: activations,
      weights: weights,
      features: features
    )
  }

  /// Packs the weights of operands in these formats; with what one unit of the sums is worth.
  func packed(_ operands: LayerOperands) -> (LayerEngine.Implementation, unit: Double) {
    if let coded, let weights = operands.codedWeights, let activations = operands.activations {
      return (.coded(CodedConvolution(coded, weightCodes: weights.codes), activations), coded.unit)
    }
    let convolution = FloatConvolution(
      shape: shape,
      weights: operands.codedWeights?.unscaledValues(unit: weightUnit) ?? operands.weightValues,
      kernel: KernelTable.float32(for: features)
    )
    let unit = Double(weightUnit) * Double(activationUnit)
    guard let activations = operands.activations else { return (.plain(convolution), unit) }
    return (.valued(convolution, activations, unit: activationUnit), unit)
  }
}
