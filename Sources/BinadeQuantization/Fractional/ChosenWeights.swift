import BinadeNumerics

/// The formats that a search chose for the weights of a layer: one, or one for each output channel, of which each uses its part of the
/// widest.
public struct ChosenWeights: Sendable {
  /// The format of the layer's codes.
  public let widest: QuantizerSpecification
  /// What puts the greatest value of each format at 1; one, or one for each output channel.
  public let scales: [Float]
  /// What output channels use of the widest format; nil where they all have it.
  public let limits: ChannelLimits?
  /// Output channels of 0 bits, which have scale and limits of the widest format for want of others.
  public let prunedChannels: [Int]

  /// Formats of a chain.
  ///
  /// `places`: numbers of formats, one or one for each output channel.
  ///
  /// Throws ``QuantizationFailure`` for 0 bits of all channels, and for channels whose formats are no part of the widest, between whose least and greatest value
  /// both have the same.
  public init(_ chain: FormatChain, _ places: [Double], _ cache: CodecCache, name: String) throws {
    let links = try chain.codecs(cache)
    let all = places.map { Int($0) }
    let widestIndex = all.max() ?? 0
    guard let widest = chain.formats[widestIndex], let link = links[widestIndex] else {
      throw QuantizationFailure.noFormat(tensor: name)
    }
    self.widest = widest
    prunedChannels = all.indices.filter { chain.formats[all[$0]] == nil }
    let chosen = all.map { chain.formats[$0] == nil ? widestIndex : $0 }
    guard Set(chosen).count > 1 else {
      (scales, limits) = ([Float(1 / link.steps)], nil)
      return
    }
    let values = link.codec.codec.reference.ladder as? EnumeratedLadder
    let parts = try chosen.map { index in
      guard let own = links[index], let specification = chain.formats[index] else {
        throw QuantizationFailure.noFormat(tensor: name)
      }
      let ladder = own.codec.codec.reference.ladder
      let part = values?.rungs.map(\.value).filter {
        (ladder.least.value...ladder.greatest.value).contains($0)
      }
      guard let part, (ladder as? EnumeratedLadder)?.rungs.map(\.value) == part,
        specification.rounding == widest.rounding
      else {
        throw QuantizationFailure.noPart(
          tensor: name,
          format: specification.description,
          of: widest.description
        )
      }
      return (own.steps, ladder.least.value, ladder.greatest.value, specification.bitWidth)
    }
    scales = parts.map { Float(1 / $0.0) }
    limits = ChannelLimits(
      least: parts.map { Float($0.1) },
      greatest: parts.map { Float($0.2) },
      bitWidths: parts.map(\.3)
    )
  }
}
