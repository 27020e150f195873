/// The clipping threshold is the greatest magnitude: nothing is clipped.
public struct AbsMaxCalibration: Calibration {
  public let name = "max"

  /// Creates the calibration.
  public init() {}

  public func scale(for sample: TensorSample, target: ScaleTarget) -> Float {
    target.scale(threshold: sample.greatestMagnitude)
  }
}
