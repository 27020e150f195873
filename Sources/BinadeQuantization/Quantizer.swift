import BinadeKernels
import BinadeNumerics

/// A quantizer that has seen its data: a codec and the scales.
///
/// The equation is `x ~ scale * (q - zeroPoint)`: a value is divided by the scale (one rounding to Float32),
/// then encoded (one rounding to the format).
public struct Quantizer: Sendable {
  /// Rounds to the values of the format, the zero point already subtracted.
  public var codec: FormatCodec { bulkCodec.codec }
  /// The same for whole tensors.
  public let bulkCodec: BulkCodec
  /// What the format's values are shifted by; 0 unless the format is an integer one.
  public let zeroPoint: Int
  /// One scale, or one per channel.
  public let scales: [Float]

  /// Finds the scales.
  ///
  /// `samples`: one per channel; a specification per tensor joins them.
  /// `name`: what errors call the tensor.
  ///
  /// Throws ``QuantizationFailure`` for an empty or non-finite sample and for negative values in a format that
  /// has none, and `FormatError` when the format cannot be compiled.
  public init(
    _ specification: QuantizerSpecification,
    samples: [TensorSample],
    name: String,
    cache: CodecCache
  ) throws {
    var whole = TensorSample()
    for sample in samples { whole.merge(sample) }
    guard !whole.values.isEmpty else { throw QuantizationFailure.emptyCalibrationSet(tensor: name) }
    guard whole.least.isFinite, whole.greatest.isFinite else {
      throw QuantizationFailure.notFinite(tensor: name)
    }
    let format = specification.format
    let policy = ConversionPolicy(rounding: specification.rounding, overflow: .saturate)
    zeroPoint =
      specification.zeroPoint == .none ? 0 : Self.zeroPoint(of: format, isNonnegative: whole.isNonnegative)
    bulkCodec = try cache.codec(for: format, zeroPoint: zeroPoint, policy: policy)
    let codec = bulkCodec.codec
    let ladder = codec.reference.ladder
    guard ladder.least.value < 0 || whole.isNonnegative else {
      throw QuantizationFailure.negativeValues(tensor: name, format: format.name)
    }
    guard format.info.scaling != .none else {
      scales = [1]
      return
    }
    let target = Self.target(codec: codec, isNonnegative: whole.isNonnegative)
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

  /// The zero point of an integer format: the least value for a tensor that is never negative, so that all
  /// codes are used; the middle code of an unsigned format for a tensor that has both signs.
  private static func zeroPoint(of format: any NumericFormat, isNonnegative: Bool) -> Int {
    guard let integer = format as? IntegerFormat else { return 0 }
    if isNonnegative {
      guard integer.isSigned else { return 0 }
      let least = -(1 << (integer.bitWidth - 1))
      return integer.range == .narrow ? least + 1 : least
    }
    return integer.isSigned ? 0 : 1 << (integer.bitWidth - 1)
  }

  private static func target(codec: FormatCodec, isNonnegative: Bool) -> ScaleTarget {
    let profile = PrecisionProfile(codec.reference.ladder, isNonnegative: isNonnegative)
    let unit = Float(profile.anchor)
    return ScaleTarget(
      codec: codec,
      // Rounded up it would be beyond the greatest value of a format of more than 24 bits.
      unit: Double(unit) > profile.anchor ? unit.nextDown : unit,
      headroomInBinades: profile.headroomInBinades,
      scaling: codec.info.scaling
    )
  }

  /// The scale of a channel.
  public func scale(ofChannel channel: Int) -> Float {
    scales.count == 1 ? scales[0] : scales[channel]
  }

  /// The greatest scale.
  public var greatestScale: Float { scales.max() ?? 1 }

  /// Bits that the scales take: 32 each, or 8 when they are powers of two; none when the format has no scale.
  public var scaleBitCount: Int {
    switch codec.info.scaling {
    case .none: 0
    case .powerOfTwo: 8 * scales.count
    case .fitted: 32 * scales.count
    }
  }

  /// Rounds one channel to the values that the quantizer can represent: reals to reals through codes.
  ///
  /// - Shape: `output` holds `input.count` elements and may be `input`.
  public func fakeQuantize(
    _ input: UnsafeBufferPointer<Float>,
    channel: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    bulkCodec.fakeQuantize(input, scales: .tensor(scale(ofChannel: channel)), into: output)
  }
}
