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

  private struct Channel {
    var mean: Double
    var variance: Double

    func rectified() -> Channel {
      let normal = RectifiedNormal(mean: mean, standardDeviation: variance.squareRoot())
      return Channel(mean: normal.expectation, variance: normal.variance)
    }
  }

  init(_ network: FoldedNetwork) {
    var known: [[Channel]?] = []
    var inputs = [[Double]?](repeating: nil, count: network.layers.count)
    for step in network.plan.stages {
      let sources = step.inputs.map { known[$0] }
      var channels: [Channel]?
      switch step.operation {
      case .input:
        channels = Array(repeating: Channel(mean: 0, variance: 1), count: step.shape.channels)
      case .layer(let layer):
        inputs[layer] = sources[0]?.map(\.mean)
        let normalized = network.layers[layer].normalized
        channels = normalized?.map {
          Channel(mean: $0.mean, variance: $0.standardDeviation * $0.standardDeviation)
        }
        if sources.count > 1 { channels = Self.sum(channels, sources[1]) }
      case .add:
        channels = Self.sum(sources[0], sources[1])
      case .maxPool:
        // The greatest of several neighbours is beyond what one's distribution tells.
        channels = nil
      case .relu:
        channels = sources[0]
      case .globalAveragePool:
        let pixels = network.plan.stages[step.inputs[0]].shape
        channels = sources[0]?.map {
          Channel(mean: $0.mean, variance: $0.variance / Double(pixels.height * pixels.width))
        }
      case .paddedShortcut:
        let before = (step.shape.channels - (sources[0]?.count ?? 0)) / 2
        channels = sources[0].map { inner in
          let empty = Channel(mean: 0, variance: 0)
          return (0..<step.shape.channels).map {
            inner.indices.contains($0 - before) ? inner[$0 - before] : empty
          }
        }
      }
      var rectifies = step.appliesReLU
      if case .relu = step.operation { rectifies = true }
      known.append(rectifies ? channels?.map { $0.rectified() } : channels)
    }
    inputMeans = inputs
  }

  private static func sum(_ left: [Channel]?, _ right: [Channel]?) -> [Channel]? {
    guard let left, let right else { return nil }
    return zip(left, right).map { Channel(mean: $0.mean + $1.mean, variance: $0.variance + $1.variance) }
  }
}
