/// A format that a tensor can have: of elements that stand alone, or of blocks.
public enum TensorFormat: Sendable {
  /// A format whose elements stand alone.
  case element(any NumericFormat)
  /// A format whose elements share scales.
  case block(BlockFormat)

  /// Lower-case name.
  public var name: String {
    switch self {
    case .element(let format): format.name
    case .block(let format): format.name
    }
  }

  /// The format of an element.
  public var element: any NumericFormat {
    switch self {
    case .element(let format): format
    case .block(let format): format.element
    }
  }

  /// The format of blocks; nil for elements that stand alone.
  public var blocks: BlockFormat? {
    if case .block(let format) = self { format } else { nil }
  }

  /// Bits of the code of one element, without scales.
  public var bitWidth: Int { element.bitWidth }

  /// The family that tables and plots show.
  public var familyName: String {
    switch self {
    case .element(let format): format.info.family.rawValue
    case .block: "block"
    }
  }
}
