import BinadeTraining

extension FormatAssignment {
  /// What a search chose, a line for each layer; output channels of other formats than the first one have lines of their own.
  public init(_ layers: [SearchReport.Layer]) {
    self.init()
    for layer in layers {
      let common = layer.weights.first ?? nil
      add(layer: layer.name, weights: common, activations: layer.inputs)
      var first = 0
      for channel in layer.weights.indices {
        let format = layer.weights[channel]
        if channel + 1 < layer.weights.count,
          layer.weights[channel + 1]?.description == format?.description
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
