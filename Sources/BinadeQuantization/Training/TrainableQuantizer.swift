import BinadeKernels
import BinadeNumerics

/// The quantizer of an operand while its network is trained: a maker of ``Quantizer``, one for each step.
///
/// It owns no rounding: what it makes is what evaluation runs.
public struct TrainableQuantizer: Sendable {
  /// What is quantized.
  public let operand: Operand
  /// Where scales come from.
  public let rule: TrainingMethod.ScaleRule
  /// Whether values that are clipped pass no gradient.
  public let clipsGradients: Bool
  /// What calibrations know of the format, and how they look for scales.
  private let specification: QuantizerSpecification
  private let cache: CodecCache
  /// Whether the method is LSQ, whatever the parameter is.
  private let learnsSteps: Bool
  /// With scales of 1.
  private let base: Quantizer
  /// The scales, one or one for each channel; empty as long as there are none.
  public internal(set) var scales: [Float] = []
  /// What a learned scale may not fall below.
  private var leastScales: [Float] = []
  /// Moving averages of extremes, where scales are tracked.
  public internal(set) var tracker = BoundTracker()

  /// A quantizer without scales.
  ///
  /// `isNonnegative`: whether the operand never is negative; evenly spaced formats are shifted then as the specification says.
  ///
  /// Throws ``QuantizationFailure`` for block formats, stochastic rounding and formats that the operand does not suit, and
  /// `FormatError`.
  public init(
    _ specification: QuantizerSpecification,
    _ method: TrainingMethod,
    operand: Operand,
    isNonnegative: Bool,
    name: String,
    cache: CodecCache
  ) throws {
    self.operand = operand
    self.specification = specification
    self.cache = cache
    let wanted = method.scaleRule(of: operand)
    clipsGradients = method.clipsGradients(of: operand)
    if case .block(let blocks) = specification.format {
      throw QuantizationFailure.untrainable(tensor: name, format: blocks.name)
    }
    if specification.words != nil { throw QuantizationFailure.randomTraining(tensor: name) }
    var plain = specification
    plain.granularity = .tensor
    plain.calibration = AbsMaxCalibration()
    let sample = TensorSample(isNonnegative ? [0, 1] : [-1, 1])
    base = try Quantizer(plain, samples: [sample], operand: operand, name: name, cache: cache)
    // Steps of 1 are what LSQ learns; of other ladders the bound, as their units are of no meaning (training.md 4).
    learnsSteps = wanted == .learnedStep
    let isWhole = EvenSpacing(base.codec.reference.ladder)?.step == 1
    rule = wanted == .learnedStep && !isWhole ? .learnedBound(learnsInside: true) : wanted
  }

  /// The codec, its zero point in it.
  public var codec: FormatCodec { base.codec }
  /// Whether the format takes scales at all.
  private var isScaled: Bool { codec.info.scaling != .none }
  /// Whether each channel has a scale of its own.
  public var isPerChannel: Bool { specification.granularity == .channel }
  /// The greatest value that the format has: two's complement reaches one step farther below.
  private var greatest: Double {
    let (least, most) = (codec.reference.ladder.least.value, codec.reference.ladder.greatest.value)
    return most > 0 ? most : -least
  }

  /// The quantizer as it is; nil as long as the operand stays as it is.
  public var quantizer: Quantizer? {
    guard isScaled else { return base }
    return scales.isEmpty ? nil : base.replacing(scales: fitted(scales))
  }

  /// Scales as the format takes them: powers of two are rounded up from what is learned or found.
  private func fitted(_ scales: [Float]) -> [Float] {
    guard codec.info.scaling == .powerOfTwo else { return scales }
    return scales.map { scale in
      let floor = Float(sign: .plus, exponent: scale.exponent, significand: 1)
      return floor == scale ? scale : 2 * floor
    }
  }

  // MARK: Weights

  /// Takes weights into account, before each step.
  ///
  /// - Shape: `values` is channels x channelLength.
  public mutating func observe(weights values: UnsafeBufferPointer<Float>, channelLength: Int) throws {
    let channels = values.count / channelLength
    func each(_ body: (UnsafeBufferPointer<Float>) -> Float) -> [Float] {
      guard isPerChannel else { return [body(values)] }
      return (0..<channels).map {
        body(UnsafeBufferPointer(rebasing: values[$0 * channelLength..<($0 + 1) * channelLength]))
      }
    }
    switch rule {
    case .greatest:
      // 2^-23: what keeps AQT from dividing by 0 (methods.md 1.2).
      let epsilon: Float = 0x1p-23
      scales = each { channel in
        Float((Double(Self.magnitude(channel)) + Double(epsilon)) / greatest)
      }
    case .learnedStep, .learnedBound:
      guard scales.isEmpty else { return }
      begin(each { Float(LearnedStep.initialStep(Array($0), greatestCode: 1) / greatest.squareRoot()) })
    case .calibrated, .tracked: preconditionFailure("weights have no first batch")
    }
  }

  private static func magnitude(_ values: UnsafeBufferPointer<Float>) -> Float {
    values.reduce(0) { max($0, abs($1)) }
  }

  // MARK: Inputs

  /// Whether inputs are to be looked at before the next step.
  ///
  /// `trackingIsOver`: whether the steps are done that extremes are tracked in.
  public func needsInputs(trackingIsOver: Bool) -> Bool {
    guard isScaled else { return false }
    return scales.isEmpty && (rule != .tracked || !trackingIsOver || tracker.updateCount == 0)
  }

  /// Takes inputs of a step into account.
  ///
  /// `samples`: one for each channel. `isLastTracked`: whether tracked extremes become the scale now.
  ///
  /// Throws ``QuantizationFailure`` where there is no scale for them.
  public mutating func observe(inputs samples: [TensorSample], isLastTracked: Bool, name: String) throws {
    var whole = TensorSample()
    for sample in samples { whole.merge(sample) }
    switch rule {
    case .tracked:
      tracker.update(isPerChannel ? samples : [whole])
      guard isLastTracked else { return }
      scales = tracker.bounds.map { Float($0 == 0 ? 1 : trackedScale($0)) }
    case .calibrated:
      let found = try Quantizer(specification, samples: samples, operand: operand, name: name, cache: cache)
      scales = found.scales.values
    case .learnedStep:
      begin([Float(LearnedStep.initialStep(whole.values, greatestCode: 1) / greatest.squareRoot())])
    case .learnedBound where learnsSteps:
      begin([Float(LearnedStep.initialStep(whole.values, greatestCode: 1) / greatest.squareRoot())])
    case .learnedBound: begin([Float(max(Double(whole.greatestMagnitude), 0x1p-23) / greatest)])
    case .greatest: preconditionFailure("inputs have scales of their own at no step")
    }
  }

  /// AQT's unsigned inputs are cut, not rounded: 2^M steps to the bound, of which the last is never reached.
  private func trackedScale(_ bound: Double) -> Double {
    let isCut = codec.policy.rounding == .down && codec.reference.ladder.least.value >= 0
    return (bound + 0x1p-23) / (isCut ? greatest + 1 : greatest)
  }

  private mutating func begin(_ scales: [Float]) {
    self.scales = scales.map { max($0, 0x1p-100) }
    leastScales = self.scales.map { $0 * 0x1p-10 }
  }

  // MARK: Learning

  /// What an update of learned scales needs: the gradients' own factor.
  ///
  /// `elementCount`: weights, or features of one image.
  public func gradientFactor(elementCount: Int) -> Double {
    guard learnsSteps else { return 1 }
    let count = Double(elementCount) / Double(max(1, scales.count))
    return 1 / (rule == .learnedStep ? count * greatest : count).squareRoot()
  }

  /// The gradients of learned scales from sums over a channel or the tensor.
  ///
  /// `sums`: for each scale.
  public func scaleGradients(_ sums: [ScaleSums]) -> [Double] {
    let (least, most) = (codec.reference.ladder.least.value, codec.reference.ladder.greatest.value)
    return sums.map { sum in
      switch rule {
      case .learnedStep: sum.inside + most * sum.above + least * sum.below
      // The parameter is the bound, scale times the greatest value.
      case .learnedBound(let learnsInside):
        sum.above + least / most * sum.below + (learnsInside ? sum.inside / most : 0)
      case .greatest, .calibrated, .tracked: 0
      }
    }
  }

  /// The parameters: steps, or bounds.
  public var parameters: [Double] {
    get { rule == .learnedStep ? scales.map(Double.init) : scales.map { Double($0) * greatest } }
    set {
      let scales = rule == .learnedStep ? newValue : newValue.map { $0 / greatest }
      // A scale of 0 or below has no meaning: it is held where it still has one.
      self.scales = zip(scales, leastScales).map { max(Float($0), $1) }
    }
  }

  /// Takes over the state of a checkpoint.
  public mutating func restore(scales: [Float], leastScales: [Float], tracker: BoundTracker) {
    (self.scales, self.leastScales, self.tracker) = (scales, leastScales, tracker)
  }

  /// What a checkpoint keeps beside scales and tracker.
  public var leastLearnedScales: [Float] { leastScales }
}

/// Sums over upstream gradients that learned scales need.
public struct ScaleSums: Sendable, Hashable {
  /// Σg·(Q(v) - v) of values that are not clipped, v in values of the format.
  public var inside = 0.0
  /// Σg of values above the greatest, and below the least.
  public var above = 0.0, below = 0.0

  /// Sums of nothing.
  public init() {}

  /// Adds others.
  public static func += (sums: inout ScaleSums, more: ScaleSums) {
    sums.inside += more.inside
    sums.above += more.above
    sums.below += more.below
  }
}

/// Moving averages of the extremes of a layer's inputs, as AQT keeps them: v += 0.1 (m - v) from 0 on, zeros left out.
///
/// - Source: methods.md 1.4.
public struct BoundTracker: Sendable, Hashable {
  /// Of the greatest and the least value of each channel.
  public var maxima: [Double] = [], minima: [Double] = []
  /// Batches so far.
  public var updateCount = 0

  /// Nothing tracked yet.
  public init() {}

  /// Takes the extremes of a batch into account; a channel without a value other than 0 is left as it is.
  public mutating func update(_ samples: [TensorSample]) {
    if maxima.isEmpty {
      maxima = Array(repeating: 0, count: samples.count)
      minima = maxima
    }
    updateCount += 1
    for (channel, sample) in samples.enumerated() where sample.greatest != 0 || sample.least != 0 {
      maxima[channel] += 0.1 * (Double(sample.greatest) - maxima[channel])
      minima[channel] += 0.1 * (Double(sample.least) - minima[channel])
    }
  }

  /// The greater magnitude of both averages.
  public var bounds: [Double] { zip(maxima, minima).map { max(abs($0), abs($1)) } }
}
