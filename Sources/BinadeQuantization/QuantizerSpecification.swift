import BinadeNumerics

/// How scales are shared.
public enum Granularity: String, Sendable, Hashable, CaseIterable {
  /// One scale for the whole tensor.
  case tensor
  /// One scale per channel: output channels of weights, input channels of activations.
  case channel
}

/// Whether the values of a format are shifted by a zero point.
///
/// Every format of up to 16 bits whose values are evenly spaced may be, of whatever family; others have no zero point.
public enum ZeroPointRule: String, Sendable, Hashable, CaseIterable {
  /// Never: code q stands for its value times the scale.
  case none
  /// Where codes would be idle otherwise: the least value of a signed format on tensors that are never negative, the middle
  /// of an unsigned one on tensors that have both signs.
  case nonnegative
  /// Wherever the least and the greatest value of the tensor put it (asymmetric quantization).
  ///
  /// - Source: Jacob et al., CVPR 2018, section 2.1.
  case full
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
  /// Whether evenly spaced values are shifted.
  public var zeroPoint = ZeroPointRule.nonnegative

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
