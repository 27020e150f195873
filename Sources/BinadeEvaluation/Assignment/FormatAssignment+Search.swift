import BinadeTraining

extension FormatAssignment {
  /// What a search chose, a line for each layer; output channels of other formats than the first one have lines of their own, counted
  /// without those that were pruned.
  public init(_ layers: [SearchReport.Layer]) {
    self.init()
    for layer in layers {
      let weights = layer.weights.count > 1 ? layer.weights.filter { $0 != nil } : layer.weights
      let common = weights.first ?? nil
      add(layer: layer.name, weights: common, activations: layer.inputs)
      var first = 0
      for channel in weights.indices {
        let format = weights[channel]
        if channel + 1 < weights.count,
          weights[channel + 1]?.description == format?.description
        {
          continue
        }
        if format?.description != common?.description {
          add(layer: layer.name, weights: format, activations: nil, channels: first...channel)
        }
        first = channel + 1
      }
    }
  }
}
