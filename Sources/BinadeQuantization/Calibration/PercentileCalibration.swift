/// The clipping threshold is a quantile of the magnitudes.
public struct PercentileCalibration: Calibration {
  /// The share of magnitudes at or below the threshold, in per cent.
  public let percent: Double

  /// Creates the calibration.
  ///
  /// - Precondition: `0 < percent <= 100`.
  public init(percent: Double = 99.9) {
    precondition(percent > 0 && percent <= 100, "\(percent) is not a percentage above 0")
    self.percent = percent
  }

  /// The name, for reports and the command line.
  public var name: String { percent == 99.9 ? "percentile" : "percentile\(percent)" }

  /// The quantile is the least magnitude with at least `percent` of all at or below it; the greatest magnitude
  /// when that is zero.
  public func scale(for sample: TensorSample, target: ScaleTarget) -> Float {
    let magnitudes = sample.values.map(abs).sorted()
    let rank = Int((percent * Double(magnitudes.count) / 100).rounded(.up))
    let quantile = magnitudes[min(max(rank, 1), magnitudes.count) - 1]
    return target.scale(threshold: quantile > 0 ? quantile : sample.greatestMagnitude)
  }
}
