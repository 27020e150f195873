import BinadeNetworks
import BinadeQuantization

/// How the formats of a network are searched while it is trained: what it may cost, and how strongly that counts.
///
/// - Source: methods.md 2.5, 2.6; training.md 5.
public struct FormatSearchSettings: Sendable, Hashable {
  /// The formats between which operands move, in the order of their bits: FORMAT or WEIGHTS/INPUTS, joined by commas; nil for no search.
  public var formats: String?
  /// What the network may cost, in units of the model.
  public var budget: Double?
  /// How costs are counted.
  public var costModel = CostModel.bitOperations
  /// κ: what the loss grows by for each budget that the cost is above or below.
  public var penalty = 23.0
  /// μ: how strongly places are drawn to formats at the end of the search; it rises from 0 over its last third.
  ///
  /// A mixture of two formats has less error than either, so places like the middle.
  public var sharpening = 0.0
  /// The share of the steps in which formats are searched; then they are chosen.
  public var share = 0.8
  /// Whether each output channel has a format of its own.
  public var isChannelWise = false
  /// How.
  public var rule = SearchRule.fracbits

  /// No search.
  public init() {}
}

/// A search as it stands: bits of each layer, and what they cost.
public struct SearchReport: Sendable {
  /// A layer.
  public struct Layer: Sendable {
    /// Its name.
    public let name: String
    /// Bits of weights in the mean over output channels, and of inputs; nil where they are not searched.
    public let weightBits: Double?, inputBits: Double?
    /// The formats of weights that were chosen or given: one, or one for each output channel; none as long as they are searched.
    public let weights: [QuantizerSpecification?]
    /// The format of inputs; nil as long as it is searched, and for float32.
    public let inputs: QuantizerSpecification?
  }

  /// In the order of the network.
  public let layers: [Layer]
  /// What the network costs, and what it may cost.
  public let cost: Double, budget: Double
  /// How costs are counted.
  public let costModel: CostModel
  /// What was added to places before they were rounded to formats; nil as long as they are searched.
  public let offset: Double?

  /// Whether formats have been chosen.
  public var isChosen: Bool { offset != nil }
}

/// The search of a network's formats.
struct FormatSearch: Sendable {
  /// What is searched, and what it costs.
  let model: ResourceModel
  /// What the network may cost.
  let budget: Double
  /// κ: what the loss grows by for each budget that the cost is above or below.
  let penalty: Double
  /// Steps in which formats are searched.
  let stepCount: Int
  let rule: SearchRule
  private let sharpening: Double
  /// How places became formats; nil as long as they are searched.
  var frozen: PlaceFreezing?

  /// A search that has not begun.
  init(_ model: ResourceModel, _ settings: FormatSearchSettings, budget: Double, stepCount: Int) {
    (self.model, self.budget, self.stepCount) = (model, budget, stepCount)
    (penalty, rule, sharpening) = (settings.penalty, settings.rule, settings.sharpening)
  }

  /// How strongly places are drawn to formats in a step.
  func sharpening(step: Int) -> Double {
    sharpening * max(0, 3 * Double(step) / Double(max(1, stepCount)) - 2)
  }

  /// The derivatives of the penalty κ·|C/T - 1| by the places; 0 at the budget, and of `bitpruning` below it.
  func gradient(_ places: [ResourceModel.Places]) -> [ResourceModel.Places] {
    let (cost, gradient) = model.cost(places)
    let sign: Double = cost > budget ? 1 : cost < budget && rule != .bitpruning ? -1 : 0
    let factor = sign * penalty / budget
    return gradient.map {
      ResourceModel.Places(weights: $0.weights.map { factor * $0 }, inputs: factor * $0.inputs)
    }
  }

  /// The bits that cost the budget where all operands have them.
  static func uniformBits(_ model: ResourceModel, budget: Double) -> Double {
    var (lower, upper) = (0.0, 32.0)
    for _ in 0..<60 {
      let middle = (lower + upper) / 2
      if model.uniformCost(bits: middle) > budget { upper = middle } else { lower = middle }
    }
    return lower
  }
}
