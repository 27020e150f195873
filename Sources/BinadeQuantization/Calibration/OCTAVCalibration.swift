/// The clipping threshold is that of ``OCTAV``; for formats whose values are evenly spaced.
public struct OCTAVCalibration: Calibration {
  /// The name, for reports and the command line.
  public let name = "octav"

  /// Creates the calibration.
  public init() {}

  /// The error of rounding is the same everywhere only in a uniform format.
  public func refusal(of target: ScaleTarget) -> String? {
    target.isUniform ? nil : "its formula is for evenly spaced values; use mse"
  }

  /// The scale for a sample.
  public func scale(for sample: TensorSample, target: ScaleTarget) -> Float {
    let threshold = OCTAV.threshold(
      sample.values,
      bitWidth: target.codec.info.bitWidth,
      isNonnegative: sample.isNonnegative
    )
    return target.scale(threshold: min(Float(threshold), sample.greatestMagnitude))
  }
}
