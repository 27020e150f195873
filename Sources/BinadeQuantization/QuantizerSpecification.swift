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
  public var format: TensorFormat
  /// How scales are shared; of no concern to block formats, which have their own.
  public var granularity: Granularity
  /// How scales are found; of no concern to block formats.
  public var calibration: any Calibration
  /// Which scales are tried for each block, in block formats.
  public var blockScaleSearch = BlockScaleSearch.none
  /// How values are rounded; overflow saturates, as clipping asks.
  public var rounding: RoundingRule
  /// The random words that values are rounded by instead; nil without.
  ///
  /// Scales are looked for with ``rounding`` all the same.
  public var words: RandomWords?
  /// Whether evenly spaced values are shifted.
  public var zeroPoint = ZeroPointRule.nonnegative

  /// Creates a specification.
  public init(
    format: any NumericFormat,
    granularity: Granularity,
    calibration: any Calibration = MSECalibration(),
    rounding: RoundingRule = .nearestEven
  ) {
    self.format = .element(format)
    self.granularity = granularity
    self.calibration = calibration
    self.rounding = rounding
  }

  /// Creates the specification of a block format, whose blocks have scales by its own rule or by a search.
  public init(blocks: BlockFormat, search: BlockScaleSearch = .none, rounding: RoundingRule = .nearestEven) {
    format = .block(blocks)
    granularity = .tensor
    calibration = AbsMaxCalibration()
    blockScaleSearch = search
    self.rounding = rounding
    zeroPoint = .none
  }

  /// What stands in the place of a rounding rule where values are rounded by random words.
  public static let stochastic = "stochastic"

  /// As on the command line: `int8:channel:max`, `nvfp4:mse`; the rule for zero points is an option of its own there.
  public var description: String {
    description(scales: calibration.name)
  }

  /// The same with another word for where scales come from.
  public func description(scales: String) -> String {
    if case .block(let blocks) = format { return description(of: blocks) }
    let base = "\(format.name):\(granularity.rawValue):\(scales)"
    if words != nil { return base + ":\(Self.stochastic)" }
    return rounding == .nearestEven ? base : base + ":\(rounding.rawValue)"
  }

  /// The rule of OCP MX for powers of two, and the greatest magnitude itself for other scales, go without saying.
  private func description(of blocks: BlockFormat) -> String {
    let rule = blocks.scale.rule.flatMap { $0 == .floor ? nil : $0.rawValue }
    let scales = blockScaleSearch == .none ? rule : blockScaleSearch.rawValue
    guard rounding != .nearestEven else {
      return ([blocks.name] + (scales.map { [$0] } ?? [])).joined(separator: ":")
    }
    return "\(blocks.name):\(scales ?? blocks.scale.rule?.rawValue ?? "max"):\(rounding.rawValue)"
  }

  /// Bits of one code.
  public var bitWidth: Int { format.bitWidth }
}
