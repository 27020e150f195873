import BinadeNumerics

/// Weights at places of a chain: squeezed by tanh into -1 to 1 and mixed of formats, with one place for the layer or one for each output
/// channel.
///
/// Formats that round down have steps of one more than their greatest value, so that levels nest ("modified"); others fill -1 to 1
/// ("original").
///
/// - Source: methods.md 2.1, 2.2, 2.4.
public struct FractionalWeights: Sendable {
  /// The formats.
  public let chain: FormatChain
  /// Where the layer is on the chain, or each output channel.
  public var places: [Double] { didSet { mixtures = places.map { chain.mixture(at: $0) } } }
  /// What weights are made of: what is at the places, unless it is said otherwise.
  public var mixtures: [FormatMixture]
  /// Whether what is mixed gets the variance 1 / output channels (SAT), in layers without batch norm.
  public let rescales: Bool
  /// What mixed weights are multiplied by.
  public private(set) var factor = 1.0
  private let links: [FormatChain.Link?]
  /// What was mixed last.
  private var normalized: [Float] = []

  /// Weights that are not quantized yet.
  ///
  /// Throws what `CodecCache` throws.
  public init(_ chain: FormatChain, places: [Double], rescales: Bool, cache: CodecCache) throws {
    precondition(!places.isEmpty && places.allSatisfy { (0...chain.end).contains($0) }, "places of the chain")
    (self.chain, self.places, self.rescales) = (chain, places, rescales)
    mixtures = places.map { chain.mixture(at: $0) }
    links = try chain.codecs(cache)
  }

  /// The first format of the chain between whose levels and those of the others no grid is; nil where all make grids.
  public var formatWithoutGrid: String? { chain.formatWithoutGrid(links) }

  /// The formats of the chain but 0 bits.
  public var codecs: [FormatCodec] { links.compactMap { $0?.codec.codec } }

  /// What the weights become, in the place of themselves.
  ///
  /// - Shape: `values` is output channels x depth.
  public mutating func mix(_ values: UnsafeBufferPointer<Float>, depth: Int) -> [Float] {
    normalized = WeightNormalization.normalized(values)
    var mixed = [Float](unsafeUninitializedCapacity: values.count) { output, count in
      guard let base = output.baseAddress else { return }
      each(depth) { channel, _, quantizer, row in
        quantizer.mix(row, channels: depth, into: base + channel * depth)
      }
      count = values.count
    }
    factor = rescales ? WeightNormalization.rescaling(mixed, outputCount: values.count / depth) : 1
    if factor != 1 { for index in mixed.indices { mixed[index] = Float(factor * Double(mixed[index])) } }
    return mixed
  }

  /// The derivatives of the loss by the shares of the mixtures, from that by what the weights became when they were mixed last.
  ///
  /// - Shape: `gradient` is output channels x depth; for each mixture one for each of its formats.
  public func shareGradients(_ gradient: UnsafeBufferPointer<Float>, depth: Int) -> [[Double]] {
    var sums = mixtures.map { $0.formats.map { _ in 0.0 } }
    guard let base = gradient.baseAddress else { return sums }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: depth) { mixed in
      guard let mixed = mixed.baseAddress else { return }
      each(depth) { channel, place, quantizer, row in
        quantizer.mix(
          row,
          channels: depth,
          into: mixed,
          gradients: base + channel * depth,
          gradientStride: depth,
          products: &sums[place]
        )
      }
    }
    return sums.map { $0.map { factor * $0 } }
  }

  /// The derivatives by the places: of two formats that of the upper one's share; 0 at a format.
  ///
  /// - Shape: as ``shareGradients(_:depth:)``, one for each place.
  public func placeGradients(_ gradient: UnsafeBufferPointer<Float>, depth: Int) -> [Double] {
    shareGradients(gradient, depth: depth).map { $0.count == 2 ? $0[1] - $0[0] : 0 }
  }

  /// Turns the gradient of what the weights became into that of the weights: through tanh and the greatest weight, as if nothing were
  /// rounded.
  public func propagate(_ gradient: UnsafeMutableBufferPointer<Float>, weights: UnsafeBufferPointer<Float>) {
    WeightNormalization.propagate(gradient, weights: weights, factor: factor)
  }

  /// Calls `body` with each output channel, the number of its mixture, the quantizer of that and the normalised row.
  private func each(
    _ depth: Int,
    _ body: (Int, Int, FractionalQuantizer, UnsafeBufferPointer<Float>) -> Void
  ) {
    let channelCount = normalized.count / depth
    precondition(mixtures.count == 1 || mixtures.count == channelCount, "a place for each output channel")
    let quantizers = mixtures.map { FractionalQuantizer(links, $0, bound: 1) }
    normalized.withUnsafeBufferPointer { values in
      for channel in 0..<channelCount {
        let place = mixtures.count == 1 ? 0 : channel
        let row = UnsafeBufferPointer(rebasing: values[channel * depth..<(channel + 1) * depth])
        body(channel, place, quantizers[place], row)
      }
    }
  }
}
