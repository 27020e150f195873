/// How a network learns to be quantized: where scales come from, and what gradients pass the rounding.
public enum TrainingMethod: String, Sendable, Hashable, CaseIterable {
  /// Straight-through: gradients pass everywhere; weights' scales from their greatest magnitudes, at every step, inputs' from the
  /// first batch, by the calibration that is asked for.
  ///
  /// - Source: Bengio, Léonard and Courville, "Estimating or Propagating Gradients Through Stochastic Neurons", 2013.
  case straightThrough = "ste"
  /// The same, but clipped values pass no gradient.
  case clipped
  /// Weights' scales from their greatest magnitudes, at every step; inputs' from moving averages of their greatest values, frozen after
  /// the first tenth of the steps, and in float32 before.
  ///
  /// - Source: Abdolrashidi et al., "Pareto-Optimal Quantized ResNet Is Mostly 4-bit", 2021; methods.md 1.
  case aqt
  /// The same in the other of the two orders that were released: rounded, then clipped, so that values which become the least or the
  /// greatest of the format tie with the clip and pass half of the gradient, weights as well.
  ///
  /// - Source: methods.md 1.5.
  case aqtRoundFirst = "aqt-round-first"
  /// Scales of weights and inputs are parameters, their gradients those of the step.
  ///
  /// - Source: Esser et al., "Learned Step Size Quantization", ICLR 2020; methods.md 4.4.
  case lsq
  /// The same, begun where weights have three deviations and inputs the least squared error; inputs that may be negative learn an offset
  /// as well, in whole steps, so that 0 stays a value.
  ///
  /// - Source: Bhalgat et al., "LSQ+: Improving Low-Bit Quantization Through Learnable Offsets and Better Initialization", CVPRW 2020.
  case lsqPlus = "lsq+"
  /// Inputs are clipped where a parameter says, which learns from what is clipped; weights straight-through.
  ///
  /// - Source: Choi et al., "PACT: Parameterized Clipping Activation for Quantized Neural Networks", 2018; methods.md 4.2.
  case pact
  /// The same, the parameter learning from rounding errors inside as well.
  ///
  /// - Source: Jin, Yang and Liao, "Towards Efficient Training for Neural Network Quantization", 2019 (SAT); methods.md 4.3.
  case pactCalibrated = "pact-calibrated"
  /// Weights squeezed by tanh and divided by the greatest of their layer, so that they fill -1 to 1; inputs clipped at 1.
  ///
  /// - Source: Zhou et al., "DoReFa-Net: Training Low Bitwidth Convolutional Neural Networks with Low Bitwidth Gradients", 2016;
  ///   methods.md 4.1.
  case dorefa
  /// Weights as DoReFa's, in layers without batch norm scaled to the variance 1 / output channels; inputs as `pact-calibrated`.
  ///
  /// - Source: Jin, Yang and Liao, "Towards Efficient Training for Neural Network Quantization", 2019; methods.md 4.3.
  case sat

  /// Where the scale of a quantizer in training comes from.
  public enum ScaleRule: Sendable, Hashable {
    /// The greatest magnitude of each channel, at every step.
    case greatest
    /// The first batch, by a calibration.
    case calibrated
    /// The greatest value of the format is 1.
    case one
    /// Moving averages of the extremes, frozen after a share of the steps.
    case tracked
    /// A parameter: the step between values of the format in which they are whole.
    case learnedStep
    /// A parameter: the greatest value; `learnsInside`: from rounding errors of values that are not clipped as well.
    case learnedBound(learnsInside: Bool)

    /// Whether the scale is a parameter.
    public var isLearned: Bool {
      switch self {
      case .learnedStep, .learnedBound: true
      case .greatest, .calibrated, .one, .tracked: false
      }
    }
  }

  /// Whether weights are normalised by tanh before they are quantized.
  public var normalizesWeights: Bool { self == .dorefa || self == .sat }
  /// Whether normalised weights are scaled to a variance where no batch norm does it.
  public var rescalesWeights: Bool { self == .sat }

  /// The rule of an operand.
  public func scaleRule(of operand: Operand) -> ScaleRule {
    switch (self, operand) {
    case (.lsq, _), (.lsqPlus, _): .learnedStep
    case (.dorefa, _), (.sat, .weights): .one
    case (_, .weights): .greatest
    case (.straightThrough, .activations), (.clipped, .activations): .calibrated
    case (.aqt, .activations), (.aqtRoundFirst, .activations): .tracked
    case (.pact, .activations): .learnedBound(learnsInside: false)
    case (.pactCalibrated, .activations), (.sat, .activations): .learnedBound(learnsInside: true)
    }
  }

  /// Whether the scales of inputs are averages that are frozen in the course of the run.
  public var tracksInputs: Bool { scaleRule(of: .activations) == .tracked }
  /// Whether values that become the least or the greatest of the format pass half of the gradient.
  public var halvesEnds: Bool { self == .aqtRoundFirst }
  /// Whether the method trains block formats, whose scales it does not make: no scale is learned, nothing clipped element by element.
  public var trainsBlocks: Bool { self == .straightThrough || self == .aqt }

  /// Whether values that are clipped pass no gradient.
  public func clipsGradients(of operand: Operand) -> Bool {
    switch (self, operand) {
    case (.straightThrough, _): false
    // The greatest magnitude is the last value: nothing is clipped.
    case (.clipped, .weights), (.aqt, .weights), (.aqtRoundFirst, .weights), (.pact, .weights),
      (.pactCalibrated, .weights):
      false
    case (.dorefa, .weights), (.sat, .weights): false
    default: true
    }
  }
}
