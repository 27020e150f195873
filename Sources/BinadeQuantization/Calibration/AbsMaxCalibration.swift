/// The clipping threshold is the greatest magnitude: nothing is clipped.
public struct AbsMaxCalibration: Calibration {
  /// The name, for reports and the command line.
  public let name = "max"

  /// Creates the calibration.
  public init() {}

  /// The scale for a sample.
  public func scale(for sample: TensorSample, target: ScaleTarget) -> Float {
    target.scale(threshold: sample.greatestMagnitude)
  }
}
