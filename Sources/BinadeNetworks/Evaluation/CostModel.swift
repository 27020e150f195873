/// What a network costs by one way of counting.
public enum CostModel: String, Sendable, Hashable, CaseIterable, Codable {
  /// ``Cost/aqtQuadratic``, ``Cost/aqtLinear`` and ``Cost/bitOperations``.
  case aqtQuadratic, aqtLinear, bitOperations
  /// Bits of weights and scales.
  case memoryBits

  /// The cost of a network, or of a part of it; nil where the model is not defined.
  public func value(of cost: Cost) -> Int? {
    switch self {
    case .aqtQuadratic: cost.aqtQuadratic
    case .aqtLinear: cost.aqtLinear
    case .bitOperations: cost.bitOperations
    case .memoryBits: cost.weightMemoryBits + cost.scaleMemoryBits
    }
  }
}
