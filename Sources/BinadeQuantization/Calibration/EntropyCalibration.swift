/// The clipping threshold is that of ``EntropyThreshold``; for formats of 2 to 10 bits whose values are evenly spaced.
///
/// A divergence of distributions, not an error: where many values are one number other than zero, such as the background of
/// drawn digits after a bias, that number decides, whatever becomes of the others.
public struct EntropyCalibration: Calibration {
  /// The name, for reports and the command line.
  public let name = "kl"

  /// Beyond it the levels outnumber the bins of the histogram.
  private static let greatestBitWidth = 10

  /// Creates the calibration.
  public init() {}

  /// Groups of bins are levels only in a uniform format of few bits.
  public func refusal(of target: ScaleTarget) -> String? {
    if !target.isUniform { return "its groups of bins are for evenly spaced values; use mse" }
    return (2...Self.greatestBitWidth).contains(target.codec.info.bitWidth)
      ? nil : "its histogram is for 2 to \(Self.greatestBitWidth) bits; use mse"
  }

  /// The scale for a sample.
  ///
  /// Zeros are exact at every scale and left out: after a ReLU they are half of all values, and the bin that holds them
  /// would outweigh all others. Values of one sign are mirrored, so that all levels of the format are on their side.
  public func scale(for sample: TensorSample, target: ScaleTarget) -> Float {
    let levelCount = 1 << target.codec.info.bitWidth
    let values = sample.values.filter { $0 != 0 }
    let threshold =
      sample.isNonnegative
      ? EntropyThreshold.threshold(
        values + values.map { -$0 },
        levelCount: 2 * levelCount - 1,
        binCount: Self.binCount(levelCount: 2 * levelCount - 1)
      )
      : EntropyThreshold.threshold(
        values,
        levelCount: levelCount - 1,
        binCount: Self.binCount(levelCount: levelCount - 1)
      )
    return target.scale(threshold: min(Float(threshold), sample.greatestMagnitude))
  }

  /// 2001 bins for few levels; enough for eight per level otherwise.
  private static func binCount(levelCount: Int) -> Int { max(2001, 8 * levelCount + 1) }
}
