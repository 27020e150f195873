import BinadeKernels
import BinadeNetworks
import BinadeQuantization

/// What a network costs whose operands are at places of chains, and how that changes with each place.
///
/// Between formats a cost is the mean of those on both sides, by their shares; of two operands over all four pairs. For bit operations
/// that is products x bits x bits.
///
/// - Source: methods.md 2.5.
public struct ResourceModel: Sendable {
  /// Formats that an operand may have.
  public enum Operand: Sendable {
    /// So many bits, whatever is searched.
    case fixed(bits: Int)
    case searched(FormatChain)

    /// Bits on both sides of a place, and the share of the upper side; at a format the step above it, at the last that below.
    fileprivate func sides(_ place: Double) -> (lower: Int, upper: Int, share: Double, isMoving: Bool) {
      switch self {
      case .fixed(let bits): return (bits, bits, 0, false)
      case .searched(let chain):
        let lower = min(Int(place.rounded(.down)), chain.formats.count - 2)
        return (chain.bitWidth(of: lower), chain.bitWidth(of: lower + 1), place - Double(lower), true)
      }
    }
  }

  /// A layer.
  public struct Layer: Sendable {
    /// Its sizes.
    public let shape: ConvolutionShape
    /// Its operands.
    public let weights: Operand, inputs: Operand

    /// A layer.
    public init(shape: ConvolutionShape, weights: Operand, inputs: Operand) {
      (self.shape, self.weights, self.inputs) = (shape, weights, inputs)
    }
  }

  /// Where the operands of a layer are on their chains, or a number for each: derivatives.
  public struct Places: Sendable, Hashable {
    /// Of the weights: one for the layer, or one for each output channel; not looked at where bits are fixed.
    public var weights: [Double]
    /// Of the inputs.
    public var inputs: Double

    /// Places.
    public init(weights: [Double], inputs: Double) { (self.weights, self.inputs) = (weights, inputs) }
  }

  /// The layers.
  public let layers: [Layer]
  /// How costs are counted.
  public let costModel: CostModel

  /// A model.
  ///
  /// - Precondition: formats that the cost model counts.
  public init(_ layers: [Layer], _ costModel: CostModel) {
    (self.layers, self.costModel) = (layers, costModel)
  }

  /// The model of a network whose layers are quantized, or searched, as `quantizations` say.
  ///
  /// - Precondition: formats that the cost model counts.
  public init(_ shapes: [ConvolutionShape], _ quantizations: [LayerQuantization?], _ costModel: CostModel) {
    func operand(_ chain: FormatChain?, _ format: QuantizerSpecification?) -> Operand {
      chain.map { .searched($0) } ?? .fixed(bits: format?.bitWidth ?? 32)
    }
    self.init(
      zip(shapes, quantizations).map { shape, quantization in
        Layer(
          shape: shape,
          weights: operand(quantization?.weightChain, quantization?.weights),
          inputs: operand(quantization?.inputChain, quantization?.inputs)
        )
      },
      costModel
    )
  }

  /// What the network costs where all that is searched has so many bits.
  public func uniformCost(bits: Double) -> Double {
    func place(_ operand: Operand) -> Double {
      if case .searched(let chain) = operand { chain.place(ofBits: bits) } else { 0 }
    }
    return cost(layers.map { Places(weights: [place($0.weights)], inputs: place($0.inputs)) }).value
  }

  /// The cost at `places`, and its derivatives by them.
  ///
  /// - Shape: places for each layer; derivatives likewise, 0 where bits are fixed.
  public func cost(_ places: [Places]) -> (value: Double, gradient: [Places]) {
    var total = 0.0
    let gradient = zip(layers, places).map { layer, place in
      let inputs = layer.inputs.sides(place.inputs)
      var result = Places(weights: place.weights.map { _ in 0 }, inputs: 0)
      for (channel, weight) in place.weights.enumerated() {
        let weights = layer.weights.sides(weight)
        func cost(_ weightBits: Int, _ inputBits: Int) -> Double {
          let widths = Cost.Widths(weights: weightBits, activations: inputBits)
          guard let cost = costModel.value(of: Cost([layer.shape], widths: [widths])) else {
            preconditionFailure("\(costModel.rawValue) does not count \(weightBits) and \(inputBits) bits")
          }
          return Double(cost) / Double(place.weights.count)
        }
        let corners = [weights.lower, weights.upper].map { bits in
          [cost(bits, inputs.lower), cost(bits, inputs.upper)]
        }
        func along(_ pair: [Double], _ share: Double) -> Double { (1 - share) * pair[0] + share * pair[1] }
        let rows = corners.map { along($0, inputs.share) }
        total += along(rows, weights.share)
        if weights.isMoving { result.weights[channel] = rows[1] - rows[0] }
        if inputs.isMoving {
          result.inputs += along(corners.map { $0[1] - $0[0] }, weights.share)
        }
      }
      return result
    }
    return (total, gradient)
  }

  /// The least and the greatest cost that places can have.
  public var range: (least: Double, greatest: Double) {
    func ends(_ isUpper: Bool) -> [Places] {
      layers.map { layer in
        func end(_ operand: Operand) -> Double {
          if case .searched(let chain) = operand, isUpper { chain.end } else { 0 }
        }
        return Places(weights: [end(layer.weights)], inputs: end(layer.inputs))
      }
    }
    return (cost(ends(false)).value, cost(ends(true)).value)
  }
}
