import BinadeQuantization

/// Means of the inputs of layers as batch norm tells them, without images.
///
/// A batch norm's output is taken to be normal with its mean β and deviation |γ|; sums to be of independent terms. The image
/// itself counts as 0 in the mean, which is what normalization is for.
///
/// - Source: Nagel et al., ICCV 2019, section 4.2.1 and appendix C; methods.md 4.7.
struct DataFreeMoments {
  /// Per layer, the mean of each input channel; nil where no batch norm tells it.
  let inputMeans: [[Double]?]

  init(_ network: FoldedNetwork) {
    var known: [[ChannelDistribution]?] = []
    var inputs = [[Double]?](repeating: nil, count: network.layers.count)
    for step in network.plan.stages {
      let sources = step.inputs.map { known[$0] }
      var channels: [ChannelDistribution]?
      switch step.operation {
      case .input:
        channels = Array(repeating: ChannelDistribution(mean: 0, variance: 1), count: step.shape.channels)
      case .layer(let layer):
        inputs[layer] = sources[0]?.map(\.mean)
        let normalized = network.layers[layer].normalized
        channels = normalized?.map {
          ChannelDistribution(mean: $0.mean, variance: $0.standardDeviation * $0.standardDeviation)
        }
        if sources.count > 1 { channels = Self.sum(channels, sources[1]) }
      case .add:
        channels = Self.sum(sources[0], sources[1])
      case .unweighted(let layer):
        let shape = network.plan.stages[step.inputs[0]].shape
        channels = sources[0].flatMap { layer.distributions(of: $0, shape) }
      case .relu:
        channels = sources[0]
      }
      var rectifies = step.appliesReLU
      if case .relu = step.operation { rectifies = true }
      known.append(rectifies ? channels?.map { $0.rectified() } : channels)
    }
    inputMeans = inputs
  }

  private static func sum(_ left: [ChannelDistribution]?, _ right: [ChannelDistribution]?)
    -> [ChannelDistribution]?
  {
    guard let left, let right else { return nil }
    return zip(left, right).map {
      ChannelDistribution(mean: $0.mean + $1.mean, variance: $0.variance + $1.variance)
    }
  }
}

extension ChannelDistribution {
  /// Of max(x, 0), x taken to be normal.
  fileprivate func rectified() -> ChannelDistribution {
    let normal = RectifiedNormal(mean: mean, standardDeviation: variance.squareRoot())
    return ChannelDistribution(mean: normal.expectation, variance: normal.variance)
  }
}
