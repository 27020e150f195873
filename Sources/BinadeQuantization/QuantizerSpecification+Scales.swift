import BinadeNumerics

extension QuantizerSpecification {
  /// Bits of the scales of a tensor of so many channels, before they are found; those of blocks are not among them.
  ///
  /// ``Quantizer/parameterBitCount`` of what is made of it.
  public func scaleBitCount(of operand: Operand, channels: Int) -> Int {
    guard let blocks = format.blocks else {
      return format.element.info.scaling.bitCount * (granularity == .channel ? channels : 1)
    }
    return switch blocks.scale.outer {
    case .none: 0
    case .tensor: 32
    // Vectors of inputs share one scale.
    case .row: operand == .weights ? 32 * channels : 32
    }
  }
}

extension Scaling {
  /// Bits of one scale.
  var bitCount: Int {
    switch self {
    case .none: 0
    case .powerOfTwo: 8
    case .fitted: 32
    }
  }
}
