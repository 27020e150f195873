import BinadeQuantization

/// The end of a search: places become formats, all of them moved by one offset before they are rounded, so that the cost is the target's.
///
/// As released, with three repairs: bits may rise as well, the closest cost that was tried counts, and the last layer takes part.
///
/// - Source: methods.md 2.6.
public struct PlaceFreezing: Sendable {
  /// What was added to the places before they were rounded.
  public let offset: Double
  /// The formats' numbers.
  public let places: [ResourceModel.Places]
  /// What they cost.
  public let cost: Double

  /// What a checkpoint holds of it.
  init(offset: Double, places: [ResourceModel.Places], cost: Double) {
    (self.offset, self.places, self.cost) = (offset, places, cost)
  }

  /// Rounds `places`, halves to even, so that the cost is within `tolerance` of `target`, or as close as `trials` offsets come.
  ///
  /// `tolerance`: a share of the target.
  public init(
    _ places: [ResourceModel.Places],
    _ model: ResourceModel,
    target: Double,
    tolerance: Double = 0.01,
    trials: Int = 20
  ) {
    func rounded(_ offset: Double) -> [ResourceModel.Places] {
      zip(model.layers, places).map { layer, place in
        func round(_ value: Double, _ operand: ResourceModel.Operand) -> Double {
          guard case .searched(let chain) = operand else { return value }
          return chain.projected((value + offset).rounded(.toNearestOrEven))
        }
        return ResourceModel.Places(
          weights: place.weights.map { round($0, layer.weights) },
          inputs: round(place.inputs, layer.inputs)
        )
      }
    }
    func attempt(_ offset: Double) -> (offset: Double, places: [ResourceModel.Places], cost: Double) {
      let found = rounded(offset)
      return (offset, found, model.cost(found).value)
    }
    var best = attempt(0)
    var (lower, upper) = best.cost > target ? (-1.0, 0.0) : (0.0, 1.0)
    var trial = 1
    while abs(best.cost - target) > tolerance * target, trial < trials {
      let next = attempt((lower + upper) / 2)
      if next.cost > target { upper = next.offset } else { lower = next.offset }
      if abs(next.cost - target) < abs(best.cost - target) { best = next }
      trial += 1
    }
    (offset, self.places, cost) = best
  }
}
