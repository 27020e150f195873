import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization

/// Which formats the layers of a network get within a budget, without training: divergences that are taken to add up, and an exact
/// program over them.
public struct AssignmentSearch: Sendable {
  /// What a layer may become.
  public struct Pair: Sendable {
    /// Nil is float32.
    public let weights: QuantizerSpecification?, inputs: QuantizerSpecification?

    /// A pair.
    public init(weights: QuantizerSpecification?, inputs: QuantizerSpecification?) {
      (self.weights, self.inputs) = (weights, inputs)
    }

    /// Whether both write the same quantizers.
    func isSame(as other: Pair) -> Bool {
      weights?.description == other.weights?.description && inputs?.description == other.inputs?.description
    }

    var widths: Cost.Widths {
      Cost.Widths(weights: weights?.bitWidth ?? 32, activations: inputs?.bitWidth ?? 32)
    }
  }

  /// How costs are counted.
  public let costModel: CostModel
  /// The pairs of each layer, in the order of the problem's choices.
  public let pairs: [[Pair]]
  /// Costs and divergences.
  public let problem: AssignmentProblem
  /// What no other assignment beats, the cheapest first.
  public let front: [AssignmentProblem.Solution]
  private let layers: [(name: String, shape: ConvolutionShape)]
  /// Whether a layer's pair is given, not searched.
  private let isFixed: [Bool]

  /// Solves the program for every budget at once.
  ///
  /// `ends`: what the first and the last layer become; nil leaves them to the search. `isPaired`: whether weights and inputs of a
  /// layer have formats of the same number.
  ///
  /// Throws ``AssignmentSearchError`` when the cost model does not count a format, or a layer can become nothing.
  public init(
    _ divergences: OperandDivergences,
    graph: NetworkGraph,
    costModel: CostModel,
    ends: Pair? = nil,
    isPaired: Bool = false
  ) throws(AssignmentSearchError) {
    layers = graph.weightedLayers
    precondition(layers.map(\.name) == divergences.layers, "divergences of another network")
    var pairs: [[Pair]] = []
    var choices: [[AssignmentProblem.Choice]] = []
    for (index, layer) in layers.enumerated() {
      let isEnd = index == 0 || index == layers.count - 1
      var found: [(Pair, Double)] = []
      if let ends, isEnd {
        found = [(ends, 0)]
      } else {
        for (weight, weights) in divergences.weightFormats.enumerated() {
          for (input, inputs) in divergences.inputFormats.enumerated() where !isPaired || weight == input {
            let loss = divergences.weights[index][weight] + divergences.inputs[index][input]
            found.append((Pair(weights: weights, inputs: inputs), loss))
          }
        }
      }
      var ofLayer: [AssignmentProblem.Choice] = []
      for (pair, loss) in found {
        guard let cost = Self.cost(layer.shape, pair, costModel) else {
          throw Self.notCounted(pair, costModel)
        }
        ofLayer.append(.init(cost: cost, loss: loss))
      }
      guard ofLayer.contains(where: { $0.loss < .infinity }) else {
        throw .noChoice(layer: layer.name, reason: divergences.failures.first ?? "its outputs are not finite")
      }
      pairs.append(found.map(\.0))
      choices.append(ofLayer)
    }
    self.costModel = costModel
    self.pairs = pairs
    isFixed = layers.indices.map { ends != nil && ($0 == 0 || $0 == pairs.count - 1) }
    problem = AssignmentProblem(choices)
    front = problem.front()
  }

  /// The same pair in all layers that have it among their choices; the ends keep what is fixed.
  ///
  /// Nil where a layer has it not.
  public func uniformSolution(_ pair: Pair) -> AssignmentProblem.Solution? {
    var (cost, loss, choices) = (0, 0.0, [Int]())
    for (layer, pairs) in pairs.enumerated() {
      let place = isFixed[layer] ? 0 : pairs.firstIndex { $0.isSame(as: pair) }
      guard let place else { return nil }
      choices.append(place)
      cost += problem.layers[layer][place].cost
      loss += problem.layers[layer][place].loss
    }
    return AssignmentProblem.Solution(cost: cost, loss: loss, choices: choices)
  }

  /// What a pair costs in all layers whose formats are searched, the ends as they are.
  ///
  /// Throws ``AssignmentSearchError/notCounted(costModel:format:other:)``.
  public func uniformCost(_ pair: Pair) throws(AssignmentSearchError) -> Int {
    var sum = 0
    for (layer, pairs) in pairs.enumerated() {
      let own = isFixed[layer] ? pairs[0] : pair
      guard let cost = Self.cost(layers[layer].shape, own, costModel) else {
        throw Self.notCounted(own, costModel)
      }
      sum += cost
    }
    return sum
  }

  private static func notCounted(_ pair: Pair, _ model: CostModel) -> AssignmentSearchError {
    .notCounted(
      costModel: model.rawValue,
      format: pair.weights?.format.name ?? "float32",
      other: pair.inputs?.format.name ?? "float32"
    )
  }

  /// What a layer costs; nil where the cost model is not defined.
  package static func cost(_ shape: ConvolutionShape, _ pair: Pair, _ model: CostModel) -> Int? {
    let scales =
      (pair.weights?.format.blocks?.scaleBitCount(of: shape) ?? 0)
      + (pair.weights?.scaleBitCount(of: .weights, channels: shape.outputChannels) ?? 0)
      + (pair.inputs?.scaleBitCount(of: .activations, channels: shape.inputChannels) ?? 0)
    return model.value(of: Cost([shape], widths: [pair.widths], scaleMemoryBits: scales))
  }

  /// The best assignment within a budget.
  ///
  /// Throws ``AssignmentSearchError/outOfRange(budget:least:greatest:)`` below the cheapest and above the dearest assignment.
  public func best(within budget: Int) throws(AssignmentSearchError) -> AssignmentProblem.Solution {
    let greatest = problem.layers.reduce(0) { $0 + ($1.map(\.cost).max() ?? 0) }
    guard budget <= greatest, let solution = front.best(within: budget) else {
      let least = problem.layers.reduce(0) { $0 + ($1.map(\.cost).min() ?? 0) }
      throw .outOfRange(budget: budget, least: front.first?.cost ?? least, greatest: greatest)
    }
    return solution
  }

  /// `count` budgets from the cheapest assignment on to the one that loses least, their ratios the same.
  public func budgets(_ count: Int) -> [Int] {
    guard let first = front.first, let last = front.last, count > 1, first.cost < last.cost else {
      return front.first.map { [$0.cost] } ?? []
    }
    // The last is the dearest of the front itself: rounding must not put it out of reach.
    let ratio = Double(last.cost) / Double(first.cost)
    return (0..<count).map { place in
      place == count - 1
        ? last.cost
        : Int(
          (Double(first.cost) * Elementary.exp(Elementary.log(ratio) * Double(place) / Double(count - 1)))
            .rounded()
        )
    }
  }

  /// The formats of a solution, a line for each layer.
  public func assignment(_ solution: AssignmentProblem.Solution) -> FormatAssignment {
    var assignment = FormatAssignment()
    for (layer, choice) in solution.choices.enumerated() {
      let pair = pairs[layer][choice]
      assignment.add(layer: layers[layer].name, weights: pair.weights, activations: pair.inputs)
    }
    return assignment
  }

  /// The bits of a solution: of weights in the mean over weights, of inputs in the mean over products.
  public func meanBits(_ solution: AssignmentProblem.Solution) -> (weights: Double, inputs: Double) {
    var (weightBits, weightCount, inputBits, productCount) = (0, 0, 0, 0)
    for (layer, choice) in solution.choices.enumerated() {
      let (shape, widths) = (layers[layer].shape, pairs[layer][choice].widths)
      let count = shape.outputChannels * shape.depth
      weightBits += count * widths.weights
      weightCount += count
      inputBits += shape.multiplyAccumulateCount * widths.activations
      productCount += shape.multiplyAccumulateCount
    }
    return (Double(weightBits) / Double(weightCount), Double(inputBits) / Double(productCount))
  }
}

/// Why formats cannot be assigned.
public enum AssignmentSearchError: Error, Sendable, Hashable, CustomStringConvertible {
  case notCounted(costModel: String, format: String, other: String)
  case noChoice(layer: String, reason: String)
  case outOfRange(budget: Int, least: Int, greatest: Int)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .notCounted(let model, let format, let other):
      "'\(model)' is not defined for \(format) and \(other), which have more than 16 bits; count bitOperations or memoryBits"
    case .noChoice(let layer, let reason):
      "'\(layer)' cannot be quantized in any of the formats: \(reason)"
    case .outOfRange(let budget, let least, let greatest):
      "the budget \(budget) is \(budget < least ? "below" : "above") what these formats can cost; choose \(least) to \(greatest)"
    }
  }
}
