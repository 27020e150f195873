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
  /// One scale, one per channel, or one per block.
  public private(set) var scales: Scales
  /// What channels use of the format's values; nil where all use all.
  public private(set) var limits: ChannelLimits?
  /// Bits of zero points and bit widths that channels have of their own.
  public let channelBitCount: Int
  /// The parts of the error that are there; nil for the whole.
  public var separation: ErrorSeparation?
  /// Rounds by random words instead of the codec's rule; nil without.
  private(set) var random: RandomRounding?
  /// What whole pixels go through before they are rounded; the other operand goes through the same.
  public var rotation: HadamardRotation?

  /// Whether values are rounded by random words.
  public var isStochastic: Bool { random != nil }

  /// Finds the scales.
  ///
  /// `samples`: one per channel; a specification per tensor joins them.
  /// `operand`: what channels are, for block formats.
  /// `name`: what errors call the tensor.
  /// `tensor`: its number among those that random words are drawn for.
  ///
  /// Throws ``QuantizationFailure`` for an empty or non-finite sample, for negative values in a format that has none and for
  /// random words in a block format, and `FormatError` when the format cannot be compiled.
  public init(
    _ specification: QuantizerSpecification,
    samples: [TensorSample],
    operand: Operand = .weights,
    name: String,
    tensor: UInt32 = 0,
    cache: CodecCache
  ) throws {
    try self.init(specification, samples: samples, operand, name, cache)
    guard let words = specification.words else { return }
    if let blocks { throw QuantizationFailure.randomBlocks(tensor: name, format: blocks.codec.format.name) }
    random = try RandomRounding(codec.format, words, tensor: tensor)
  }

  private init(
    _ specification: QuantizerSpecification,
    samples: [TensorSample],
    _ operand: Operand,
    _ name: String,
    _ cache: CodecCache
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
      self.init(
        try cache.codec(for: format, policy: policy),
        scales: .blocks(BlockScales(codec, samples: samples, hasOuterScalePerChannel: operand == .weights))
      )
      return
    }
    let plain = try cache.codec(for: format, policy: policy)
    let spacing = EvenSpacing(plain.codec.reference.ladder)
    let zeroPoint =
      spacing?.zeroPoint(specification.zeroPoint, lower: whole.least, upper: whole.greatest) ?? 0
    let bulkCodec =
      try zeroPoint == 0
      ? plain : cache.codec(for: format, shift: Double(zeroPoint) * (spacing?.step ?? 1), policy: policy)
    let codec = bulkCodec.codec
    guard codec.reference.ladder.least.value < 0 || whole.isNonnegative else {
      throw QuantizationFailure.negativeValues(tensor: name, format: format.name)
    }
    guard format.info.scaling != .none else {
      self.init(bulkCodec, zeroPoint: zeroPoint, scales: .tensor(1))
      return
    }
    let target = ScaleTarget(
      codec,
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
    let found = groups.map { sample in
      sample.greatestMagnitude == 0 ? nil : specification.calibration.scale(for: sample, target: target)
    }
    // A channel of zeros must not stand out among the others, whose scales are compared with the greatest.
    let least = found.compactMap { $0 }.min() ?? 1
    let scales = found.map { $0 ?? least }
    guard scales.allSatisfy({ $0.isNormal && $0 > 0 }) else {
      throw QuantizationFailure.unusableRange(tensor: name, format: format.name)
    }
    self.init(bulkCodec, zeroPoint: zeroPoint, scales: Scales(scales))
  }

  /// A quantizer with scales that something else than a calibration has found.
  ///
  /// `bulkCodec`: rounds to the values of the format, the zero point already subtracted.
  public init(
    _ bulkCodec: BulkCodec,
    zeroPoint: Int = 0,
    scales: Scales,
    limits: ChannelLimits? = nil,
    channelBitCount: Int = 0
  ) {
    self.bulkCodec = bulkCodec
    self.zeroPoint = zeroPoint
    self.scales = scales
    self.limits = limits
    self.channelBitCount = channelBitCount
  }

  /// The same with other scales, one for all channels or one for each.
  ///
  /// - Precondition: no block format, whose scales are found block by block.
  public func replacing(scales: [Float]) -> Quantizer {
    precondition(blocks == nil, "blocks have scales of their own")
    var result = self
    result.scales = Scales(scales)
    return result
  }

  /// The same with what channels use of the format's values, and a scale for each of them.
  ///
  /// - Precondition: no block format.
  package func replacing(scales: [Float], limits: ChannelLimits?) -> Quantizer {
    var result = replacing(scales: scales)
    result.limits = limits
    return result
  }

  /// The quantizer of one channel, for tensors that hold nothing else.
  ///
  /// - Precondition: no block format.
  package func alone(channel: Int) -> Quantizer {
    replacing(scales: [scales[channel]], limits: limits?[channel])
  }

  /// The same with the random words of a step of training; itself where it draws none.
  func drawing(step: UInt32) -> Quantizer {
    var result = self
    result.random = random?.drawing(step: step)
    return result
  }

  /// The same with other scales above those of the blocks, one or one for each output channel.
  ///
  /// - Precondition: a block format.
  func replacing(outerScales: [Float]) -> Quantizer {
    guard let blocks else { preconditionFailure("scales above those of blocks, without blocks") }
    var result = self
    result.scales = .blocks(BlockScales(blocks.codec, outerScales: outerScales))
    return result
  }

  /// The scales of blocks; nil for elements that stand alone.
  public var blocks: BlockScales? {
    if case .blocks(let blocks) = scales { blocks } else { nil }
  }

  /// The scale of a channel.
  public func scale(ofChannel channel: Int) -> Float { scales[channel] }

  /// The greatest scale.
  public var greatestScale: Float { scales.greatest }

  /// Bits of a code, the mean over the channels.
  public var meanBitWidth: Double {
    guard let widths = limits?.bitWidths else { return Double(codec.info.bitWidth) }
    return Double(widths.reduce(0, +)) / Double(widths.count)
  }

  /// Bits that scales, zero points and bit widths of channels take: of scales 32 each, or 8 when they are powers of two; none
  /// when the format has no scale.
  ///
  /// Of block formats only those above the blocks': those of blocks depend on the tensor's shape.
  public var parameterBitCount: Int {
    if let blocks { return blocks.outerBitCount }
    return codec.info.scaling.bitCount * scales.values.count + channelBitCount
  }

  /// The least and the greatest value of a channel, in values of the format: before its scale.
  func extremes(ofChannel channel: Int) -> (least: Double, greatest: Double) {
    if let limits {
      let index = limits.least.count == 1 ? 0 : channel
      return (Double(limits.least[index]), Double(limits.greatest[index]))
    }
    let ladder = codec.reference.ladder
    return (ladder.least.value, ladder.greatest.value)
  }

  /// The least and the greatest value that elements of a channel can become.
  public func range(ofChannel channel: Int) -> ClosedRange<Float> {
    let (least, greatest) = extremes(ofChannel: channel)
    return Float(least) * scales[channel]...Float(greatest) * scales[channel]
  }

  /// What one value of a channel becomes, or what is left of that by the parts of its error that are there.
  ///
  /// - Precondition: no block format, whose values do not stand alone.
  public func fakeQuantize(_ value: Float, channel: Int) -> Float {
    let scale = scales[channel]
    let rounded = codec.decode(code(of: value, channel: channel)) * scale
    guard let separation else { return rounded }
    let range = range(ofChannel: channel)
    return separation.value(value, quantized: rounded, least: range.lowerBound, greatest: range.upperBound)
  }

  /// The code of one value of a channel.
  ///
  /// `element`: its place in the tensor, for random words.
  ///
  /// - Precondition: no block format, whose values do not stand alone.
  public func code(of value: Float, channel: Int, element: Int = 0) -> UInt32 {
    let quotient = value / scales[channel]
    let limited = limits?.clamp(quotient, channel: channel) ?? quotient
    guard let random else { return codec.encode(limited) }
    return random.codec.encode(limited, word: random.words.word(of: UInt64(element)))
  }

  /// Rounds one channel to the values that the quantizer can represent: reals to reals through codes.
  ///
  /// - Shape: `output` holds `input.count` elements and may be `input`.
  /// - Precondition: no block format, whose channels do not stand alone; no random words, which go by places in whole tensors.
  public func fakeQuantize(
    _ input: UnsafeBufferPointer<Float>,
    channel: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    precondition(random == nil, "random words go by places in whole tensors")
    guard limits == nil, separation == nil else {
      for index in input.indices { output[index] = fakeQuantize(input[index], channel: channel) }
      return
    }
    bulkCodec.fakeQuantize(input, scales: .tensor(scales[channel]), into: output)
  }
}
