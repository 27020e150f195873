import BinadeNumerics
import BinadeQuantization

/// The parameters of an operand whose formats are searched: places on the chain, or a number for each format, and what moves them.
struct SearchedOperand: Sendable {
  let chain: FormatChain
  let rule: SearchRule
  /// Places: one, or one for each output channel.
  private(set) var places: [Double]
  /// Of `dnas`: logits of the formats' shares, one for each format; empty otherwise.
  private(set) var logits: [Double] = []
  /// Momentum of what is learned.
  private(set) var momentum: [Double]
  /// Derivatives of the task's loss by places or logits in this step.
  private(set) var gradient: [Double]
  /// What was drawn in this step: derivatives of shares by places, or shares and their temperature.
  private var slopes: [Double] = []
  private var shares: [Double] = [], temperature = 1.0

  /// An operand whose places are all the same.
  init(_ chain: FormatChain, _ rule: SearchRule, place: Double, count: Int) {
    (self.chain, self.rule) = (chain, rule)
    places = Array(
      repeating: rule == .us ? chain.end / 2 : place,
      count: rule == .dnas || rule == .us ? 1 : count
    )
    if rule == .dnas { logits = chain.formats.indices.map { -abs(Double($0) - place) } }
    momentum = Array(repeating: 0, count: rule == .dnas ? logits.count : places.count)
    gradient = momentum
  }

  /// Moves an operand to other places, or logits, for measurements.
  mutating func move(to values: [Double]) {
    if rule == .dnas { logits = values } else { places = values }
  }

  /// How far places stay inside the ends of the chain.
  private static let rim = 1e-3

  /// Whether places or logits are learned.
  private var isLearned: Bool { rule != .us }

  // MARK: Forward

  /// What the operand is made of where nothing is drawn.
  var meanMixtures: [FormatMixture] {
    switch rule {
    case .fracbits, .bitpruning, .gumbel: places.map { chain.mixture(at: $0) }
    case .dnas: [FormatMixture(formats: Array(chain.formats.indices), shares: Self.softmax(logits))]
    case .us: [FormatMixture(Int(chain.end / 2))]
    case .dq: places.map { chain.grid(at: $0) }
    }
  }

  /// What the operand is made of in a step.
  ///
  /// `uniform`: numbers between 0 and 1 of the step and the operand. `progress`: the share of the search that is done.
  mutating func mixtures(_ uniform: (Int) -> Double, progress: Double) -> [FormatMixture] {
    switch rule {
    case .fracbits, .bitpruning, .dq: return meanMixtures
    case .gumbel:
      slopes = places.map { _ in 0 }
      return places.indices.map { index in
        let (lower, upper, share) = chain.neighbours(of: places[index])
        guard lower != upper else { return FormatMixture(lower) }
        let draw = uniform(index)
        let odds = Elementary.log(share / (1 - share)) + Elementary.log(draw / (1 - draw))
        let soft = 1 / (1 + Elementary.exp(-odds))
        slopes[index] = soft * (1 - soft) / (share * (1 - share))
        return FormatMixture(formats: [lower, upper], shares: soft >= 0.5 ? [0, 1] : [1, 0])
      }
    case .dnas:
      temperature = 2 - 1.5 * progress
      shares = Self.softmax(
        logits.indices.map { (logits[$0] - Elementary.log(-Elementary.log(uniform($0)))) / temperature }
      )
      return [FormatMixture(formats: Array(chain.formats.indices), shares: shares)]
    case .us:
      let index = Int(uniform(0) * Double(chain.formats.count))
      return [FormatMixture(min(index, chain.formats.count - 1))]
    }
  }

  private static func softmax(_ logits: [Double]) -> [Double] {
    let greatest = logits.max() ?? 0
    let powers = logits.map { Elementary.exp($0 - greatest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  // MARK: Backward

  /// Takes the derivatives of the loss by the shares of the step's mixtures.
  mutating func note(shareGradients: [[Double]]) {
    switch rule {
    case .fracbits, .bitpruning, .dq: gradient = shareGradients.map { $0.count == 2 ? $0[1] - $0[0] : 0 }
    case .gumbel:
      gradient = shareGradients.enumerated().map { $1.count == 2 ? slopes[$0] * ($1[1] - $1[0]) : 0 }
    case .dnas:
      let products = shareGradients.first ?? []
      let mean = zip(shares, products).reduce(0) { $0 + $1.0 * $1.1 }
      gradient = zip(shares, products).map { $0 * ($1 - mean) / temperature }
    case .us: break
    }
  }

  /// Moves what is learned along its gradients, as SGD with the step's rate and momentum, without decay.
  ///
  /// Places are projected onto the chain, a thousandth inside its ends: one that momentum carries over an end comes back, and one that is at an
  /// end is still reached by the task, which has nothing to say at a format itself.
  ///
  /// `penalty`: its derivatives by the places. `sharpening`: μ of μ·p(1 - p), which draws places to formats.
  mutating func update(_ values: StepValues, penalty: [Double], sharpening: Double = 0) {
    guard isLearned else { return }
    var total = gradient
    if rule == .dnas {
      // Through the place in the mean over the shares.
      let own = Self.softmax(logits)
      for index in total.indices { total[index] += penalty[0] * own[index] * (Double(index) - places[0]) }
    } else {
      for index in total.indices {
        let share = places[index] - places[index].rounded(.down)
        total[index] += penalty[index] + sharpening * (1 - 2 * share)
      }
    }
    for index in total.indices {
      momentum[index] = values.momentum * momentum[index] + total[index]
      let change = values.learningRate * (total[index] + values.momentum * momentum[index])
      if rule == .dnas {
        logits[index] -= change
      } else {
        places[index] = min(max(places[index] - change, Self.rim), chain.end - Self.rim)
      }
    }
    if rule == .dnas { places = [meanPlace] }
  }

  private var meanPlace: Double {
    Self.softmax(logits).enumerated().reduce(0) { $0 + Double($1.offset) * $1.element }
  }

  // MARK: State

  /// What a checkpoint keeps: what is learned, and its momentum.
  var state: (values: [Double], momentum: [Double]) { (rule == .dnas ? logits : places, momentum) }

  /// Takes over what a checkpoint kept; false for numbers that are not of this operand.
  mutating func restore(values: [Double], momentum: [Double]) -> Bool {
    guard values.count == self.momentum.count, momentum.count == values.count else { return false }
    if rule == .dnas {
      logits = values
      places = [meanPlace]
    } else {
      guard values.allSatisfy({ (0...chain.end).contains($0) }) else { return false }
      places = values
    }
    self.momentum = momentum
    return true
  }
}
