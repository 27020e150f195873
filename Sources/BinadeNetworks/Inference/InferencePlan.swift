/// Which buffer each step of a network writes: buffers are taken over once nobody reads them any more.
struct InferencePlan: Sendable {
  /// The buffer of each step.
  let bufferOfStep: [Int]
  /// The elements each buffer needs.
  let capacities: [Int]
  /// The layer that alone reads the results of each step; nil for results with several readers, or another kind of reader.
  let onlyReader: [Int?]

  init(_ network: FoldedNetwork) {
    let steps = network.plan.stages
    var lastUse = Array(steps.indices)
    for (index, step) in steps.enumerated() {
      for input in step.inputs { lastUse[input] = index }
    }
    lastUse[steps.count - 1] = steps.count
    var bufferOfStep: [Int] = []
    var capacities: [Int] = []
    var free: [Int] = []
    for (index, step) in steps.enumerated() {
      // Inputs are released after the step has its own buffer: no step writes what it reads.
      let buffer: Int
      if let reused = free.popLast() {
        buffer = reused
      } else {
        buffer = capacities.count
        capacities.append(0)
      }
      capacities[buffer] = max(capacities[buffer], step.shape.count)
      bufferOfStep.append(buffer)
      for input in Set(step.inputs) where lastUse[input] == index {
        free.append(bufferOfStep[input])
      }
    }
    onlyReader = network.plan.readers.enumerated().map { source, readers in
      guard readers.count == 1, case .layer(let layer) = steps[readers[0]].operation,
        steps[readers[0]].inputs[0] == source
      else { return nil }
      return layer
    }
    self.bufferOfStep = bufferOfStep
    self.capacities = capacities
  }
}
