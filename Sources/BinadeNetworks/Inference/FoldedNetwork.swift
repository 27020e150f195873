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

  /// What a step computes.
  enum Operation: Sendable {
    case input
    case layer(Int)
    case maxPool(window: Int, stride: Int, padding: Int)
    case globalAveragePool
    case add
    case paddedShortcut(stride: Int)
    case relu
  }

  /// One step of inference.
  struct Step: Sendable {
    var operation: Operation
    /// Of a layer: its input and, if there is one, what is added before ReLU.
    var inputs: [Int]
    var shape: ImageShape
    var appliesReLU = false
  }

  /// In the order in which they are computed.
  public internal(set) var layers: [Layer] = []
  /// In an order in which they can be computed; the first is the input, the last gives the logits.
  var steps: [Step] = []

  /// The shape of the images it takes.
  public var inputShape: ImageShape { steps[0].shape }
  /// Classes.
  public var outputCount: Int { steps[steps.count - 1].shape.count }

  /// Binds a graph to the tensors of `weights`.
  ///
  /// Throws for a missing tensor, a shape that does not fit, NaN or infinity.
  public init(_ graph: NetworkGraph, weights file: SafetensorsFile) throws(NetworkError) {
    try self.init(graph, parameters: file)
  }

  /// Draws the weights: normal with variance 2 / depth, no bias, batch norms that change nothing.
  ///
  /// `seed`: the same network for the same seed, on every machine up to the last bit of `log` and `cos`.
  ///
  /// - Source: He, Zhang, Ren and Sun, ICCV 2015, section 2.2.
  public init(_ graph: NetworkGraph, randomWeights seed: UInt64) {
    do {
      try self.init(graph, parameters: RandomParameters(seed: seed))
    } catch {
      preconditionFailure("drawn parameters fit every graph, but: \(error)")
    }
  }

  private init(_ graph: NetworkGraph, parameters: some ParameterSource) throws(NetworkError) {
    let reader = ParameterReader(source: parameters)
    var stepOfNode: [Int] = []
    var consumers = [Int](repeating: 0, count: graph.nodes.count)
    for node in graph.nodes {
      for input in node.inputs { consumers[input] += 1 }
    }
    for node in graph.nodes {
      let inputs = node.inputs.map { stepOfNode[$0] }
      func step(_ operation: Operation) {
        steps.append(Step(operation: operation, inputs: inputs, shape: node.shape))
        stepOfNode.append(steps.count - 1)
      }
      switch node.operation {
      case .input:
        step(.input)
      case .convolution, .linear:
        step(.layer(layers.count))
        layers.append(try reader.layer(node, in: graph))
      case .batchNormalization:
        guard case .layer(let layer) = steps[inputs[0]].operation, consumers[node.inputs[0]] == 1
        else {
          preconditionFailure("batch norm '\(node.name)' must follow a convolution of its own")
        }
        try reader.fold(node, into: &layers[layer])
        stepOfNode.append(inputs[0])
      case .relu:
        precondition(
          consumers[node.inputs[0]] == 1,
          "ReLU '\(node.name)' must be the only user of its input"
        )
        steps[inputs[0]].appliesReLU = true
        stepOfNode.append(inputs[0])
      case .maxPool(let window, let stride, let padding):
        step(.maxPool(window: window, stride: stride, padding: padding))
      case .globalAveragePool:
        step(.globalAveragePool)
      case .add:
        // The later of two inputs that nobody else reads takes the other one along: one pass over memory less.
        let later = inputs[0] > inputs[1] ? 0 : 1
        if case .layer = steps[inputs[later]].operation, consumers[node.inputs[later]] == 1,
          steps[inputs[later]].inputs.count == 1, !steps[inputs[later]].appliesReLU
        {
          steps[inputs[later]].inputs.append(inputs[1 - later])
          stepOfNode.append(inputs[later])
        } else {
          step(.add)
        }
      case .paddedShortcut(let stride, _):
        step(.paddedShortcut(stride: stride))
      }
    }
  }
}
