import BinadeNetworks
import BinadeQuantization

/// Output channels that a search left no bits: they are 0 from the choice on, and are not exported.
extension Trainer {
  /// What the network loses; nil where no channel is pruned.
  var pruning: ChannelPruning? {
    let layers = quantized?.layers.filter { !$0.prunedChannels.isEmpty } ?? []
    guard !layers.isEmpty else { return nil }
    return ChannelPruning(
      kept: Dictionary(
        uniqueKeysWithValues: layers.map { layer in
          (layer.name, (0..<layer.shape.outputChannels).filter { !layer.prunedChannels.contains($0) })
        }
      )
    )
  }

  /// The network to export: without pruned channels, with the weights that quantizers read.
  ///
  /// `architecture`: of the network that is trained.
  ///
  /// Throws `NetworkError` for an architecture that is another.
  public func exported(_ architecture: any Architecture) throws -> (
    architecture: any Architecture, parameters: NetworkParameters
  ) {
    let parameters = exportedParameters
    guard let pruning else { return (architecture, parameters) }
    return (try PrunedArchitecture(architecture, pruning), try pruning.parameters(parameters, of: graph))
  }

  /// Places in the buffer of parameters: of weights of pruned channels, of those that read them, and shifts of their batch norms, which stay
  /// 0; of running statistics.
  private var prunedPlaces: (silent: [Int], means: [Int], variances: [Int]) {
    var (silent, means, variances): ([Int], [Int], [Int]) = ([], [], [])
    for (index, layer) in (quantized?.layers ?? []).enumerated() where !layer.prunedChannels.isEmpty {
      let own = plan.layers[index]
      guard let normalization = own.normalization,
        let reader = plan.readerOfPrunable(index).map({ plan.layers[$0] })
      else { continue }
      let depth = layer.shape.depth
      let taps = reader.shape.kernelHeight * reader.shape.kernelWidth
      for channel in layer.prunedChannels {
        silent += own.weights.lowerBound + channel * depth..<own.weights.lowerBound + (channel + 1) * depth
        for output in 0..<reader.shape.outputChannels {
          let first = reader.weights.lowerBound + output * reader.shape.depth + channel * taps
          silent += first..<first + taps
        }
        silent.append(normalization.shifts.lowerBound + channel)
        means.append(normalization.mean.lowerBound + channel)
        variances.append(normalization.variance.lowerBound + channel)
      }
    }
    return (silent, means, variances)
  }

  /// Makes the output of pruned channels 0: without weights, a batch norm leaves its shift.
  ///
  /// The weights are 0 as well, and so are those that read them, for the others are normalised by the greatest of the layer.
  func clearPruned() {
    let places = prunedPlaces
    guard !places.silent.isEmpty else { return }
    parameters.withUnsafeMutableValues { values in
      for place in places.silent + places.means { values[place] = 0 }
      for place in places.variances { values[place] = 1 }
    }
    for place in places.silent {
      average?[place] = 0
      for buffer in state.buffers.indices { state.buffers[buffer][place] = 0 }
    }
  }

  /// Keeps them there.
  func maskPruned(_ gradient: inout [Float]) {
    for place in prunedPlaces.silent { gradient[place] = 0 }
  }
}
