import BinadeKernels
import BinadeNetworks
import BinadeQuantization

/// The operands of a layer while their formats are searched; an operand that is nil has its format already.
package struct LayerSearch: Sendable {
  var weights: FractionalWeights?
  var inputs: FractionalInputs?
  /// Derivatives of the task's loss by the places in this step, and the momentum of places.
  var gradient: ResourceModel.Places
  var momentum: ResourceModel.Places
  /// The same of the bound.
  var boundGradient = 0.0, boundMomentum = 0.0
  /// What bounds do not fall below: a thousandth of where they began.
  var leastBound = 0.0

  /// Operands at their first places.
  init(weights: FractionalWeights?, inputs: FractionalInputs?) {
    (self.weights, self.inputs) = (weights, inputs)
    let zeros = ResourceModel.Places(weights: (weights?.places ?? [0]).map { _ in 0 }, inputs: 0)
    (gradient, momentum) = (zeros, zeros)
  }

  /// Where the operands are; 0 for those that have their format.
  package var places: ResourceModel.Places {
    ResourceModel.Places(weights: weights?.places ?? [0], inputs: inputs?.place ?? 0)
  }

  /// Begins to clip inputs at their greatest magnitude.
  mutating func begin(_ sample: TensorSample) {
    let bound = max(Double(sample.greatestMagnitude), 0x1p-23)
    inputs?.bound = bound
    leastBound = bound / 1000
  }

  /// Moves places and bound along their gradients, as SGD with the step's rate and momentum, without decay.
  ///
  /// Places are projected onto the chain: one that momentum carries over its end comes back.
  ///
  /// `penalty`: the derivatives of the penalty by the places.
  mutating func update(_ values: StepValues, penalty: ResourceModel.Places) {
    func moved(_ value: Double, _ gradient: Double, _ momentum: inout Double) -> Double {
      momentum = values.momentum * momentum + gradient
      return value - values.learningRate * (gradient + values.momentum * momentum)
    }
    if var weights {
      weights.places = weights.places.indices.map {
        let gradient = gradient.weights[$0] + penalty.weights[$0]
        return weights.chain.projected(moved(weights.places[$0], gradient, &momentum.weights[$0]))
      }
      self.weights = weights
    }
    if var inputs {
      inputs.place = inputs.chain.projected(
        moved(inputs.place, gradient.inputs + penalty.inputs, &momentum.inputs)
      )
      inputs.bound = inputs.bound.map { max(leastBound, moved($0, boundGradient, &boundMomentum)) }
      self.inputs = inputs
    }
  }
}
