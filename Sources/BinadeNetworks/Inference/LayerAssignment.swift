import BinadeKernels
import BinadeNumerics
import BinadeQuantization

/// What the weights and the input of one layer become.
public struct LayerAssignment: Sendable {
  /// Nil leaves the weights in float32.
  public var weights: QuantizerSpecification?
  /// Nil leaves the layer's input in float32.
  public var activations: QuantizerSpecification?
  /// Output channels whose weights have formats of their own, before ``weights``; none twice.
  public var channels: [ChannelFormat] = []
  /// What products are summed in; nil leaves it to the cheapest datapath.
  public var accumulator: Accumulator?

  /// Creates an assignment.
  public init(
    weights: QuantizerSpecification? = nil,
    activations: QuantizerSpecification? = nil,
    accumulator: Accumulator? = nil
  ) {
    self.weights = weights
    self.activations = activations
    self.accumulator = accumulator
  }

  /// Some output channels and what their weights become.
  public struct ChannelFormat: Sendable {
    /// Which.
    public var range: ClosedRange<Int>
    /// Evenly spaced values of at most 8 bits.
    public var weights: QuantizerSpecification

    /// Creates a rule for some channels.
    public init(range: ClosedRange<Int>, weights: QuantizerSpecification) {
      self.range = range
      self.weights = weights
    }
  }

  /// The block format of the weights, else of the activations.
  public var blockFormat: BlockFormat? { weights?.format.blocks ?? activations?.format.blocks }

  /// Throws ``NetworkError`` where the formats leave an accumulator nothing to sum, before scales are looked for.
  func checkAccumulator(layer: String) throws(NetworkError) {
    guard let accumulator else { return }
    if weights == nil || activations == nil {
      throw .accumulatorWithoutFormats(layer: layer, accumulator: accumulator.description)
    }
    if let blockFormat {
      throw .accumulatorWithoutCodes(
        layer: layer,
        accumulator: accumulator.description,
        reason: "blocks of '\(blockFormat.name)' have scales inside the sum"
      )
    }
  }

  /// Whether scales of input channels go into the weights: not beside blocks, whose layers run on what codes stand for.
  package var absorbsInputScales: Bool { blockFormat == nil }
}

extension LayerAssignment {
  /// The quantizer of a layer's weights; nil leaves them in float32.
  ///
  /// `tensor`: its number among those that random words are drawn for.
  ///
  /// Throws ``QuantizationFailure`` when they cannot be quantized, and ``NetworkError`` for channels that the layer has not.
  package func weightQuantizer(_ layer: FoldedNetwork.Layer, tensor: UInt32, cache: CodecCache) throws
    -> Quantizer?
  {
    let name = "\(layer.name).weight"
    guard let first = channels.first else {
      return try weights.map {
        try Quantizer($0, samples: layer.weightSamples, name: name, tensor: tensor, cache: cache)
      }
    }
    let count = layer.shape.outputChannels
    try checkChannels(layer: layer.name, count: count)
    guard let weights else {
      throw NetworkError.channelsOfRealWeights(layer: layer.name, range: Self.text(first.range))
    }
    let rest = (0..<count).filter { channel in !channels.contains { $0.range.contains(channel) } }
    return try Quantizer(
      channels.map { .init(channels: Array($0.range), specification: $0.weights) }
        + [.init(channels: rest, specification: weights)],
      samples: layer.weightSamples,
      name: name,
      cache: cache
    )
  }

  /// Throws ``NetworkError`` for channels beyond the `count` of a layer.
  package func checkChannels(layer: String, count: Int) throws(NetworkError) {
    for rule in channels where rule.range.lowerBound < 0 || rule.range.upperBound >= count {
      throw .noChannels(layer: layer, range: Self.text(rule.range), count: count)
    }
  }

  private static func text(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound)..\(range.upperBound)" }
}
