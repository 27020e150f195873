import BinadeKernels
import BinadeTensor

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

    /// Creates a layer.
    package init(name: String, shape: ConvolutionShape, weights: [Float], bias: [Float]) {
      self.name = name
      self.shape = shape
      self.weights = weights
      self.bias = bias
    }
  }

  /// What a step computes.
  enum Operation: Sendable {
    case input
    case layer(Int)
    case maxPool(window: Int, stride: Int, padding: Int)
    case globalAveragePool
    case add
    case paddedShortcut(stride: Int)
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
  public private(set) var layers: [Layer] = []
  /// In an order in which they can be computed; the first is the input, the last gives the logits.
  private(set) var steps: [Step] = []

  /// The shape of the images it takes.
  public var inputShape: ImageShape { steps[0].shape }
  /// Classes.
  public var outputCount: Int { steps[steps.count - 1].shape.count }

  /// Binds a graph to the tensors of `weights`.
  ///
  /// Throws for a missing tensor, a shape that does not fit, NaN or infinity.
  public init(_ graph: NetworkGraph, weights file: SafetensorsFile) throws(NetworkError) {
    let reader = ParameterReader(file: file)
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

/// Fetches the parameters of nodes from a weight file and checks them.
private struct ParameterReader {
  let file: SafetensorsFile

  /// PyTorch's and timm's names for the same parts.
  private static let aliases = [("linear.", "fc."), (".shortcut.", ".downsample.")]

  func layer(_ node: NetworkGraph.Node, in graph: NetworkGraph) throws(NetworkError)
    -> FoldedNetwork.Layer
  {
    guard let shape = graph.convolutionShape(of: node) else {
      preconditionFailure("'\(node.name)' has no weights")
    }
    if case .linear = node.operation {
      return FoldedNetwork.Layer(
        name: node.name,
        shape: shape,
        weights: try values(
          "\(node.name).weight",
          [shape.outputChannels, shape.inputChannels]
        ),
        bias: try values("\(node.name).bias", [shape.outputChannels])
      )
    }
    return FoldedNetwork.Layer(
      name: node.name,
      shape: shape,
      weights: try values(
        "\(node.name).weight",
        [shape.outputChannels, shape.inputChannels, shape.kernelHeight, shape.kernelWidth]
      ),
      bias: Array(repeating: 0, count: shape.outputChannels)
    )
  }

  /// Folds batch norm: W' = W·γ/σ, b' = β + (b - μ)·γ/σ, σ = sqrt(variance + 1e-5), in Double.
  func fold(_ node: NetworkGraph.Node, into layer: inout FoldedNetwork.Layer) throws(NetworkError) {
    let channels = layer.shape.outputChannels
    let gamma = try values("\(node.name).weight", [channels])
    let beta = try values("\(node.name).bias", [channels])
    let mean = try values("\(node.name).running_mean", [channels])
    let variance = try values("\(node.name).running_var", [channels])
    for channel in 0..<channels {
      guard variance[channel] >= 0 else {
        throw .malformed(
          file: file.name,
          reason:
            "'\(node.name).running_var' is \(variance[channel]) at \(channel); a variance is not negative"
        )
      }
      let factor = Double(gamma[channel]) / (Double(variance[channel]) + 1e-5).squareRoot()
      for index in channel * layer.shape.depth..<(channel + 1) * layer.shape.depth {
        layer.weights[index] = Float(Double(layer.weights[index]) * factor)
      }
      let shifted = Double(layer.bias[channel]) - Double(mean[channel])
      layer.bias[channel] = Float(Double(beta[channel]) + shifted * factor)
    }
  }

  private func values(_ name: String, _ extents: [Int]) throws(NetworkError) -> [Float] {
    var stored = name
    for (ours, other) in Self.aliases where !file.contains(stored) {
      let alias =
        ours.hasPrefix(".")
        ? name.replacing(ours, with: other)
        : (name.hasPrefix(ours) ? other + name.dropFirst(ours.count) : name)
      if file.contains(alias) { stored = alias }
    }
    let tensor = try file.tensor(stored)
    guard tensor.shape.extents == extents else {
      throw .shapeMismatch(
        file: file.name,
        tensor: stored,
        expected: "\(Shape(extents))",
        found: "\(tensor.shape)"
      )
    }
    if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(file: file.name, tensor: stored, index: index)
    }
    return tensor.values
  }
}
