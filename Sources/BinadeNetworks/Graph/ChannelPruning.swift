import BinadeTensor

/// A network without some of its channels: output channels of convolutions that one other convolution alone reads, behind batch norm and
/// ReLU.
///
/// The network gives what the whole one gives where those channels are 0.
public struct ChannelPruning: Sendable, Hashable {
  /// Of each layer that loses channels those that it keeps, in their order.
  public let kept: [String: [Int]]

  /// Channels to keep.
  public init(kept: [String: [Int]]) { self.kept = kept }

  /// Layers of a graph that may lose output channels.
  public static func prunableLayers(_ graph: NetworkGraph) -> Set<String> {
    var readers = graph.nodes.map { _ in [Int]() }
    for (index, node) in graph.nodes.enumerated() {
      for input in node.inputs { readers[input].append(index) }
    }
    func isConvolution(_ node: NetworkGraph.Node) -> Bool {
      if case .convolution(_, _, _, _, let groups, _) = node.operation { groups == 1 } else { false }
    }
    var found: Set<String> = []
    for (index, node) in graph.nodes.enumerated() where isConvolution(node) {
      var (place, isNormalized) = (index, false)
      walk: while readers[place].count == 1 {
        place = readers[place][0]
        switch graph.nodes[place].operation {
        case .batchNormalization: isNormalized = true
        case .relu: continue
        case .convolution(_, _, _, _, groups: 1, _):
          // Without batch norm there is a bias that nothing takes away.
          if isNormalized { found.insert(node.name) }
          break walk
        default: break walk
        }
      }
    }
    return found
  }

  /// The network without the channels.
  ///
  /// Throws ``NetworkError`` for layers that cannot lose channels, and for channels that they do not have.
  public func graph(_ graph: NetworkGraph) throws(NetworkError) -> NetworkGraph {
    let prunable = Self.prunableLayers(graph)
    for (layer, channels) in kept {
      guard prunable.contains(layer),
        let count = graph.nodes.first(where: { $0.name == layer })?.shape.channels
      else { throw .malformed(file: layer, reason: "a layer that keeps all its channels") }
      guard !channels.isEmpty, zip(channels, channels.dropFirst()).allSatisfy({ $0 < $1 }),
        channels.allSatisfy((0..<count).contains)
      else {
        throw .malformed(
          file: layer,
          reason: "kept channels must be some of 0 to \(count - 1), in their order"
        )
      }
    }
    var result = NetworkGraph(input: graph.inputShape)
    for node in graph.nodes.dropFirst() {
      var operation = node.operation
      if let channels = kept[node.name],
        case .convolution(_, let kernel, let stride, let padding, let groups, let hasBias) = operation
      {
        operation = .convolution(
          outputChannels: channels.count,
          kernel: kernel,
          stride: stride,
          padding: padding,
          groups: groups,
          hasBias: hasBias
        )
      }
      _ = result.append(node.name, operation, inputs: node.inputs)
    }
    return result
  }

  /// The parameters of the network without the channels.
  ///
  /// Throws as ``graph(_:)``.
  public func parameters(_ parameters: NetworkParameters, of graph: NetworkGraph) throws(NetworkError)
    -> NetworkParameters
  {
    let pruned = try self.graph(graph)
    var result = NetworkParameters(zeros: ParameterLayout(pruned))
    // Whose channels the output of each node has.
    var sources: [String?] = []
    for node in graph.nodes {
      switch node.operation {
      case .convolution: sources.append(kept[node.name] == nil ? nil : node.name)
      case .batchNormalization, .relu: sources.append(sources[node.inputs[0]])
      default: sources.append(nil)
      }
    }
    let nodes = Dictionary(uniqueKeysWithValues: graph.nodes.enumerated().map { ($1.name, $0) })
    for entry in result.layout.entries {
      guard let own = parameters.layout[entry.name], let dot = entry.name.lastIndex(of: "."),
        let index = nodes[String(entry.name[..<dot])]
      else { continue }
      let outputs = sources[index].flatMap { kept[$0] }
      let inputs = entry.role == .weight ? sources[graph.nodes[index].inputs[0]].flatMap { kept[$0] } : nil
      let values = parameters.values[own.range]
      result[entry.name] = Self.selected(Array(values), own.shape, outputs, inputs)[...]
    }
    return result
  }

  /// The elements of some output and input channels, the first two extents.
  private static func selected(_ values: [Float], _ shape: Shape, _ outputs: [Int]?, _ inputs: [Int]?)
    -> [Float]
  {
    let inputCount = shape.rank > 1 ? shape[1] : 1
    let length = values.count / (shape[0] * inputCount)
    return (outputs ?? Array(0..<shape[0])).flatMap { output in
      (inputs ?? Array(0..<inputCount)).flatMap { input in
        let first = (output * inputCount + input) * length
        return values[first..<first + length]
      }
    }
  }
}

/// An architecture that has lost channels.
public struct PrunedArchitecture: Architecture {
  /// What it was before.
  public let base: any Architecture
  /// What it has lost.
  public let pruning: ChannelPruning
  /// Without the channels.
  public let graph: NetworkGraph

  /// An architecture without some channels.
  ///
  /// Throws ``NetworkError`` for layers that cannot lose channels, and for channels that they do not have.
  public init(_ base: any Architecture, _ pruning: ChannelPruning) throws(NetworkError) {
    (self.base, self.pruning) = (base, pruning)
    graph = try pruning.graph(base.graph)
  }

  /// That of the whole one.
  public var name: String { base.name }
  /// The images it takes.
  public var input: ImageShape { base.input }
  /// The classes it tells apart.
  public var classCount: Int { base.classCount }

  /// The key of what files say about it: `LAYER=CHANNELS`, joined by semicolons, ranges as `0-4,7`.
  static let key = "keptChannels"

  /// That of the whole one, and which channels are left.
  public var metadata: [String: String] {
    let layers = pruning.kept.sorted { $0.key < $1.key }.map { layer, channels in
      var ranges: [(first: Int, last: Int)] = []
      for channel in channels {
        if let last = ranges.last?.last, last + 1 == channel {
          ranges[ranges.count - 1].last = channel
        } else {
          ranges.append((channel, channel))
        }
      }
      let texts = ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
      return "\(layer)=\(texts.joined(separator: ","))"
    }
    return base.metadata.merging([Self.key: layers.joined(separator: ";")]) { _, own in own }
  }

  /// What a file says was kept.
  ///
  /// Throws ``NetworkError`` for text that is none.
  init(_ base: any Architecture, text: String, file: String) throws(NetworkError) {
    var kept: [String: [Int]] = [:]
    for part in text.split(separator: ";") {
      let halves = part.split(separator: "=", maxSplits: 1)
      var channels: [Int] = []
      for range in halves.count == 2 ? halves[1].split(separator: ",") : [] {
        let ends = range.split(separator: "-").map { Int($0) }
        // A range of any length may come from a file.
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first >= 0,
          first <= last,
          last < 1 << 20
        else { continue }
        channels += first...last
      }
      guard halves.count == 2, !channels.isEmpty, kept[String(halves[0])] == nil else {
        throw .malformed(file: file, reason: "the metadata '\(Self.key)' is no list of layers and channels")
      }
      kept[String(halves[0])] = channels
    }
    try self.init(base, ChannelPruning(kept: kept))
  }

  /// None: files find it by the name of what it was.
  public static func named(_ name: String, _ options: ArchitectureOptions) throws(NetworkError) -> Self? {
    nil
  }
  /// None.
  public static var examples: [String] { [] }
  /// None.
  public static func suggestion(for letters: String, numbers: [Int]) -> String? { nil }
}
