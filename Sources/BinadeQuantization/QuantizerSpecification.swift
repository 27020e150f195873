import BinadeNumerics

/// How scales are shared.
public enum Granularity: String, Sendable, Hashable, CaseIterable {
  /// One scale for the whole tensor.
  case tensor
  /// One scale per channel: output channels of weights, input channels of activations.
  case channel
}

/// A quantizer before it has seen data: format x granularity x calibration x rounding.
public struct QuantizerSpecification: Sendable {
  /// What values become.
  public var format: any NumericFormat
  /// How scales are shared.
  public var granularity: Granularity
  /// How scales are found.
  public var calibration: any Calibration
  /// How values are rounded; overflow saturates, as clipping asks.
  public var rounding: RoundingRule

  /// Creates a specification.
  public init(
    format: any NumericFormat,
    granularity: Granularity,
    calibration: any Calibration = MSECalibration(),
    rounding: RoundingRule = .nearestEven
  ) {
    self.format = format
    self.granularity = granularity
    self.calibration = calibration
    self.rounding = rounding
  }

  /// As on the command line: `int8:channel:max`.
  public var description: String {
    let base = "\(format.name):\(granularity.rawValue):\(calibration.name)"
    return rounding == .nearestEven ? base : base + ":\(rounding.rawValue)"
  }

  /// Bits of one code.
  public var bitWidth: Int { format.bitWidth }
}
