import BinadeNetworks
import BinadeNumerics
import Testing

/// A graph with its parameters as the formulas have it, in Double: what folding and fusing must not change.
private struct GraphInterpreter {
  let graph: NetworkGraph
  let parameters: NetworkParameters

  /// The logits of an image, planes one after the other.
  func logits(_ image: [Double]) -> [Double] {
    var outputs: [[Double]] = [image]
    for node in graph.nodes.dropFirst() { outputs.append(output(of: node, node.inputs.map { outputs[$0] })) }
    return outputs[outputs.count - 1]
  }

  private func output(of node: NetworkGraph.Node, _ inputs: [[Double]]) -> [Double] {
    let (from, to) = (graph.nodes[node.inputs[0]].shape, node.shape)
    let area = to.height * to.width
    func parameter(_ part: String) -> [Double] { parameters["\(node.name).\(part)"].map { Double($0) } }
    switch node.operation {
    case .input: preconditionFailure("the image is given")
    case .convolution(_, let kernel, let stride, let padding, let groups, let hasBias):
      let weights = parameter("weight")
      let bias = hasBias ? parameter("bias") : Array(repeating: 0, count: to.channels)
      let (inner, outer) = (from.channels / groups, to.channels / groups)
      return (0..<to.count).map { index in
        let (channel, y, x) = (index / area, index % area / to.width, index % to.width)
        var sum = bias[channel]
        for input in 0..<inner {
          for i in 0..<kernel {
            for j in 0..<kernel {
              let (row, column) = (y * stride + i - padding, x * stride + j - padding)
              guard (0..<from.height).contains(row), (0..<from.width).contains(column) else { continue }
              let plane = channel / outer * inner + input
              sum +=
                weights[((channel * inner + input) * kernel + i) * kernel + j]
                * inputs[0][(plane * from.height + row) * from.width + column]
            }
          }
        }
        return sum
      }
    case .batchNormalization:
      let (gamma, beta) = (parameter("weight"), parameter("bias"))
      let (mean, variance) = (parameter("running_mean"), parameter("running_var"))
      return inputs[0].enumerated().map { index, value in
        let channel = index / area
        return (value - mean[channel]) / (variance[channel] + 1e-5).squareRoot() * gamma[channel]
          + beta[channel]
      }
    case .relu: return inputs[0].map { max($0, 0) }
    case .unweighted(is GlobalAveragePool):
      let count = from.height * from.width
      return (0..<to.channels).map { inputs[0][$0 * count..<($0 + 1) * count].reduce(0, +) / Double(count) }
    case .add: return zip(inputs[0], inputs[1]).map { $0 + $1 }
    case .unweighted(let layer):
      guard let stride = (layer as? PaddedShortcut)?.stride else {
        preconditionFailure("CIFAR networks have no \(layer)")
      }
      let before = (to.channels - from.channels) / 2
      return (0..<to.count).map { index in
        let (channel, y, x) = (index / area - before, index % area / to.width, index % to.width)
        guard (0..<from.channels).contains(channel) else { return 0 }
        return inputs[0][(channel * from.height + y * stride) * from.width + x * stride]
      }
    case .linear(let count):
      let (weights, bias) = (parameter("weight"), parameter("bias"))
      return (0..<count).map { output in
        inputs[0].indices.reduce(bias[output]) { $0 + weights[output * inputs[0].count + $1] * inputs[0][$1] }
      }
    }
  }
}

/// Parameters by name, and the way from them to a network that runs.
@Suite struct NetworkParametersTests {
  private static func graph(_ shortcut: ResNet.Shortcut) throws -> NetworkGraph {
    try ResNet.cifar(
      depth: 8,
      widths: [4, 6, 8],
      shortcut: shortcut,
      input: ImageShape(channels: 3, height: 10, width: 12)
    ).graph
  }

  /// Drawn weights, and batch norms that change something.
  private static func parameters(_ graph: NetworkGraph) -> NetworkParameters {
    var parameters = NetworkParameters(graph, seed: 3)
    for (place, entry) in parameters.layout.entries.enumerated() where entry.role != .weight {
      let words = CounterGenerator(seed: 4, tensor: UInt32(place))
      parameters[entry.name] = ArraySlice(
        entry.range.indices.map { index in
          let uniform = Float(words.word(of: UInt64(index)) >> 8) * 0x1p-24
          return entry.role == .runningVariance ? uniform + 0.25 : 2 * uniform - 1
        }
      )
    }
    return parameters
  }

  @Test("ResNet-20 has the 269,722 parameters of the literature, of which none overlap")
  func layout() throws {
    let layout = ParameterLayout(try ArchitectureName.resolve("resnet20-cifar").graph)
    #expect(layout.entries.filter(\.role.isTrainable).reduce(0) { $0 + $1.shape.count } == 269_722)
    var end = 0
    for entry in layout.entries {
      #expect(entry.range.lowerBound >= end && entry.range.lowerBound.isMultiple(of: 16), "\(entry.name)")
      #expect(entry.range.count == entry.shape.count && layout[entry.name] == entry)
      end = entry.range.upperBound
    }
    #expect(layout.count == end && layout["nothing"] == nil)
    #expect(layout["layer1.0.bn1.running_var"]?.role == .runningVariance)
    #expect(layout["layer2.0.conv1.weight"]?.shape == [32, 16, 3, 3])
  }

  @Test("what is set is read, and nothing else changes")
  func setting() throws {
    let graph = try Self.graph(.b)
    let before = NetworkParameters(graph, seed: 1)
    var after = before
    after["linear.bias"] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    #expect(after.tensor("linear.bias")?.values == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    #expect(after.tensor("none") == nil)
    for entry in before.layout.entries where entry.name != "linear.bias" {
      #expect(after[entry.name] == before[entry.name], "\(entry.name)")
    }
  }

  @Test("folded and fused, a network computes what its graph says", arguments: ResNet.Shortcut.allCases)
  func folding(shortcut: ResNet.Shortcut) throws {
    let graph = try Self.graph(shortcut)
    let parameters = Self.parameters(graph)
    let shape = graph.inputShape
    let image = (0..<shape.count).map { Double(($0 * 7) % 31 - 15) / 16 }
    let expected = GraphInterpreter(graph: graph, parameters: parameters).logits(image)
    let session = InferenceSession(CompiledNetwork(FoldedNetwork(graph, parameters)))
    let area = shape.height * shape.width
    for index in image.indices {
      session.input()[index % area * shape.channels + index / area] = Float(image[index])
    }
    // Ten layers of sums of up to 73 products, each of relative error 2^-24, and folded weights of another.
    let scale = expected.reduce(1) { max($0, abs($1)) }
    for (found, logit) in zip(session.run(), expected) {
      #expect(abs(Double(found) - logit) < 1e-5 * scale, "\(found) for \(logit)")
    }
    // Planted: another γ is another network.
    var other = parameters
    other["layer1.0.bn1.weight"] = ArraySlice(other["layer1.0.bn1.weight"].map { $0 + 0.125 })
    let changed = GraphInterpreter(graph: graph, parameters: other).logits(image)
    #expect(zip(changed, expected).contains { abs($0 - $1) > 1e-3 * scale })
  }

  @Test("batch norms of a network stay with its model")
  func model() throws {
    let graph = try Self.graph(.a)
    let parameters = Self.parameters(graph)
    let network = FoldedNetwork(graph, parameters)
    let normalized = try #require(network.layers[0].normalized)
    #expect(normalized.map(\.mean) == parameters["bn1.bias"].map { Double($0) })
    #expect(normalized.map(\.standardDeviation) == parameters["bn1.weight"].map { abs(Double($0)) })
    #expect(network.layers.last?.normalized == nil)
  }
}
