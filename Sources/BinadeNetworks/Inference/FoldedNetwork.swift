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
    public internal(set) var weights: [Float]
    /// One per output channel.
    public internal(set) var bias: [Float]
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

  /// Folds the batch norms of a graph with parameters.
  ///
  /// - Precondition: `parameters` are of `graph`.
  public init(_ graph: NetworkGraph, _ parameters: NetworkParameters) {
    let folding = BatchNormalizationFolding(graph, parameters)
    plan = FusionPlan(folding.graph)
    layers = plan.layerNodes.map { index in
      let node = folding.graph.nodes[index]
      guard let shape = folding.graph.convolutionShape(of: node) else {
        preconditionFailure("'\(node.name)' has no weights")
      }
      let bias = folding.parameters.tensor("\(node.name).bias")?.values
      var layer = Layer(
        name: node.name,
        shape: shape,
        weights: Array(folding.parameters["\(node.name).weight"]),
        bias: bias ?? Array(repeating: 0, count: shape.outputChannels)
      )
      layer.normalized = folding.normalizations[node.name].map { norm in
        zip(parameters["\(norm).bias"], parameters["\(norm).weight"]).map {
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
