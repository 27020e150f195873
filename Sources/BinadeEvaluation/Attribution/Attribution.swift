import BinadeNetworks
import BinadeQuantization

/// What a network loses in a format, source by source.
///
/// Each source is switched on alone, and off alone. What the sources cost together beyond the sum of what each costs alone is
/// the interaction: errors that add up or that make room for each other.
public struct Attribution: Sendable, Codable {
  /// One run with some sources on.
  public struct Run: Sendable, Codable {
    /// The sources that are on.
    public let sources: [ErrorSource]
    /// The share of images whose right class comes first.
    public let top1Accuracy: Double
    /// top1Accuracy minus that of float32.
    public let top1Change: Double
    /// 95 % of ``top1Change``, from the images that this run and float32 tell apart.
    public let top1ChangeInterval: PairedDifferenceInterval
    /// 10 log10(Σl² / Σ(l - l')²) of the logits l of float32 and l' of this run, in dB; nil when they are equal.
    public let logitSignalToQuantizationNoiseInDecibels: Double?
    /// Whether all logits have the bits of float32's.
    public let isFloat32: Bool
  }

  /// One source.
  public struct Source: Sendable, Codable {
    /// Which.
    public let source: ErrorSource
    /// The run with this source on and all others off; nil for the accumulator, which sums products of codes and has none to
    /// sum when the operands are not rounded.
    public let alone: Run?
    /// The run with this source off and all others on but the accumulator, which sums codes: parts of errors have none.
    public let without: Run
  }

  /// The configuration.
  public let configuration: String
  /// All sources off: the bits of float32.
  public let none: Run
  /// All sources on.
  public let all: Run
  /// Source by source.
  public let sources: [Source]

  /// The change of accuracy by one source: alone, or, of the accumulator, between all sources and all others.
  public func change(by source: Source) -> Double {
    source.alone?.top1Change ?? all.top1Change - source.without.top1Change
  }

  /// The change of accuracy that is in no source: that of all sources minus the sum of ``change(by:)``.
  public var interaction: Double { sources.reduce(all.top1Change) { $0 - change(by: $1) } }
}

/// What a network loses when one layer alone is quantized.
public struct LayerSensitivity: Sendable, Codable {
  /// As in the weight file.
  public let layer: String
  /// The run with all sources on in this layer, the other layers in float32.
  public let run: Attribution.Run
}
