import BinadeKernels
import BinadeNumerics

/// Which operand of a layer a tensor is: blocks lie along the axis that both share.
public enum Operand: Sendable, Hashable {
  /// Channels are output channels, each with all elements of the reduction axis.
  case weights
  /// Channels are input channels: the reduction axis itself.
  case activations
}

/// A quantizer that has seen its data: a codec and the scales.
///
/// The equation is `x ~ scale * (q - zeroPoint)`: a value is divided by the scale (one rounding to Float32),
/// then encoded (one rounding to the format). In block formats `scale` is that of the value's block, and the quotient is
/// decided exactly, as `BlockCodec` says.
public struct Quantizer: Sendable {
  /// Rounds to the values of the elements, the zero point already subtracted.
  public var codec: FormatCodec { bulkCodec.codec }
  /// The same for whole tensors.
  public let bulkCodec: BulkCodec
  /// What the format's values are shifted by, in steps between neighbours; 0 for formats that are not evenly spaced.
  public let zeroPoint: Int
  /// One scale, or one per channel; 1 in block formats.
  public let scales: [Float]
  /// The scales of blocks; nil for elements that stand alone.
  public let blocks: BlockScales?

  /// Finds the scales.
  ///
  /// `samples`: one per channel; a specification per tensor joins them.
  /// `operand`: what channels are, for block formats.
  /// `name`: what errors call the tensor.
  ///
  /// Throws ``QuantizationFailure`` for an empty or non-finite sample and for negative values in a format that
  /// has none, and `FormatError` when the format cannot be compiled.
  public init(
    _ specification: QuantizerSpecification,
    samples: [TensorSample],
    operand: Operand = .weights,
    name: String,
    cache: CodecCache
  ) throws {
    var whole = TensorSample()
    for sample in samples { whole.merge(sample) }
    guard !whole.values.isEmpty else { throw QuantizationFailure.emptyCalibrationSet(tensor: name) }
    guard whole.least.isFinite, whole.greatest.isFinite else {
      throw QuantizationFailure.notFinite(tensor: name)
    }
    let policy = ConversionPolicy(rounding: specification.rounding, overflow: .saturate)
    let format = specification.format.element
    if case .block(let blockFormat) = specification.format {
      let codec = try cache.codec(
        for: blockFormat,
        rounding: specification.rounding,
        search: specification.blockScaleSearch
      )
      bulkCodec = try cache.codec(for: format, policy: policy)
      blocks = BlockScales(codec, samples: samples, hasOuterScalePerChannel: operand == .weights)
      scales = [1]
      zeroPoint = 0
      return
    }
    blocks = nil
    let plain = try cache.codec(for: format, policy: policy)
    let spacing = EvenSpacing(plain.codec.reference.ladder)
    zeroPoint = spacing?.zeroPoint(specification.zeroPoint, lower: whole.least, upper: whole.greatest) ?? 0
    bulkCodec =
      try zeroPoint == 0
      ? plain : cache.codec(for: format, shift: Double(zeroPoint) * (spacing?.step ?? 1), policy: policy)
    let codec = bulkCodec.codec
    let ladder = codec.reference.ladder
    guard ladder.least.value < 0 || whole.isNonnegative else {
      throw QuantizationFailure.negativeValues(tensor: name, format: format.name)
    }
    guard format.info.scaling != .none else {
      scales = [1]
      return
    }
    let target = Self.target(
      codec: codec,
      isNonnegative: whole.isNonnegative,
      bothEndsOf: specification.zeroPoint == .full && zeroPoint != 0 ? whole : nil
    )
    guard target.unit.isNormal, target.unit > 0 else {
      throw QuantizationFailure.unusableRange(tensor: name, format: format.name)
    }
    if let reason = specification.calibration.refusal(of: target) {
      throw QuantizationFailure.unsuitableCalibration(
        tensor: name,
        format: format.name,
        calibration: specification.calibration.name,
        reason: reason
      )
    }
    let groups = specification.granularity == .tensor ? [whole] : samples
    scales = groups.map { sample in
      sample.greatestMagnitude == 0
        ? 1 : specification.calibration.scale(for: sample, target: target)
    }
    guard scales.allSatisfy({ $0.isNormal && $0 > 0 }) else {
      throw QuantizationFailure.unusableRange(tensor: name, format: format.name)
    }
  }

  /// A quantizer with one scale that something else than a calibration has found.
  ///
  /// `bulkCodec`: rounds to the values of the format, the zero point already subtracted.
  init(_ bulkCodec: BulkCodec, zeroPoint: Int, scale: Float) {
    self.bulkCodec = bulkCodec
    self.zeroPoint = zeroPoint
    scales = [scale]
    blocks = nil
  }

  /// `bothEndsOf`: a sample whose least and greatest value must both fit, for values shifted in between.
  private static func target(codec: FormatCodec, isNonnegative: Bool, bothEndsOf sample: TensorSample?)
    -> ScaleTarget
  {
    let profile = PrecisionProfile(codec.reference.ladder, isNonnegative: isNonnegative)
    let anchor = sample.map { Self.anchor(of: codec.reference.ladder, $0) } ?? profile.anchor
    let unit = Float(anchor)
    return ScaleTarget(
      codec: codec,
      // Rounded up it would be beyond the greatest value of a format of more than 24 bits.
      unit: Double(unit) > anchor ? unit.nextDown : unit,
      headroomInBinades: profile.headroomInBinades,
      scaling: codec.info.scaling
    )
  }

  /// What the greatest magnitude of a sample becomes when neither of its ends is clipped.
  private static func anchor(of ladder: any Ladder, _ sample: TensorSample) -> Double {
    let (above, below) = (Double(max(sample.greatest, 0)), Double(max(-sample.least, 0)))
    let ends = [(above, ladder.greatest.value), (below, -ladder.least.value)].filter { $0.0 > 0 && $0.1 > 0 }
    return max(above, below) * (ends.map { $0.1 / $0.0 }.min() ?? 0)
  }

  /// The scale of a channel.
  public func scale(ofChannel channel: Int) -> Float {
    scales.count == 1 ? scales[0] : scales[channel]
  }

  /// The greatest scale.
  public var greatestScale: Float { scales.max() ?? 1 }

  /// Bits that the scales take: 32 each, or 8 when they are powers of two; none when the format has no scale.
  ///
  /// Of block formats only those above the blocks': those of blocks depend on the tensor's shape.
  public var scaleBitCount: Int {
    if let blocks { return blocks.outerBitCount }
    return switch codec.info.scaling {
    case .none: 0
    case .powerOfTwo: 8 * scales.count
    case .fitted: 32 * scales.count
    }
  }

  /// Rounds one channel to the values that the quantizer can represent: reals to reals through codes.
  ///
  /// - Shape: `output` holds `input.count` elements and may be `input`.
  /// - Precondition: no block format, whose channels do not stand alone.
  public func fakeQuantize(
    _ input: UnsafeBufferPointer<Float>,
    channel: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    bulkCodec.fakeQuantize(input, scales: .tensor(scale(ofChannel: channel)), into: output)
  }
}
