/// What a quantizer divides values by before it rounds them.
public enum Scales: Sendable {
  /// One for all elements.
  case tensor(Float)
  /// One for each channel: output channels of weights, input channels of activations.
  case channels([Float])
  /// One for each block, found as the block is rounded, in one level or two.
  case blocks(BlockScales)

  /// One scale for all channels, or one for each.
  ///
  /// - Precondition: there is a scale.
  init(_ values: [Float]) {
    precondition(!values.isEmpty, "no scales")
    self = values.count == 1 ? .tensor(values[0]) : .channels(values)
  }

  /// The scale of a channel; 1 for blocks, which have their own.
  public subscript(channel: Int) -> Float {
    switch self {
    case .tensor(let scale): scale
    case .channels(let scales): scales[channel]
    case .blocks: 1
    }
  }

  /// The scales outside of blocks: one, or one per channel; those above the blocks' in block formats.
  public var values: [Float] {
    switch self {
    case .tensor(let scale): [scale]
    case .channels(let scales): scales
    case .blocks(let blocks): blocks.outerScales
    }
  }

  /// The greatest scale of a tensor or channel; 1 for blocks.
  public var greatest: Float {
    switch self {
    case .tensor(let scale): scale
    case .channels(let scales): scales.max() ?? 1
    case .blocks: 1
    }
  }

  /// Whether channels have scales of their own.
  public var isPerChannel: Bool {
    if case .channels = self { true } else { false }
  }
}
