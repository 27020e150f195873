/// One choice for each layer, of the least loss that a budget allows: a knapsack with several sizes of each item, solved exactly.
///
/// Losses of layers are taken to add up.
public struct AssignmentProblem: Sendable {
  /// What a layer may become.
  public struct Choice: Sendable, Hashable {
    /// What it costs, in units of the cost model.
    public let cost: Int
    /// What it loses; infinite for what cannot be chosen.
    public let loss: Double

    /// A choice.
    public init(cost: Int, loss: Double) { (self.cost, self.loss) = (cost, loss) }
  }

  /// A choice for each layer.
  public struct Solution: Sendable, Hashable {
    /// The sum of the layers' costs.
    public let cost: Int
    /// The sum of the layers' losses, added up from the first layer on.
    public let loss: Double
    /// The numbers of the choices.
    public let choices: [Int]
  }

  /// The choices of each layer.
  public let layers: [[Choice]]

  /// A problem.
  ///
  /// - Precondition: at least one layer, with a choice each.
  public init(_ layers: [[Choice]]) {
    precondition(!layers.isEmpty && layers.allSatisfy { !$0.isEmpty }, "each layer has a choice")
    self.layers = layers
  }

  /// All solutions that no other beats, the cheapest first: each loses less than all that cost as little.
  ///
  /// Empty where a layer can become nothing. Of equal solutions the one with the earlier choices in the last layer counts.
  ///
  /// - Complexity: the sums of costs that are on the front, which are at most the different sums there are, times choices.
  public func front() -> [Solution] {
    var steps: [[Place]] = []
    var front = [Place(cost: 0, loss: 0, before: 0, choice: 0)]
    for choices in layers {
      let extended = choices.enumerated().reduce(into: [Place]()) { merged, entry in
        guard entry.element.loss < .infinity else { return }
        let shifted = front.indices.map { before in
          Place(
            cost: front[before].cost + entry.element.cost,
            loss: front[before].loss + entry.element.loss,
            before: Int32(before),
            choice: Int32(entry.offset)
          )
        }
        merged = Self.merge(merged, shifted)
      }
      steps.append(extended)
      front = extended
    }
    return front.indices.map { last in
      var (place, choices) = (last, [Int](repeating: 0, count: layers.count))
      for layer in layers.indices.reversed() {
        choices[layer] = Int(steps[layer][place].choice)
        place = Int(steps[layer][place].before)
      }
      return Solution(cost: front[last].cost, loss: front[last].loss, choices: choices)
    }
  }

  /// A sum that no other beats: by which choice, and which of the sums before.
  private struct Place {
    let cost: Int
    let loss: Double
    let before: Int32, choice: Int32
  }

  /// What no other beats of two fronts, both by ascending cost; of equals the first front's.
  private static func merge(_ one: [Place], _ two: [Place]) -> [Place] {
    var merged: [Place] = []
    merged.reserveCapacity(one.count + two.count)
    var (first, second) = (0, 0)
    var least = Double.infinity
    while first < one.count || second < two.count {
      let takesFirst =
        second == two.count
        || (first < one.count
          && (one[first].cost, one[first].loss) <= (two[second].cost, two[second].loss))
      let place = takesFirst ? one[first] : two[second]
      if takesFirst { first += 1 } else { second += 1 }
      guard place.loss < least else { continue }
      least = place.loss
      merged.append(place)
    }
    return merged
  }
}

extension [AssignmentProblem.Solution] {
  /// The best solution within a budget; nil where all cost more.
  ///
  /// - Precondition: a front, the cheapest first.
  public func best(within budget: Int) -> AssignmentProblem.Solution? {
    // Both rise along a front, one of them downwards: the last that is cheap enough loses least.
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].cost <= budget { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : self[low - 1]
  }
}
