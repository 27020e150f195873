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
  /// Whether values that become the least or the greatest of the format pass half of the gradient.
  public let halvesEnds: Bool
  /// What calibrations know of the format, and how they look for scales.
  private let specification: QuantizerSpecification
  private let cache: CodecCache
  /// Whether weights are normalised first, and scaled to a variance then.
  public let normalizesWeights: Bool
  private let rescalesWeights: Bool
  /// Whether weights come normalised, as they are exported: they keep the scales they have.
  public var readsNormalizedWeights = false
  /// What normalised weights are multiplied by, for their variance.
  public private(set) var weightFactor = 1.0
  /// Whether the method is LSQ, whatever the parameter is, and whether it is LSQ+.
  private let learnsSteps: Bool, isPlus: Bool
  /// The values of the format as steps, where an offset is learned.
  private let offsetSpacing: EvenSpacing?
  /// The learned offset: what the format's own zero stands for.
  public internal(set) var offset = 0.0
  /// With scales of 1.
  private var base: Quantizer
  /// The format as calibrations see it.
  private let target: ScaleTarget
  /// What greatest magnitudes and bounds become: the greatest value of formats that do not taper, a value where the others are precise.
  private var anchor: Double { Double(target.unit) }
  /// The scales, one or one for each channel; empty as long as there are none.
  public internal(set) var scales: [Float] = []
  /// What scales are where the greatest value stands for 1.
  private var unitScales: [Float] = []
  /// What a learned scale may not fall below.
  private var leastScales: [Float] = []
  /// Moving averages of extremes, where scales are tracked.
  public internal(set) var tracker = BoundTracker()

  /// A quantizer without scales.
  ///
  /// `isNonnegative`: whether the operand never is negative; evenly spaced formats are shifted then as the specification says.
  /// `isNormalized`: whether batch norm follows the layer. `hasGradient`: whether a gradient reaches the operand; without, no scale is
  /// learned, it is what the calibration finds.
  ///
  /// Throws ``QuantizationFailure`` for block formats with a method that learns or clips, for stochastic rounding and for formats
  /// that the operand does not suit, and `FormatError`.
  public init(
    _ specification: QuantizerSpecification,
    _ method: TrainingMethod,
    operand: Operand,
    isNonnegative: Bool,
    isNormalized: Bool = true,
    hasGradient: Bool = true,
    name: String,
    cache: CodecCache
  ) throws {
    self.operand = operand
    self.specification = specification
    self.cache = cache
    let methodRule = method.scaleRule(of: operand)
    let wanted = methodRule.isLearned && !hasGradient ? .calibrated : methodRule
    clipsGradients = method.clipsGradients(of: operand)
    halvesEnds = method.halvesEnds
    normalizesWeights = operand == .weights && method.normalizesWeights
    rescalesWeights = operand == .weights && method.rescalesWeights && !isNormalized
    if case .block(let blocks) = specification.format, !method.trainsBlocks {
      throw QuantizationFailure.untrainableBlocks(tensor: name, format: blocks.name, method: method.rawValue)
    }
    if specification.words != nil { throw QuantizationFailure.randomTraining(tensor: name) }
    var plain = specification
    plain.granularity = .tensor
    plain.calibration = AbsMaxCalibration()
    let sample = TensorSample(isNonnegative ? [0, 1] : [-1, 1])
    base = try Quantizer(plain, samples: [sample], operand: operand, name: name, cache: cache)
    target = ScaleTarget(base.codec, isNonnegative: isNonnegative)
    // Steps of 1 are what LSQ learns; of other ladders the bound, as their units are of no meaning (training.md 4).
    learnsSteps = wanted == .learnedStep
    isPlus = learnsSteps && method == .lsqPlus
    let plainCodec = try cache.codec(
      for: specification.format.element,
      policy: ConversionPolicy(rounding: specification.rounding, overflow: .saturate)
    )
    let shifts = isPlus && operand == .activations && !isNonnegative && base.codec.info.scaling != .none
    offsetSpacing = shifts ? EvenSpacing(plainCodec.codec.reference.ladder) : nil
    let isWhole = base.blocks == nil && EvenSpacing(base.codec.reference.ladder)?.step == 1
    rule = wanted == .learnedStep && !isWhole ? .learnedBound(learnsInside: true) : wanted
    unitScales = [Float(1 / anchor)]
    if rule == .one { scales = unitScales }
  }

  /// Takes over what a search ended with.
  ///
  /// `scales`: one, or one for each output channel; of normalised weights those before their variance. `limits`: what output channels use
  /// of the format's values; nil where all use all.
  ///
  /// - Precondition: no block format.
  public mutating func take(_ scales: [Float], limits: ChannelLimits? = nil) {
    if let limits { base = base.replacing(scales: [1], limits: limits) }
    unitScales = scales
    if rule == .one { self.scales = scales } else { begin(scales) }
  }

  /// The codec, its zero point in it.
  public var codec: FormatCodec { base.codec }
  /// Whether the values are all whole numbers of their range, and rounding is to the nearest.
  public var hasWholeValues: Bool {
    let least = codec.reference.ladder.least.value
    return rule == .learnedStep && least == least.rounded() && codec.policy.rounding == .nearestEven
  }
  /// Whether elements lie in blocks, whose scales are found as they are rounded: the gradient passes them as it is.
  public var isBlocked: Bool { base.blocks != nil }
  /// The greatest magnitude that inputs in blocks have under their outer scale; nil without one, as blocks then follow what they hold.
  public var outerBound: Float? {
    guard let blocks = base.blocks, operand == .activations, isScaled, let scale = scales.first else {
      return nil
    }
    return scale / blocks.codec.outerScale(greatestMagnitude: 1)
  }
  /// Whether the format takes scales at all; of block formats those above the blocks'.
  private var isScaled: Bool {
    base.blocks.map { $0.codec.format.scale.outer != .none } ?? (codec.info.scaling != .none)
  }
  /// Whether each channel has a scale of its own.
  public var isPerChannel: Bool {
    if base.limits != nil { return true }
    guard let blocks = base.blocks else { return specification.granularity == .channel && rule != .one }
    return operand == .weights && blocks.codec.format.scale.outer == .row
  }
  /// The quantizer as it is; nil as long as the operand stays as it is.
  public var quantizer: Quantizer? {
    guard isScaled else { return base }
    guard !scales.isEmpty else { return nil }
    return isBlocked ? base.replacing(outerScales: scales) : base.replacing(scales: fitted(scales))
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

  /// Takes weights into account, before each step; returns what is rounded in their place, nil for themselves.
  ///
  /// - Shape: `values` is channels x channelLength.
  @discardableResult
  public mutating func observe(weights values: UnsafeBufferPointer<Float>, channelLength: Int) -> [Float]? {
    guard !readsNormalizedWeights else { return nil }
    guard normalizesWeights else {
      findScales(values, channelLength)
      return nil
    }
    let normalized = WeightNormalization.normalized(values)
    guard rescalesWeights else { return normalized }
    let unit = base.replacing(scales: unitScales)
    let rounded = normalized.enumerated().map { unit.fakeQuantize($1, channel: $0 / channelLength) }
    weightFactor = WeightNormalization.rescaling(rounded, outputCount: values.count / channelLength)
    scales = unitScales.map { Float(weightFactor * Double($0)) }
    return normalized.map { Float(Double($0) * weightFactor) }
  }

  private mutating func findScales(_ values: UnsafeBufferPointer<Float>, _ channelLength: Int) {
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
        if let blocks = base.blocks {
          return blocks.codec.outerScale(greatestMagnitude: Self.magnitude(channel))
        }
        return Float((Double(Self.magnitude(channel)) + Double(epsilon)) / anchor)
      }
    case .learnedStep, .learnedBound:
      guard scales.isEmpty else { return }
      guard !isPlus else {
        begin(each { Float(max(Self.threeDeviations($0), 0x1p-23) / anchor) })
        return
      }
      guard rule == .learnedStep else {
        begin(each { leastError(TensorSample(Array($0))) })
        return
      }
      begin(each { Float(LearnedStep.initialStep(Array($0), greatestCode: 1) / anchor.squareRoot()) })
    case .calibrated, .one, .tracked: preconditionFailure("weights have no first batch")
    }
  }

  /// The greater end of what lies within three deviations of the mean.
  private static func threeDeviations(_ values: UnsafeBufferPointer<Float>) -> Double {
    let count = Double(values.count)
    let mean = values.reduce(0.0) { $0 + Double($1) } / count
    let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
    return abs(mean) + 3 * variance.squareRoot()
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
    case .learnedStep where isPlus, .learnedBound where isPlus: try beginPlus(whole, name: name)
    case .tracked:
      tracker.update(isPerChannel ? samples : [whole])
      guard isLastTracked else { return }
      scales = tracker.bounds.map { bound in
        guard bound != 0 else { return 1 }
        return base.blocks?.codec.outerScale(greatestMagnitude: Float(bound)) ?? Float(trackedScale(bound))
      }
    case .calibrated:
      let found = try Quantizer(specification, samples: samples, operand: operand, name: name, cache: cache)
      scales = found.scales.values
    case .learnedStep:
      begin([Float(LearnedStep.initialStep(whole.values, greatestCode: 1) / anchor.squareRoot())])
    case .learnedBound where learnsSteps: begin([leastError(whole)])
    case .learnedBound: begin([Float(max(Double(whole.greatestMagnitude), 0x1p-23) / anchor)])
    case .greatest, .one: preconditionFailure("inputs have scales of their own at no step")
    }
  }

  /// AQT's unsigned inputs are cut, not rounded: 2^M steps to the bound, of which the last is never reached.
  private var isCut: Bool {
    rule == .tracked && codec.policy.rounding == .down && codec.reference.ladder.least.value >= 0
  }

  private func trackedScale(_ bound: Double) -> Double { (bound + 0x1p-23) / (isCut ? anchor + 1 : anchor) }

  /// Where LSQ begins with values that are not whole, whose number of steps means nothing: at the least squared error.
  private func leastError(_ sample: TensorSample) -> Float {
    sample.greatestMagnitude == 0 ? 1 : MSECalibration().scale(for: sample, target: target)
  }

  /// LSQ+: the scale of the least squared error, and the zero point that both ends put in place.
  private mutating func beginPlus(_ sample: TensorSample, name: String) throws {
    var start = specification
    (start.granularity, start.calibration) = (.tensor, MSECalibration())
    if offsetSpacing != nil { start.zeroPoint = .full }
    let found = try Quantizer(start, samples: [sample], operand: operand, name: name, cache: cache)
    begin(found.scales.values)
    guard let offsetSpacing else { return }
    offset = -Double(found.zeroPoint) * offsetSpacing.step * Double(scales[0])
    try shift()
  }

  /// Puts the zero point at the whole step next to the offset; it stays among the values, whose rims are 0.
  private mutating func shift() throws {
    guard let spacing = offsetSpacing, let scale = scales.first else { return }
    let place = (-offset / (Double(scale) * spacing.step)).rounded(.toNearestOrEven)
    let zeroPoint = Int(min(max(place, Double(spacing.least)), Double(spacing.greatest)))
    guard zeroPoint != base.zeroPoint else { return }
    let policy = ConversionPolicy(rounding: specification.rounding, overflow: .saturate)
    base = Quantizer(
      try cache.codec(
        for: specification.format.element,
        shift: Double(zeroPoint) * spacing.step,
        policy: policy
      ),
      zeroPoint: zeroPoint,
      scales: .tensor(1)
    )
  }

  private mutating func begin(_ scales: [Float]) {
    self.scales = scales.map { max($0, 0x1p-100) }
    leastScales = self.scales.map { $0 * 0x1p-10 }
  }

  // MARK: Learning

  /// What of the gradient behind the quantizer passes, and what learned scales get.
  ///
  /// `scale`: of the channel or the tensor. `unit`: what one unit of the kernel is worth, in values of the format; nil where the
  /// kernel has what the codes stand for.
  package func gradientRule(scale: Float, unit: Float?, features: CPUFeatures = .detected)
    -> QuantizerGradient
  {
    let ladder = codec.reference.ladder
    let values = Float(ladder.least.value)...Float(ladder.greatest.value)
    var rule = QuantizerGradient(
      clips: clipsGradients,
      scale: scale,
      unit: unit ?? 1,
      least: values.lowerBound,
      // What is cut reaches the greatest value from below the bound, a step above it.
      greatest: isCut ? values.upperBound + 1 : values.upperBound,
      features: features
    )
    if unit == nil { (rule.factor, rule.unit) = (1, 1 / scale) }
    rule.isWhole = hasWholeValues
    if halvesEnds { rule.halvedEnds = values }
    return rule
  }

  /// What an update of learned scales needs: the gradients' own factor.
  ///
  /// `elementCount`: weights, or features of one image.
  public func gradientFactor(elementCount: Int) -> Double {
    guard learnsSteps else { return 1 }
    let count = Double(elementCount) / Double(max(1, scales.count))
    return 1 / (rule == .learnedStep ? count * anchor : count).squareRoot()
  }

  /// The gradients of learned scales from sums over a channel or the tensor.
  ///
  /// `sums`: for each scale.
  public func scaleGradients(_ sums: [ScaleSums]) -> [Double] {
    var (least, most) = (codec.reference.ladder.least.value, codec.reference.ladder.greatest.value)
    let ofOffset = offsetSpacing.map { _ in sums.reduce(0) { $0 + $1.above + $1.below } }
    // The steps that codes are away from the offset, not from 0.
    if let offsetSpacing {
      let shift = Double(base.zeroPoint) * offsetSpacing.step
      (least, most) = (least + shift, most + shift)
    }
    let ofScales: [Double] = sums.map { sum in
      switch rule {
      case .learnedStep: sum.inside + most * sum.above + least * sum.below
      // The parameter is the bound, scale times the anchor.
      case .learnedBound(let learnsInside):
        most / anchor * sum.above + least / anchor * sum.below + (learnsInside ? sum.inside / anchor : 0)
      case .greatest, .calibrated, .one, .tracked: 0
      }
    }
    return ofScales + (ofOffset.map { [$0] } ?? [])
  }

  /// The parameters: steps, or bounds; last the offset, where there is one.
  public var parameters: [Double] {
    (rule == .learnedStep ? scales.map(Double.init) : scales.map { Double($0) * anchor })
      + (learnsOffset ? [offset] : [])
  }

  /// Takes over parameters that an update has moved.
  ///
  /// Throws `FormatError` for an offset that the format cannot have.
  public mutating func move(to parameters: [Double]) throws {
    precondition(parameters.count == self.parameters.count, "other parameters")
    if learnsOffset { offset = parameters[parameters.count - 1] }
    // A scale of 0 or below has no meaning: it is held where it still has one.
    scales = scales.indices.map {
      let least = $0 < leastScales.count ? leastScales[$0] : .leastNormalMagnitude
      return max(Float(rule == .learnedStep ? parameters[$0] : parameters[$0] / anchor), least)
    }
    try shift()
  }

  /// Turns the gradient of what was rounded in the place of the weights into that of the weights.
  public func propagate(
    _ gradient: UnsafeMutableBufferPointer<Float>,
    weights: UnsafeBufferPointer<Float>
  ) {
    guard normalizesWeights else { return }
    WeightNormalization.propagate(gradient, weights: weights, factor: weightFactor)
  }

  /// Takes over the state of a checkpoint.
  ///
  /// Throws `FormatError` for an offset that the format cannot have.
  public mutating func restore(
    scales: [Float],
    leastScales: [Float],
    offset: Double = 0,
    tracker: BoundTracker
  ) throws {
    (self.scales, self.leastScales, self.offset, self.tracker) = (scales, leastScales, offset, tracker)
    try shift()
  }

  /// What a checkpoint keeps beside scales and tracker.
  public var leastLearnedScales: [Float] { leastScales }
  /// Whether there is an offset to learn.
  public var learnsOffset: Bool { offsetSpacing != nil }
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
