import BinadeKernels

/// Makes layers of the parameters of nodes, and folds batch norms into them.
struct ParameterReader<Source: ParameterSource> {
  let source: Source

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
        weights: try source.values(
          "\(node.name).weight",
          [shape.outputChannels, shape.inputChannels]
        ),
        bias: try source.values("\(node.name).bias", [shape.outputChannels])
      )
    }
    return FoldedNetwork.Layer(
      name: node.name,
      shape: shape,
      weights: try source.values(
        "\(node.name).weight",
        [shape.outputChannels, shape.inputChannels, shape.kernelHeight, shape.kernelWidth]
      ),
      bias: Array(repeating: 0, count: shape.outputChannels)
    )
  }

  /// Folds batch norm: W' = W·γ/σ, b' = β + (b - μ)·γ/σ, σ = sqrt(variance + 1e-5), in Double.
  func fold(_ node: NetworkGraph.Node, into layer: inout FoldedNetwork.Layer) throws(NetworkError) {
    let channels = layer.shape.outputChannels
    let gamma = try source.values("\(node.name).weight", [channels])
    let beta = try source.values("\(node.name).bias", [channels])
    let mean = try source.values("\(node.name).running_mean", [channels])
    let variance = try source.values("\(node.name).running_var", [channels])
    layer.normalized = zip(beta, gamma).map { .init(mean: Double($0), standardDeviation: abs(Double($1))) }
    for channel in 0..<channels {
      guard variance[channel] >= 0 else {
        throw .malformed(
          file: source.name,
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
}
