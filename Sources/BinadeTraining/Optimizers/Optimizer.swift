import BinadeNetworks
import BinadeNumerics

/// How gradients change parameters.
public struct Optimizer: Sendable, Hashable {
  /// The rule.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// g += λw; v = m·v + g; w -= lr·(g + m·v) with Nesterov's momentum, lr·v without.
    ///
    /// - Source: Sutskever et al., ICML 2013; PyTorch's conventions.
    case sgd
    /// w -= lr·λ·w; u = m·u + (1 - m)·g; v = β·v + (1 - β)·g²; w -= lr·û/(sqrt(v̂) + ε), û and v̂ corrected for their
    /// start at 0.
    ///
    /// - Source: Loshchilov and Hutter, ICLR 2019.
    case adamW
  }

  /// The rule.
  public var kind: Kind
  /// m: what stays of the last update.
  public var momentum = 0.9
  /// Whether SGD looks ahead.
  public var nesterov = true
  /// β: what stays of the mean square of gradients.
  public var squareDecay = 0.999
  /// ε.
  public var epsilon = 1e-8

  /// A rule with its usual constants.
  public init(_ kind: Kind = .sgd) { self.kind = kind }

  /// Buffers as long as the parameters, 0 at first, by name.
  var stateNames: [String] {
    switch kind {
    case .sgd: ["momentum"]
    case .adamW: ["mean", "square"]
    }
  }
}

/// Which parameters decay towards 0.
public enum WeightDecayScope: String, Sendable, Hashable, CaseIterable {
  /// All that are trained.
  case all
  /// Weights alone, neither biases nor batch norms: AQT's choice.
  case rankAboveOne
  /// Weights but those of depthwise convolutions, neither biases nor batch norms: FracBits' choice.
  case notDepthwise

  /// Whether a parameter decays.
  func contains(_ entry: ParameterLayout.Entry) -> Bool {
    guard entry.role.isTrainable else { return false }
    switch self {
    case .all: return true
    case .rankAboveOne: return entry.shape.extents.count > 1
    case .notDepthwise:
      return entry.shape.extents.count > 1 && !(entry.shape.extents.count == 4 && entry.shape.extents[1] == 1)
    }
  }
}

/// An optimizer with its state: one owner changes parameters in place.
package struct OptimizerState: Sendable {
  let optimizer: Optimizer
  /// λ of each parameter that is trained, by its places.
  private let decays: [(range: Range<Int>, decay: Float)]
  /// As ``Optimizer/stateNames``.
  var buffers: [[Float]]
  /// Updates so far.
  var updateCount = 0

  /// No update yet.
  package init(
    _ optimizer: Optimizer,
    _ layout: ParameterLayout,
    weightDecay: Double,
    scope: WeightDecayScope
  ) {
    self.optimizer = optimizer
    decays = layout.entries.filter(\.role.isTrainable).map {
      ($0.range, scope.contains($0) ? Float(weightDecay) : 0)
    }
    buffers = optimizer.stateNames.map { _ in Array(repeating: 0, count: layout.count) }
  }

  /// Changes `parameters` along `gradient`; every operation is rounded to float32.
  package mutating func update(
    _ parameters: inout NetworkParameters,
    _ gradient: [Float],
    _ values: StepValues
  ) {
    updateCount += 1
    parameters.withUnsafeMutableValues { weights in
      switch optimizer.kind {
      case .sgd:
        let (rate, momentum) = (Float(values.learningRate), Float(values.momentum))
        for (range, decay) in decays {
          for place in range {
            let g = gradient[place] + decay * weights[place]
            let v = momentum * buffers[0][place] + g
            buffers[0][place] = v
            weights[place] -= rate * (optimizer.nesterov ? g + momentum * v : v)
          }
        }
      case .adamW:
        let count = Double(updateCount)
        let correction = Float((1 - Self.power(optimizer.squareDecay, count)).squareRoot())
        let size = Float(values.learningRate / (1 - Self.power(values.momentum, count)))
        let (m, b, epsilon) = (
          Float(values.momentum), Float(optimizer.squareDecay), Float(optimizer.epsilon)
        )
        // From Double: 1 - Float(0.999) is off by 5e-5 of itself.
        let (newMean, newSquare) = (Float(1 - values.momentum), Float(1 - optimizer.squareDecay))
        for (range, decay) in decays {
          for place in range {
            let g = gradient[place]
            let mean = m * buffers[0][place] + newMean * g
            let square = b * buffers[1][place] + newSquare * g * g
            (buffers[0][place], buffers[1][place]) = (mean, square)
            weights[place] -= Float(values.learningRate) * decay * weights[place]
            weights[place] -= size * (mean / (square.squareRoot() / correction + epsilon))
          }
        }
      }
    }
  }

  private static func power(_ base: Double, _ exponent: Double) -> Double {
    Elementary.exp(exponent * Elementary.log(base))
  }
}
