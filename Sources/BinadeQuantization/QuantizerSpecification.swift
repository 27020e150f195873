import BinadeNumerics

/// How scales are shared.
public enum Granularity: String, Sendable, Hashable, CaseIterable {
  /// One scale for the whole tensor.
  case tensor
  /// One scale per channel: output channels of weights, input channels of activations.
  case channel
}

/// Whether values of an integer format are shifted by a zero point.
public enum ZeroPointRule: String, Sendable, Hashable, CaseIterable {
  /// Where it spends codes that would be idle otherwise: signed integers on tensors that are never negative, unsigned ones
  /// on tensors that have both signs. Other families get none.
  case automatic
  /// Never: code q stands for q times the scale.
  case none
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
  /// Whether integers are shifted.
  public var zeroPoint = ZeroPointRule.automatic

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

  /// As on the command line: `int8:channel:max`; the rule for zero points is an option of its own there.
  public var description: String {
    let base = "\(format.name):\(granularity.rawValue):\(calibration.name)"
    return rounding == .nearestEven ? base : base + ":\(rounding.rawValue)"
  }

  /// Bits of one code.
  public var bitWidth: Int { format.bitWidth }
}
