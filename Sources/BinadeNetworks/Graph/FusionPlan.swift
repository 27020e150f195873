/// Which nodes of a graph are computed together: a layer, what is added to its output, and ReLU, in one pass over memory.
///
/// A stage is `layer -> batch norm? -> addend? -> ReLU?`, or another operation by itself.
package struct FusionPlan: Sendable {
  /// What a stage computes.
  package enum Operation: Sendable {
    case input
    /// By its number among the graph's layers with weights.
    case layer(Int)
    case unweighted(any UnweightedLayer)
    case add
    case relu
  }

  /// Nodes computed together.
  package struct Stage: Sendable {
    package var operation: Operation
    /// Of a layer: its input and, if there is one, what is added before ReLU.
    package var inputs: [Int]
    package var shape: ImageShape
    /// The node of the batch norm after a layer.
    package var normalization: Int?
    package var appliesReLU = false
  }

  /// In an order in which they can be computed; the first is the input, the last gives the logits.
  package private(set) var stages: [Stage] = []
  /// The node of each layer with weights.
  package private(set) var layerNodes: [Int] = []

  /// Joins what can be joined.
  ///
  /// - Precondition: a batch norm follows a convolution that nothing else reads, and a ReLU is the only reader of its
  ///   input.
  package init(_ graph: NetworkGraph) {
    var readerCounts = [Int](repeating: 0, count: graph.nodes.count)
    for node in graph.nodes {
      for input in node.inputs { readerCounts[input] += 1 }
    }
    var places: [Int] = []
    for (index, node) in graph.nodes.enumerated() {
      let inputs = node.inputs.map { places[$0] }
      func append(_ operation: Operation) {
        stages.append(Stage(operation: operation, inputs: inputs, shape: node.shape))
        places.append(stages.count - 1)
      }
      switch node.operation {
      case .input: append(.input)
      case .convolution, .linear:
        append(.layer(layerNodes.count))
        layerNodes.append(index)
      case .batchNormalization:
        guard case .layer = stages[inputs[0]].operation, readerCounts[node.inputs[0]] == 1 else {
          preconditionFailure("batch norm '\(node.name)' must follow a convolution of its own")
        }
        stages[inputs[0]].normalization = index
        places.append(inputs[0])
      case .relu:
        precondition(
          readerCounts[node.inputs[0]] == 1,
          "ReLU '\(node.name)' must be the only user of its input"
        )
        stages[inputs[0]].appliesReLU = true
        places.append(inputs[0])
      case .unweighted(let layer): append(.unweighted(layer))
      case .add:
        // The later of two inputs that nobody else reads takes the other one along: one pass over memory less.
        let later = inputs[0] > inputs[1] ? 0 : 1
        if case .layer = stages[inputs[later]].operation, readerCounts[node.inputs[later]] == 1,
          stages[inputs[later]].inputs.count == 1, !stages[inputs[later]].appliesReLU
        {
          stages[inputs[later]].inputs.append(inputs[1 - later])
          places.append(inputs[later])
        } else {
          append(.add)
        }
      }
    }
  }

  /// The stages that read the output of each.
  package var readers: [[Int]] {
    var readers = [[Int]](repeating: [], count: stages.count)
    for (index, stage) in stages.enumerated() {
      for input in stage.inputs { readers[input].append(index) }
    }
    return readers
  }

  /// The same plan with every ReLU a stage of its own, after the layer that alone reads it where the two commute.
  func withSeparateReLUs() -> FusionPlan {
    var plan = self
    plan.stages = []
    let readers = readers
    func commutes(_ index: Int) -> Bool {
      if case .unweighted(let layer) = stages[index].operation { layer.commutesWithReLU } else { false }
    }
    var rectifies = stages.map(\.appliesReLU)
    for index in stages.indices
    where rectifies[index] && readers[index].count == 1 && commutes(readers[index][0]) {
      rectifies[index] = false
      rectifies[readers[index][0]] = true
    }
    var places: [Int] = []
    for (index, stage) in stages.enumerated() {
      var plain = stage
      plain.inputs = stage.inputs.map { places[$0] }
      plain.appliesReLU = false
      plan.stages.append(plain)
      if rectifies[index] {
        plan.stages.append(Stage(operation: .relu, inputs: [plan.stages.count - 1], shape: stage.shape))
      }
      places.append(plan.stages.count - 1)
    }
    return plan
  }

  /// Per layer, the stage of the ReLU that its input comes out of; nil without one.
  ///
  /// For plans whose ReLUs are stages of their own.
  var inputReLUs: [Int?] {
    var sources = [Int?](repeating: nil, count: layerNodes.count)
    for stage in stages {
      guard case .layer(let layer) = stage.operation else { continue }
      if case .relu = stages[stage.inputs[0]].operation { sources[layer] = stage.inputs[0] }
    }
    return sources
  }
}
