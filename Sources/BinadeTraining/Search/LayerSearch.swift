import BinadeKernels
import BinadeNetworks
import BinadeNumerics
import BinadeQuantization

/// The operands of a layer while their formats are searched; an operand that is nil has its format already.
package struct LayerSearch: Sendable {
  var weights: FractionalWeights?
  var inputs: FractionalInputs?
  /// What is learned of each.
  var weightPlaces: SearchedOperand?, inputPlaces: SearchedOperand?
  /// The bound of the inputs: the derivative of the loss by it, and its momentum.
  var boundGradient = 0.0, boundMomentum = 0.0
  /// What bounds do not fall below: a thousandth of where they began.
  var leastBound = 0.0

  /// Operands at their first places.
  ///
  /// Half a step above those that have `bits` (methods.md 2.6).
  ///
  /// `channelCount`: places of weights: one, or one for each output channel.
  init(
    weights: FractionalWeights?,
    inputs: FractionalInputs?,
    rule: SearchRule = .fracbits,
    bits: Double = 0,
    channelCount: Int = 1
  ) {
    (self.weights, self.inputs) = (weights, inputs)
    func operand(_ chain: FormatChain, _ count: Int) -> SearchedOperand {
      SearchedOperand(chain, rule, place: chain.projected(chain.place(ofBits: bits) + 0.5), count: count)
    }
    weightPlaces = weights.map { operand($0.chain, channelCount) }
    inputPlaces = inputs.map { operand($0.chain, 1) }
    if let weightPlaces { self.weights?.places = weightPlaces.places }
    if let inputPlaces { self.inputs?.place = inputPlaces.places[0] }
  }

  /// Where the operands are; 0 for those that have their format.
  package var places: ResourceModel.Places {
    ResourceModel.Places(weights: weightPlaces?.places ?? [0], inputs: inputPlaces?.places[0] ?? 0)
  }

  /// What the last step found for places or logits.
  package var gradients: (weights: [Double], inputs: [Double]) {
    (weightPlaces?.gradient ?? [], inputPlaces?.gradient ?? [])
  }

  /// Moves the operands to other places, for measurements.
  mutating func move(weights: [Double], inputs: [Double]) {
    weightPlaces?.move(to: weights)
    inputPlaces?.move(to: inputs)
  }

  /// Decides what the operands are made of in a step.
  ///
  /// `layer`: its number, for random words. `progress`: the share of the search that is done.
  mutating func prepare(layer: Int, seed: UInt64, step: Int, progress: Double) {
    let generator = RandomPurpose.path.generator(seed: seed, step: step)
    func uniform(_ operand: Int) -> (Int) -> Double {
      { element in
        let place = UInt64(2 * layer + operand) << 32 | UInt64(element)
        return (Double(generator.word(of: place)) + 0.5) / 0x1p32
      }
    }
    if let mixtures = weightPlaces?.mixtures(uniform(0), progress: progress) { weights?.mixtures = mixtures }
    if let mixture = inputPlaces?.mixtures(uniform(1), progress: progress).first { inputs?.mixture = mixture }
  }

  /// Makes the operands of what nothing is drawn for.
  mutating func prepareMean() {
    if let weightPlaces { weights?.mixtures = weightPlaces.meanMixtures }
    if let inputPlaces { inputs?.mixture = inputPlaces.meanMixtures[0] }
  }

  /// Gives the operands one format each, for measurements of a choice.
  mutating func choose(_ places: ResourceModel.Places) {
    weights?.mixtures = places.weights.map { FormatMixture(Int($0)) }
    inputs?.mixture = FormatMixture(Int(places.inputs))
  }

  /// Begins to clip inputs at their greatest magnitude.
  mutating func begin(_ sample: TensorSample) {
    let bound = max(Double(sample.greatestMagnitude), 0x1p-23)
    inputs?.bound = bound
    leastBound = bound / 1000
  }

  /// Moves places and bound along their gradients.
  ///
  /// `penalty`: the derivatives of the penalty by the places. `sharpening`: what draws places to formats.
  mutating func update(_ values: StepValues, penalty: ResourceModel.Places, sharpening: Double = 0) {
    weightPlaces?.update(values, penalty: penalty.weights, sharpening: sharpening)
    inputPlaces?.update(values, penalty: [penalty.inputs], sharpening: sharpening)
    guard let bound = inputs?.bound else { return }
    boundMomentum = values.momentum * boundMomentum + boundGradient
    let change = values.learningRate * (boundGradient + values.momentum * boundMomentum)
    inputs?.bound = max(leastBound, bound - change)
  }
}
