import BinadeKernels

/// A network as data: operations and who feeds whom.
///
/// Parameters are named, not held.
public struct NetworkGraph: Sendable {
  /// What a node computes.
  public enum Operation: Sendable {
    /// The image.
    case input
    /// A square kernel; each of `groups` groups of output channels sees its own group of input channels.
    case convolution(
      outputChannels: Int,
      kernel: Int,
      stride: Int,
      padding: Int,
      groups: Int = 1,
      hasBias: Bool = false
    )
    /// Per channel, with running statistics.
    case batchNormalization
    /// max(x, 0).
    case relu
    /// A layer of one input without weights.
    case unweighted(any UnweightedLayer)
    /// The sum of two feature maps.
    case add
    /// Fully connected, with bias.
    case linear(outputCount: Int)
  }

  /// One operation.
  public struct Node: Sendable {
    /// The prefix of its parameters' names, as in PyTorch: `layer1.0.conv1`.
    public let name: String
    /// What it computes.
    public let operation: Operation
    /// The nodes that feed it, earlier in the list.
    public let inputs: [Int]
    /// What it produces.
    public let shape: ImageShape

    /// Whether it is a batch norm.
    var isNormalization: Bool {
      if case .batchNormalization = operation { true } else { false }
    }
  }

  /// In an order in which they can be computed; the first is the input, the last the output.
  public private(set) var nodes: [Node]

  /// Creates a graph with an input.
  public init(input: ImageShape) {
    nodes = [Node(name: "input", operation: .input, inputs: [], shape: input)]
  }

  /// The shape of the images it takes.
  public var inputShape: ImageShape { nodes[0].shape }

  /// Classes.
  public var outputCount: Int { nodes[nodes.count - 1].shape.count }

  /// Appends a node and returns its index.
  ///
  /// - Precondition: the inputs exist and fit the operation.
  public mutating func append(_ name: String, _ operation: Operation, inputs: [Int]) -> Int {
    precondition(
      inputs.allSatisfy { nodes.indices.contains($0) },
      "'\(name)' needs nodes that come before it"
    )
    let shapes = inputs.map { nodes[$0].shape }
    if case .add = operation {
      precondition(
        shapes.count == 2 && shapes[0] == shapes[1],
        "'\(name)' adds \(shapes)"
      )
    }
    nodes.append(
      Node(
        name: name,
        operation: operation,
        inputs: inputs,
        shape: Self.outputShape(of: operation, input: shapes[0])
      )
    )
    return nodes.count - 1
  }

  private static func outputShape(of operation: Operation, input: ImageShape) -> ImageShape {
    func slide(_ extent: Int, window: Int, stride: Int, padding: Int) -> Int {
      (extent + 2 * padding - window) / stride + 1
    }
    switch operation {
    case .input, .batchNormalization, .relu, .add:
      return input
    case .convolution(let outputChannels, let kernel, let stride, let padding, _, _):
      return ImageShape(
        channels: outputChannels,
        height: slide(input.height, window: kernel, stride: stride, padding: padding),
        width: slide(input.width, window: kernel, stride: stride, padding: padding)
      )
    case .unweighted(let layer):
      return layer.outputShape(of: input)
    case .linear(let outputCount):
      return ImageShape(channels: outputCount, height: 1, width: 1)
    }
  }

  /// The layers with weights, in order: convolutions and fully connected ones.
  public var weightedLayers: [(name: String, shape: ConvolutionShape)] {
    nodes.compactMap { node in convolutionShape(of: node).map { (node.name, $0) } }
  }

  /// The sizes of a convolution; a fully connected layer is one of 1 x 1 on an image of one pixel.
  package func convolutionShape(of node: Node) -> ConvolutionShape? {
    switch node.operation {
    case .convolution(let outputChannels, let kernel, let stride, let padding, let groups, _):
      let input = nodes[node.inputs[0]].shape
      return ConvolutionShape(
        inputChannels: input.channels,
        inputHeight: input.height,
        inputWidth: input.width,
        outputChannels: outputChannels,
        kernelHeight: kernel,
        kernelWidth: kernel,
        stride: stride,
        padding: padding,
        groups: groups
      )
    case .linear(let outputCount):
      return ConvolutionShape(
        inputChannels: nodes[node.inputs[0]].shape.count,
        inputHeight: 1,
        inputWidth: 1,
        outputChannels: outputCount,
        kernelHeight: 1,
        kernelWidth: 1
      )
    default:
      return nil
    }
  }
}
