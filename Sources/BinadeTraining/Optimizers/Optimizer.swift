import BinadeNetworks

/// How gradients change parameters.
public enum Optimizer: Sendable, Hashable {
  /// g += λw; v = m·v + g; w -= lr·(g + m·v) with Nesterov's momentum, lr·v without.
  ///
  /// - Source: Sutskever et al., ICML 2013; PyTorch's conventions.
  case sgd(momentum: Double = 0.9, nesterov: Bool = true)
  /// w -= lr·λ·w; m = β₁m + (1 - β₁)g; v = β₂v + (1 - β₂)g²; w -= lr·m̂/(sqrt(v̂) + ε), m̂ and v̂ corrected for their start at 0.
  ///
  /// - Source: Loshchilov and Hutter, ICLR 2019.
  case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)

  /// What stays of the last update at most.
  var momentum: Double {
    switch self {
    case .sgd(let momentum, _): momentum
    case .adamW(let beta1, _, _): beta1
    }
  }

  /// Buffers as long as the parameters, 0 at first, by name.
  var stateNames: [String] {
    switch self {
    case .sgd: ["momentum"]
    case .adamW: ["moment1", "moment2"]
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
struct OptimizerState: Sendable {
  let optimizer: Optimizer
  /// λ of each parameter that is trained, by its places.
  private let decays: [(range: Range<Int>, decay: Float)]
  /// As ``Optimizer/stateNames``.
  var buffers: [[Float]]
  /// Updates so far.
  var updateCount = 0

  /// No update yet.
  init(_ optimizer: Optimizer, _ layout: ParameterLayout, weightDecay: Double, scope: WeightDecayScope) {
    self.optimizer = optimizer
    decays = layout.entries.filter(\.role.isTrainable).map {
      ($0.range, scope.contains($0) ? Float(weightDecay) : 0)
    }
    buffers = optimizer.stateNames.map { _ in Array(repeating: 0, count: layout.count) }
  }

  /// Changes `parameters` along `gradient`; every operation is rounded to float32.
  mutating func update(_ parameters: inout NetworkParameters, _ gradient: [Float], _ values: StepValues) {
    updateCount += 1
    parameters.withUnsafeMutableValues { weights in
      switch optimizer {
      case .sgd(let momentum, let nesterov):
        let (rate, momentum) = (Float(values.learningRate), Float(values.momentum ?? momentum))
        for (range, decay) in decays {
          for place in range {
            let g = gradient[place] + decay * weights[place]
            let v = momentum * buffers[0][place] + g
            buffers[0][place] = v
            weights[place] -= rate * (nesterov ? g + momentum * v : v)
          }
        }
      case .adamW(let beta1, let beta2, let epsilon):
        let count = Double(updateCount)
        let correction1 = 1 - Self.power(beta1, count)
        let correction2 = (1 - Self.power(beta2, count)).squareRoot()
        let (b1, b2, epsilon) = (Float(beta1), Float(beta2), Float(epsilon))
        let (rate, size) = (Float(values.learningRate), Float(values.learningRate / correction1))
        for (range, decay) in decays {
          for place in range {
            let g = gradient[place]
            let (m, v) = (
              b1 * buffers[0][place] + (1 - b1) * g, b2 * buffers[1][place] + (1 - b2) * g * g
            )
            (buffers[0][place], buffers[1][place]) = (m, v)
            weights[place] -= rate * decay * weights[place]
            weights[place] -= size * (m / (v.squareRoot() / Float(correction2) + epsilon))
          }
        }
      }
    }
  }

  private static func power(_ base: Double, _ exponent: Double) -> Double {
    Elementary.exp(exponent * Elementary.log(base))
  }
}
