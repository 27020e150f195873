import BinadeNetworks

extension Trainer {
  /// The run as it is between two steps.
  public func checkpoint() -> Checkpoint {
    Checkpoint(
      identity: identity,
      stepCount: stepCount,
      updateCount: state.updateCount,
      parameters: parameters,
      buffers: zip(state.optimizer.stateNames, state.buffers).map { ($0, $1) },
      average: average,
      quantizers: quantized?.state ?? ""
    )
  }

  /// Goes on where a checkpoint was made.
  ///
  /// Throws when it is of another network, recipe, data or teacher, with the first difference.
  public func resume(_ checkpoint: Checkpoint) throws(TrainingError) {
    let own = identity
    if let difference = recipe.firstDifference(from: checkpoint.identity.recipe) {
      throw .otherCheckpoint(
        difference: "'\(difference.key)' is \(difference.own) here and \(difference.other) there"
      )
    }
    guard checkpoint.identity.network == own.network else {
      throw .otherCheckpoint(difference: "the network is another")
    }
    guard checkpoint.identity.data == own.data else {
      throw .otherCheckpoint(
        difference: "the images are \(own.data) here and \(checkpoint.identity.data) there"
      )
    }
    guard checkpoint.identity.teacher == own.teacher else {
      throw .otherCheckpoint(
        difference: "the teacher is \(own.teacher) here and \(checkpoint.identity.teacher) there"
      )
    }
    let buffers = Dictionary(checkpoint.buffers.map { ($0.name, $0.values) }) { first, _ in first }
    let names = state.optimizer.stateNames
    guard names.allSatisfy({ buffers[$0] != nil }),
      (checkpoint.average == nil) == (recipe.averageDecay == nil),
      checkpoint.stepCount <= totalStepCount
    else {
      throw .malformedCheckpoint(
        file: "the checkpoint",
        reason: "it lacks what the optimizer or the average needs"
      )
    }
    guard quantized?.restore(checkpoint.quantizers) ?? checkpoint.quantizers.isEmpty else {
      throw .malformedCheckpoint(
        file: "the checkpoint",
        reason: "its quantizers are not those of the recipe"
      )
    }
    parameters = checkpoint.parameters
    state.buffers = names.map { buffers[$0] ?? [] }
    state.updateCount = checkpoint.updateCount
    average = checkpoint.average
    stepCount = checkpoint.stepCount
  }

  private var identity: Checkpoint.Identity {
    Checkpoint.Identity(
      network: Checkpoint.network(plan.parameters),
      data: "\(stream.images.count) of \(stream.images.name), hash \(String(dataFingerprint, radix: 16))",
      teacher: teacher.map { String(Self.fingerprint($0.parameters.values), radix: 16) } ?? "none",
      recipe: recipe.text
    )
  }

  /// FNV-1a over the bits, a word at a time.
  static func fingerprint(_ values: [Float]) -> UInt64 {
    values.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01B3 }
  }
}
