import BinadeKernels
import BinadeNumerics

/// The quantizer of the gradients of a layer's sums: its scale puts the greatest magnitude of the step before where the format has its
/// greatest value, or where it is precise.
///
/// Gradients are not deployed: they may be rounded at random, by words of seed, step, layer and element.
///
/// - Source: for delayed scales: Micikevicius et al., "FP8 Formats for Deep Learning", 2022, and NVIDIA's Transformer Engine.
public struct GradientQuantizer: Sendable {
  private let base: Quantizer
  private let target: ScaleTarget
  /// The greatest magnitude of the last step; nil before the first, whose gradients stay as they are.
  public var greatest: Float?

  /// A quantizer that has seen no gradient.
  ///
  /// `layer`: its number, for random words. `seed`: of the run.
  ///
  /// Throws ``QuantizationFailure`` for formats without negative values, and `FormatError`.
  public init(
    _ specification: QuantizerSpecification,
    layer: Int,
    seed: UInt64,
    name: String,
    cache: CodecCache
  ) throws {
    var plain = specification
    (plain.granularity, plain.calibration) = (.tensor, AbsMaxCalibration())
    plain.words?.seed = seed
    base = try Quantizer(
      plain,
      samples: [TensorSample([-1, 1])],
      operand: .activations,
      name: "\(name).gradient",
      tensor: Self.tensor(layer),
      cache: cache
    )
    target = ScaleTarget(base.codec, isNonnegative: false)
  }

  /// Apart from the tensors of weights and inputs.
  private static func tensor(_ layer: Int) -> UInt32 { 0x4000_0000 | UInt32(truncatingIfNeeded: layer) }

  /// What a step's gradients are rounded by; nil where they stay as they are.
  public func quantizer(step: Int) -> Quantizer? {
    let drawing = base.drawing(step: UInt32(truncatingIfNeeded: step))
    if let blocks = base.blocks {
      guard blocks.codec.format.scale.outer != .none else { return drawing }
      return greatest.map { drawing.replacing(outerScales: [blocks.codec.outerScale(greatestMagnitude: $0)]) }
    }
    guard target.scaling != .none else { return drawing }
    return greatest.map { drawing.replacing(scales: [target.scale(threshold: $0)]) }
  }

  /// Takes the greatest magnitude of a step into account; a step without gradients changes nothing.
  public mutating func note(greatest: Float) {
    if greatest > 0, greatest.isFinite { self.greatest = greatest }
  }
}
