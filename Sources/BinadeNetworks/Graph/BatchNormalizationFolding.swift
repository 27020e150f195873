/// Batch norms folded into the convolutions before them: the same function, as a graph without batch norms.
///
/// W' = W·γ/σ, b' = β + (b - μ)·γ/σ with σ = sqrt(variance + ε), in Double, rounded once.
///
/// - Source: Jacob et al., CVPR 2018, section 3.2; methods.md 2.1.
package struct BatchNormalizationFolding {
  /// The graph whose convolutions have biases instead.
  let graph: NetworkGraph
  /// Its parameters.
  let parameters: NetworkParameters
  /// The batch norm that each convolution took in, by name.
  let normalizations: [String: String]

  /// What batch norms add to the variance.
  package static let epsilon = 1e-5

  /// Folds every batch norm of `graph`.
  ///
  /// - Precondition: each follows a convolution that nothing else reads.
  init(_ graph: NetworkGraph, _ parameters: NetworkParameters) {
    let normalized = Self.normalizedConvolutions(of: graph)
    self.graph = Self.withoutNormalizations(graph, normalized)
    var folded = NetworkParameters(zeros: ParameterLayout(self.graph))
    for entry in folded.layout.entries where parameters.layout[entry.name] != nil {
      folded[entry.name] = parameters[entry.name]
    }
    normalizations = Self.normalizations(of: graph)
    for (convolution, normalization) in normalizations {
      Self.fold(normalization, of: parameters, into: convolution, of: &folded)
    }
    self.parameters = folded
  }

  /// Per convolution that a batch norm follows, that batch norm, by name.
  static func normalizations(of graph: NetworkGraph) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: normalizedConvolutions(of: graph).map {
        (graph.nodes[$0].name, graph.nodes[$1].name)
      }
    )
  }

  /// Per convolution that a batch norm follows, that batch norm.
  private static func normalizedConvolutions(of graph: NetworkGraph) -> [Int: Int] {
    var readerCounts = [Int](repeating: 0, count: graph.nodes.count)
    for node in graph.nodes {
      for input in node.inputs { readerCounts[input] += 1 }
    }
    var normalized: [Int: Int] = [:]
    for (index, node) in graph.nodes.enumerated() where node.isNormalization {
      let source = node.inputs[0]
      guard case .convolution = graph.nodes[source].operation, readerCounts[source] == 1 else {
        preconditionFailure("batch norm '\(node.name)' must follow a convolution of its own")
      }
      normalized[source] = index
    }
    return normalized
  }

  private static func withoutNormalizations(_ graph: NetworkGraph, _ normalized: [Int: Int]) -> NetworkGraph {
    var result = NetworkGraph(input: graph.inputShape)
    var places = [0]
    for (index, node) in graph.nodes.enumerated().dropFirst() {
      if node.isNormalization {
        places.append(places[node.inputs[0]])
        continue
      }
      var operation = node.operation
      if normalized[index] != nil,
        case .convolution(let channels, let kernel, let stride, let padding, let groups, _) = operation
      {
        operation = .convolution(
          outputChannels: channels,
          kernel: kernel,
          stride: stride,
          padding: padding,
          groups: groups,
          hasBias: true
        )
      }
      places.append(result.append(node.name, operation, inputs: node.inputs.map { places[$0] }))
    }
    return result
  }

  private static func fold(
    _ normalization: String,
    of parameters: NetworkParameters,
    into convolution: String,
    of folded: inout NetworkParameters
  ) {
    let (gamma, beta) = (parameters["\(normalization).weight"], parameters["\(normalization).bias"])
    let mean = parameters["\(normalization).running_mean"]
    let variance = parameters["\(normalization).running_var"]
    var weights = Array(folded["\(convolution).weight"])
    var bias = Array(folded["\(convolution).bias"])
    let depth = weights.count / bias.count
    for channel in bias.indices {
      func at(_ values: ArraySlice<Float>) -> Double { Double(values[values.startIndex + channel]) }
      let factor = at(gamma) / (at(variance) + epsilon).squareRoot()
      for index in channel * depth..<(channel + 1) * depth {
        weights[index] = Float(Double(weights[index]) * factor)
      }
      bias[channel] = Float(at(beta) + (Double(bias[channel]) - at(mean)) * factor)
    }
    folded["\(convolution).weight"] = weights[...]
    folded["\(convolution).bias"] = bias[...]
  }
}
