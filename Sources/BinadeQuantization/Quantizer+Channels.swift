import BinadeNumerics

extension Quantizer {
  /// Output channels that share a specification.
  public struct ChannelGroup: Sendable {
    /// Which channels.
    public var channels: [Int]
    /// What they become.
    public var specification: QuantizerSpecification

    /// Creates a group.
    public init(channels: [Int], specification: QuantizerSpecification) {
      self.channels = channels
      self.specification = specification
    }
  }

  /// A quantizer whose output channels have formats of their own: one integer format that holds the values of all, in steps of
  /// each channel's scale, of which each channel uses its part.
  ///
  /// `groups`: every channel once.
  /// `samples`: one per channel; a group with one scale per tensor joins its own.
  /// `name`: what errors call the tensor.
  ///
  /// Throws ``QuantizationFailure`` as for a single format, and for one that has no evenly spaced values of at most 8 bits or does
  /// not round to nearest; `FormatError` for channels that together span more than 16 bits.
  public init(_ groups: [ChannelGroup], samples: [TensorSample], name: String, cache: CodecCache) throws {
    var grids: [QuantizationGrid?] = Array(repeating: nil, count: samples.count)
    var hasZeroPoints = false
    for group in groups where !group.channels.isEmpty {
      let specification = group.specification
      let quantizer = try Quantizer(
        specification,
        samples: group.channels.map { samples[$0] },
        name: name,
        cache: cache
      )
      hasZeroPoints = hasZeroPoints || quantizer.zeroPoint != 0
      for (place, channel) in group.channels.enumerated() {
        guard specification.rounding == .nearestEven, specification.words == nil,
          let grid = QuantizationGrid(quantizer, channel: place)
        else { throw QuantizationFailure.unevenChannels(tensor: name, format: specification.description) }
        grids[channel] = grid
      }
    }
    let all = grids.compactMap { $0 }
    precondition(all.count == samples.count, "groups hold every channel once")
    try self.init(all, hasZeroPoints: hasZeroPoints, cache: cache)
  }
}

extension QuantizationGrid {
  /// The values of one channel of a quantizer as whole steps; nil for those that are not evenly spaced or have more than 8 bits.
  init?(_ quantizer: Quantizer, channel: Int) {
    let bitWidth = quantizer.codec.info.bitWidth
    guard quantizer.blocks == nil, bitWidth <= 8,
      let spacing = EvenSpacing(quantizer.codec.reference.ladder)
    else { return nil }
    self.init(
      least: spacing.least,
      greatest: spacing.greatest,
      scale: quantizer.scales[channel] * Float(spacing.step),
      bitWidth: bitWidth
    )
  }
}
