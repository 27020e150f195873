import BinadeKernels

/// A network ready for inference: batch norm folded into the convolution before it, ReLU joined to what it follows.
public struct FoldedNetwork: Sendable {
  /// A layer with weights.
  public struct Layer: Sendable {
    /// As in the weight file: `layer1.0.conv1`.
    public let name: String
    /// The sizes; fully connected layers are 1 x 1 convolutions on one pixel.
    public let shape: ConvolutionShape
    /// outputChannels x inputChannels x kernelHeight x kernelWidth, batch norm folded in.
    public package(set) var weights: [Float]
    /// One per output channel.
    public internal(set) var bias: [Float]
    /// What sums are multiplied by before the bias, one per output channel: batch norm's γ/σ where it stays out of the
    /// weights; nil for 1.
    public internal(set) var factors: [Double]?
    /// What the batch norm that was folded in makes of each output channel; nil where there was none.
    public internal(set) var normalized: [NormalizedChannel]?

    /// Creates a layer.
    package init(name: String, shape: ConvolutionShape, weights: [Float], bias: [Float]) {
      self.name = name
      self.shape = shape
      self.weights = weights
      self.bias = bias
    }
  }

  /// The distribution of a batch norm's output: mean β and standard deviation |γ|, on the images it was trained with.
  public struct NormalizedChannel: Sendable, Hashable {
    /// β.
    public var mean: Double
    /// |γ|.
    public var standardDeviation: Double
  }

  /// In the order in which they are computed.
  public internal(set) var layers: [Layer]
  /// What is computed together, in which order.
  var plan: FusionPlan

  /// The shape of the images it takes.
  public var inputShape: ImageShape { plan.stages[0].shape }
  /// Classes.
  public var outputCount: Int { plan.stages[plan.stages.count - 1].shape.count }

  /// Puts the batch norms of a graph with parameters where `placement` says.
  ///
  /// - Precondition: `parameters` are of `graph`.
  public init(
    _ graph: NetworkGraph,
    _ parameters: NetworkParameters,
    placement: NormalizationPlacement = .weights
  ) {
    switch placement {
    case .weights:
      let folding = BatchNormalizationFolding(graph, parameters)
      self.init(folding.graph, folding.parameters, normalizedBy: folding.normalizations, of: parameters)
    case .epilogue:
      let normalizations = BatchNormalizationFolding.normalizations(of: graph)
      self.init(graph, parameters, normalizedBy: normalizations, of: parameters)
      for (index, layer) in layers.enumerated() {
        guard let normalization = normalizations[layer.name] else { continue }
        layers[index].applyNormalization(normalization, of: parameters)
      }
    }
  }

  /// The layers of `graph` as they are.
  ///
  /// `normalizations`: per convolution, the batch norm of `original` that makes its outputs.
  private init(
    _ graph: NetworkGraph,
    _ parameters: NetworkParameters,
    normalizedBy normalizations: [String: String],
    of original: NetworkParameters
  ) {
    plan = FusionPlan(graph)
    layers = plan.layerNodes.map { index in
      let node = graph.nodes[index]
      guard let shape = graph.convolutionShape(of: node) else {
        preconditionFailure("'\(node.name)' has no weights")
      }
      let bias = parameters.tensor("\(node.name).bias")?.values
      var layer = Layer(
        name: node.name,
        shape: shape,
        weights: Array(parameters["\(node.name).weight"]),
        bias: bias ?? Array(repeating: 0, count: shape.outputChannels)
      )
      layer.normalized = normalizations[node.name].map { norm in
        zip(original["\(norm).bias"], original["\(norm).weight"]).map {
          .init(mean: Double($0), standardDeviation: abs(Double($1)))
        }
      }
      return layer
    }
  }

  /// The same with drawn weights, as ``NetworkParameters/init(_:seed:)`` draws them.
  public init(_ graph: NetworkGraph, randomWeights seed: UInt64) {
    self.init(graph, NetworkParameters(graph, seed: seed))
  }

  /// The same network with every ReLU a stage of its own.
  package func withSeparateReLUs() -> FoldedNetwork {
    var network = self
    network.plan = plan.withSeparateReLUs()
    return network
  }

  /// Per layer, the stage of the ReLU that its input comes out of; nil without one.
  ///
  /// For networks whose ReLUs are stages of their own.
  package var inputReLUs: [Int?] { plan.inputReLUs }
}

/// Where a network's batch norms go.
public enum NormalizationPlacement: String, Sendable, Hashable, CaseIterable {
  /// Into the weights, before these are quantized: what runtimes do with trained networks.
  case weights
  /// After the sums, into their scales and bias: weights keep the codes that training gave them, and outputs the bits of the
  /// training network with its running statistics.
  case epilogue
}

extension FoldedNetwork.Layer {
  /// y = sum·γ/σ + β - (μ - b)·γ/σ with σ = sqrt(variance + ε), in Double; factors are rounded with the other scales of the sum.
  fileprivate mutating func applyNormalization(_ name: String, of parameters: NetworkParameters) {
    let variance = parameters["\(name).running_var"]
    let factors = zip(parameters["\(name).weight"], variance).map {
      Double($0) / (Double($1) + BatchNormalizationFolding.epsilon).squareRoot()
    }
    let means = zip(parameters["\(name).running_mean"], bias).map { Double($0) - Double($1) }
    bias = zip(zip(parameters["\(name).bias"], means), factors).map { Float(Double($0.0) - $0.1 * $1) }
    self.factors = factors
  }
}
