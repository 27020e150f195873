/// Accumulators in lanes of float64, on every instruction set.
enum Float64Lanes: Sendable {
  case fixedPoint(FixedPointLanes)
  case aligned(AlignedLanes)

  /// Nil where neither is exact.
  init?(_ model: AccumulatorModel, _ left: OperandBounds, _ right: OperandBounds, _ vectors: AccumulationTile)
  {
    if let lanes = FixedPointLanes(model, left, right, vectors) {
      self = .fixedPoint(lanes)
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
    case .aligned(let lanes): lanes.computeTile(depth, a, b, c, rowStride)
    }
  }
}
