import BinadeTensor

/// Which parameters a graph has, and where they lie in one buffer: node by node, as the graph has them.
public struct ParameterLayout: Sendable, Hashable {
  /// What a parameter is for.
  public enum Role: Sendable, Hashable {
    /// Of a convolution (output channels x input channels of a group x height x width) or a fully connected layer.
    case weight
    /// One per output channel.
    case bias
    /// Of batch norm, one per channel: γ and β.
    case normalizationScale, normalizationShift
    /// Of batch norm, one per channel: μ and σ², which no gradient changes.
    case runningMean, runningVariance

    /// Whether training changes it along a gradient.
    public var isTrainable: Bool { self != .runningMean && self != .runningVariance }
  }

  /// One parameter.
  public struct Entry: Sendable, Hashable {
    /// As in the weight file: `layer1.0.conv1.weight`.
    public let name: String
    /// Its extents, as in the weight file.
    public let shape: Shape
    /// What it is for.
    public let role: Role
    /// Its places in the buffer.
    public let range: Range<Int>
  }

  /// In the order of the graph's nodes.
  public private(set) var entries: [Entry] = []
  /// Numbers in the buffer, gaps included.
  public private(set) var count = 0
  private var places: [String: Int] = [:]

  /// Parameters begin at multiples of so many numbers: a cache line.
  static let alignment = 16

  /// The parameters of a graph.
  ///
  /// - Precondition: nodes with parameters have names of their own.
  public init(_ graph: NetworkGraph) {
    for node in graph.nodes {
      switch node.operation {
      case .convolution(_, _, _, _, _, let hasBias):
        guard let shape = graph.convolutionShape(of: node) else { continue }
        let inputs = shape.inputChannels / shape.groups
        append(
          "\(node.name).weight",
          [shape.outputChannels, inputs, shape.kernelHeight, shape.kernelWidth],
          .weight
        )
        if hasBias { append("\(node.name).bias", [shape.outputChannels], .bias) }
      case .linear(let outputCount):
        append("\(node.name).weight", [outputCount, graph.nodes[node.inputs[0]].shape.count], .weight)
        append("\(node.name).bias", [outputCount], .bias)
      case .batchNormalization:
        let channels: Shape = [node.shape.channels]
        append("\(node.name).weight", channels, .normalizationScale)
        append("\(node.name).bias", channels, .normalizationShift)
        append("\(node.name).running_mean", channels, .runningMean)
        append("\(node.name).running_var", channels, .runningVariance)
      case .input, .relu, .unweighted, .add: break
      }
    }
  }

  private mutating func append(_ name: String, _ shape: Shape, _ role: Role) {
    precondition(places[name] == nil, "two parameters are named '\(name)'")
    let start = (count + Self.alignment - 1) / Self.alignment * Self.alignment
    places[name] = entries.count
    entries.append(Entry(name: name, shape: shape, role: role, range: start..<start + shape.count))
    count = start + shape.count
  }

  /// The parameter of a name; nil when there is none.
  public subscript(name: String) -> Entry? { places[name].map { entries[$0] } }
}
