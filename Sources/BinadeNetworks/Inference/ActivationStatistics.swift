import BinadeKernels
import BinadeQuantization

/// What the input of each layer looks like on calibration images: exact ranges and a sample of the values.
public struct ActivationStatistics: Sendable {
  /// Per layer, one sample per input channel.
  public let samples: [[TensorSample]]

  /// About so many values of a layer are kept over all images and channels, but at least one per image and channel.
  static let sampleBudget = 32_768

  /// Runs the float32 network on every image of `images`.
  ///
  /// - Complexity: one inference per image; memory for the samples only. The outcome does not depend on `threads`.
  public init(
    _ network: FoldedNetwork,
    images: ImageDataset,
    normalization: Normalization,
    threads: Int
  ) {
    let compiled = CompiledNetwork(network)
    let chunk = 16
    let perChunk = ParallelLoop.map(
      count: (images.count + chunk - 1) / chunk,
      threads: threads
    ) { index in
      Self.collect(
        compiled,
        images: images,
        range: index * chunk..<min((index + 1) * chunk, images.count),
        normalization: normalization
      )
    }
    samples = network.layers.enumerated().map { layerIndex, layer in
      (0..<layer.shape.inputChannels).map { channel in
        var whole = TensorSample()
        for part in perChunk { whole.merge(part[layerIndex][channel]) }
        // Without the extremes a search would clip what the sample happened to miss.
        whole.values += [whole.least, whole.greatest]
        return whole
      }
    }
  }

  private static func collect(
    _ network: CompiledNetwork,
    images: ImageDataset,
    range: Range<Int>,
    normalization: Normalization
  ) -> [[TensorSample]] {
    let session = InferenceSession(network)
    let layers = network.folded.layers
    var samples = layers.map { Array(repeating: TensorSample(), count: $0.shape.inputChannels) }
    for image in range {
      images.copyImage(image, normalization: normalization, into: session.input())
      _ = session.run { layer, input in
        let kept = max(1, sampleBudget / (images.count * input.channelCount))
        input.forEachChannel { channel, plane in
          // The phase moves from image to image so that a sample does not see the same pixels only.
          samples[layer][channel].add(plane, keeping: kept, phase: image * 7 + channel)
        }
      }
    }
    return samples
  }
}
