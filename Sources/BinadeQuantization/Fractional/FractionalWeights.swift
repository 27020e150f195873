import BinadeNumerics

/// Weights at places of a chain: squeezed by tanh into -1 to 1 and mixed of two formats, with one place for the layer or one for each
/// output channel.
///
/// Formats that round down have steps of one more than their greatest value, so that levels nest ("modified"); others fill -1 to 1
/// ("original").
///
/// - Source: methods.md 2.1, 2.2, 2.4.
public struct FractionalWeights: Sendable {
  /// The formats.
  public let chain: FormatChain
  /// Where the layer is on the chain, or each output channel.
  public var places: [Double]
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
    links = try chain.codecs(cache)
  }

  /// The formats of the chain but 0 bits.
  public var codecs: [FormatCodec] { links.compactMap { $0?.codec.codec } }

  /// What the weights become, in the place of themselves.
  ///
  /// - Shape: `values` is output channels x depth.
  public mutating func mix(_ values: UnsafeBufferPointer<Float>, depth: Int) -> [Float] {
    normalized = WeightNormalization.normalized(values)
    var mixed = each(normalized, depth) { $0.mix($1, channels: depth, into: $2) }
    factor = rescales ? WeightNormalization.rescaling(mixed, outputCount: values.count / depth) : 1
    if factor != 1 { for index in mixed.indices { mixed[index] = Float(factor * Double(mixed[index])) } }
    return mixed
  }

  /// The derivatives of the loss by the places, from that by what the weights became when they were mixed last.
  ///
  /// - Shape: `gradient` is output channels x depth; one for each place.
  public func placeGradients(_ gradient: UnsafeBufferPointer<Float>, depth: Int) -> [Double] {
    let slopes = each(normalized, depth) { quantizer, row, slopes in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: depth) { mixed in
        guard let mixed = mixed.baseAddress else { return }
        quantizer.mix(row, channels: depth, into: mixed, slope: slopes)
      }
    }
    var sums = [Double](repeating: 0, count: places.count)
    for channel in 0..<gradient.count / depth {
      let sum = (channel * depth..<(channel + 1) * depth).reduce(0.0) {
        $0 + Double(gradient[$1]) * Double(slopes[$1])
      }
      sums[places.count == 1 ? 0 : channel] += factor * sum
    }
    return sums
  }

  /// Turns the gradient of what the weights became into that of the weights: through tanh and the greatest weight, as if nothing were
  /// rounded.
  public func propagate(_ gradient: UnsafeMutableBufferPointer<Float>, weights: UnsafeBufferPointer<Float>) {
    WeightNormalization.propagate(gradient, weights: weights, factor: factor)
  }

  /// Applies the quantizer of each output channel to its row.
  private func each(
    _ normalized: [Float],
    _ depth: Int,
    _ body: (FractionalQuantizer, UnsafeBufferPointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> [Float] {
    let channelCount = normalized.count / depth
    precondition(places.count == 1 || places.count == channelCount, "a place for each output channel")
    return [Float](unsafeUninitializedCapacity: normalized.count) { output, count in
      normalized.withUnsafeBufferPointer { values in
        guard let base = output.baseAddress else { return }
        for channel in 0..<channelCount {
          let place = places[places.count == 1 ? 0 : channel]
          let row = UnsafeBufferPointer(rebasing: values[channel * depth..<(channel + 1) * depth])
          body(FractionalQuantizer(chain, links, place: place, bound: 1), row, base + channel * depth)
        }
      }
      count = normalized.count
    }
  }
}
