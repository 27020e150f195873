import BinadeKernels
import BinadeNetworks
import BinadeQuantization
import Foundation

/// One run of a network in a configuration: the row that tables, files and plots are made of.
public struct EvaluationResult: Sendable, Codable {
  /// How far a tensor moved.
  public struct TensorError: Sendable, Codable, Hashable {
    /// The format and how its scales were found.
    public let quantizer: String
    /// The zero point: the value that codes are shifted by; 0 where there is none.
    public let zeroPoint: Int
    /// Σ(x - y)² / n.
    public let meanSquaredError: Double
    /// 10 log10(Σx² / Σ(x - y)²); nil when nothing moved.
    public let signalToQuantizationNoiseInDecibels: Double?
    /// Σxy / sqrt(Σx² Σy²).
    public let cosineSimilarity: Double
    /// The greatest |x - y|.
    public let maximumError: Double
    /// Elements measured.
    public let elementCount: Int
    /// Elements beyond the greatest or least value, infinities among them.
    public let saturatedCount: Int
    /// Nonzero elements that became zero.
    public let underflowedCount: Int
    /// Elements that are NaN, before or after: in no other figure.
    public let nanCount: Int
    /// Elements that are infinite, before or after: in no other figure but `saturatedCount`.
    public let infiniteCount: Int

    /// Takes the figures of a measurement.
    public init(_ error: QuantizationError, quantizer: String, zeroPoint: Int) {
      self.quantizer = quantizer
      self.zeroPoint = zeroPoint
      meanSquaredError = error.meanSquaredError
      signalToQuantizationNoiseInDecibels = error.signalToQuantizationNoiseInDecibels
      cosineSimilarity = error.cosineSimilarity
      maximumError = error.maximumError
      elementCount = error.elementCount
      saturatedCount = error.tally.saturatedCount
      underflowedCount = error.tally.underflowedCount
      nanCount = error.nanCount
      infiniteCount = error.infiniteCount
    }
  }

  /// One layer.
  public struct LayerResult: Sendable, Codable {
    /// As in the weight file.
    public let name: String
    /// Which arithmetic carried it out.
    public let datapath: Datapath
    /// Why.
    public let datapathReason: String
    /// The micro-kernel.
    public let kernel: String
    /// What is too narrow about the accumulator; nil when none was asked for.
    public let accumulatorWarnings: [String]?
    /// Multiply-accumulate operations per image.
    public let multiplyAccumulateCount: Int
    /// Nil when the weights are float32.
    public let weights: TensorError?
    /// Nil when the input is float32.
    public let activations: TensorError?
  }

  /// Where the figures come from.
  public struct Provenance: Sendable, Codable {
    /// The version of Binade.
    public let binadeVersion: String
    /// Instruction sets the kernels were chosen by.
    public let cpuFeatures: [String]
    /// The images that scales were found on.
    public let calibrationImages: String
    /// The first so many evaluation images were used for `activations` of the layers.
    public let errorImageCount: Int
    /// The weight file.
    public let modelFile: String
    /// What products were summed in; nil when that was left to the cheapest datapaths.
    public let accumulator: String?
  }

  /// The model's name.
  public let model: String
  /// The images' name.
  public let data: String
  /// The weights' quantizer; `float32` when there is none.
  public let weights: String
  /// The activations' quantizer.
  public let activations: String
  /// The quantizers of the first and last layer, when they differ.
  public let ends: String?
  /// The formats of single layers, when some have their own.
  public let assignment: String?
  /// The recipe of post-training quantization; nil where calibrations found the scales.
  public let recipe: String?
  /// What the recipe found peculiar about tensors.
  public let notes: [String]
  /// Why the figures cannot be trusted, a sentence each: NaN or infinity inside the network, a wide format of little
  /// precision, tensors that saturated or became zero as a whole.
  public let warnings: [String]
  /// The family of the weights' format.
  public let family: String
  /// Bits of a weight.
  public let weightBitWidth: Int
  /// Bits of an activation.
  public let activationBitWidth: Int
  /// Images classified.
  public let imageCount: Int
  /// The share whose right class came first, 0 to 1.
  public let top1Accuracy: Double
  /// 95 %, Wilson.
  public let top1Interval: WilsonInterval
  /// The share whose right class was among the first five.
  public let top5Accuracy: Double
  /// 95 %, Wilson.
  public let top5Interval: WilsonInterval
  /// top1Accuracy minus that of float32 on the same images.
  public let top1Change: Double
  /// The paired test against float32 (first).
  public let mcNemar: McNemarTest
  /// 95 % of ``top1Change``, from the images that the two tell apart.
  public let top1ChangeInterval: PairedDifferenceInterval
  /// Which images were right, for paired tests against other runs.
  public let top1Outcomes: Top1Outcomes
  /// How far probabilities and classes are from float32's.
  public let outputs: OutputMeasures
  /// Over all quantized weights; nil when nothing moved.
  public let weightSignalToQuantizationNoiseInDecibels: Double?
  /// Over all quantized inputs; nil when nothing moved.
  public let activationSignalToQuantizationNoiseInDecibels: Double?
  /// What the network costs.
  public let cost: Cost
  /// Layer by layer.
  public let layers: [LayerResult]
  /// Where the figures come from.
  public let provenance: Provenance
}

extension QuantizationError {
  /// 10 log10(Σx² / Σ(x - y)²) in dB; nil when nothing moved or nothing was there.
  public var signalToQuantizationNoiseInDecibels: Double? {
    let ratio = signalToQuantizationNoiseRatio
    return ratio.isFinite && ratio > 0 ? SignalToNoise.decibels(ratio) : nil
  }
}

/// Ratios of powers.
enum SignalToNoise {
  /// 10 log10(ratio).
  static func decibels(_ ratio: Double) -> Double { 10 * log10(ratio) }
}
