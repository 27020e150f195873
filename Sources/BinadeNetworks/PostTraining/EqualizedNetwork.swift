import BinadeQuantization

extension FoldedNetwork {
  /// The network after cross-layer equalization: the same function, with ranges balanced between layers that follow each
  /// other over a ReLU alone.
  ///
  /// - Source: ``CrossLayerEqualization``.
  func equalized() -> FoldedNetwork {
    var network = self
    let pairs = rectifiedPairs
    // Chains of more than two layers settle after a few rounds; pairs after one.
    for _ in 0..<(pairs.isEmpty ? 0 : 10) {
      for (first, second) in pairs { network.equalize(first, second) }
    }
    return network
  }

  /// Layers with a ReLU between them and no other reader of the first one's output.
  private var rectifiedPairs: [(Int, Int)] {
    let buffers = InferencePlan(self)
    return plan.stages.enumerated().compactMap { index, stage in
      guard case .layer(let first) = stage.operation, stage.appliesReLU, stage.inputs.count == 1,
        let second = buffers.onlyReader[index], layers[first].shape.groups == 1,
        layers[second].shape.groups == 1
      else { return nil }
      return (first, second)
    }
  }

  private mutating func equalize(_ first: Int, _ second: Int) {
    let depth = layers[first].shape.depth
    let kernel = layers[second].shape.kernelHeight * layers[second].shape.kernelWidth
    let (channels, nextDepth) = (layers[first].shape.outputChannels, layers[second].shape.depth)
    let rows = (0..<channels).map { channel in
      Double(layers[first].weights[channel * depth..<(channel + 1) * depth].reduce(0) { max($0, abs($1)) })
    }
    var columns = [Double](repeating: 0, count: channels)
    for (index, weight) in layers[second].weights.enumerated() {
      let channel = index % nextDepth / kernel
      columns[channel] = max(columns[channel], Double(abs(weight)))
    }
    let factors = CrossLayerEqualization.factors(rows: rows, columns: columns)
    for channel in 0..<channels {
      for index in channel * depth..<(channel + 1) * depth {
        layers[first].weights[index] = Float(Double(layers[first].weights[index]) / factors[channel])
      }
      layers[first].bias[channel] = Float(Double(layers[first].bias[channel]) / factors[channel])
      layers[first].normalized?[channel].mean /= factors[channel]
      layers[first].normalized?[channel].standardDeviation /= factors[channel]
    }
    for index in layers[second].weights.indices {
      let factor = factors[index % nextDepth / kernel]
      layers[second].weights[index] = Float(Double(layers[second].weights[index]) * factor)
    }
  }
}
