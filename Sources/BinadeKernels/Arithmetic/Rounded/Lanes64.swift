/// Accumulators in lanes of 64 bits, on every instruction set.
enum Lanes64: Sendable {
  case fixedPoint(FixedPointLanes)
  case longFixedPoint(LongFixedPointLanes)
  case aligned(AlignedLanes)

  /// Nil where none is exact.
  init?(_ model: AccumulatorModel, _ left: OperandBounds, _ right: OperandBounds, _ vectors: AccumulationTile)
  {
    if let lanes = FixedPointLanes(model, left, right, vectors) {
      self = .fixedPoint(lanes)
    } else if let lanes = LongFixedPointLanes(model, left, right, vectors) {
      self = .longFixedPoint(lanes)
    } else if let lanes = AlignedLanes(model, left, right, vectors) {
      self = .aligned(lanes)
    } else {
      return nil
    }
  }

  /// In words, for reports.
  var name: String {
    switch self {
    case .fixedPoint(let lanes): lanes.name
    case .longFixedPoint(let lanes): lanes.name
    case .aligned(let lanes): lanes.name
    }
  }

  /// Computes one tile from packed operands, as ``RoundedMicroKernel`` lays them out.
  func computeTile(
    _ depth: Int,
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>,
    _ rowStride: Int
  ) {
    switch self {
    case .fixedPoint(let lanes): lanes.computeTile(depth, a, b, c, rowStride)
    case .longFixedPoint(let lanes): lanes.computeTile(depth, a, b, c, rowStride)
    case .aligned(let lanes): lanes.computeTile(depth, a, b, c, rowStride)
    }
  }
}
