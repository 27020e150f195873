import BinadeKernels
import BinadeQuantization

/// What stands before the ReLU of each layer's input, on calibration images: what analytic clipping takes its moments of.
public struct PreactivationStatistics: Sendable {
  /// Per layer, one sample per input channel: before the ReLU if the input comes out of one, else the input itself.
  public let samples: [[TensorSample]]
  /// Per layer, whether its input comes out of a ReLU.
  public let isRectified: [Bool]
  /// Images seen.
  public let imageCount: Int

  /// About so many values of a layer are kept, but at least one per image and channel.
  static let sampleBudget = 1 << 20

  /// Runs the float32 network on every image of `images`.
  ///
  /// Throws `QuantizationFailure` when there are no images, or an input holds NaN or infinity.
  ///
  /// - Complexity: one inference per image. The outcome does not depend on `threads`.
  public init(
    _ network: FoldedNetwork,
    images: ImageDataset,
    normalization: Normalization,
    threads: Int
  ) throws(QuantizationFailure) {
    let exposed = network.withSeparateReLUs()
    let sources = exposed.inputReLUs
    let compiled = CompiledNetwork(exposed)
    let chunk = 16
    let parts = ParallelLoop.map(count: (images.count + chunk - 1) / chunk, threads: threads) { index in
      Self.collect(
        compiled,
        sources,
        images: images,
        range: index * chunk..<min((index + 1) * chunk, images.count),
        normalization: normalization
      )
    }
    var samples: [[TensorSample]] = []
    for (index, layer) in network.layers.enumerated() {
      let channels = (0..<layer.shape.inputChannels).map { channel in
        var whole = TensorSample()
        for part in parts { whole.merge(part[index][channel]) }
        return whole
      }
      guard !channels[0].values.isEmpty else {
        throw .emptyCalibrationSet(tensor: "\(layer.name).input")
      }
      guard channels.allSatisfy({ $0.least.isFinite && $0.greatest.isFinite }) else {
        throw .notFinite(tensor: "\(layer.name).input")
      }
      samples.append(channels)
    }
    self.samples = samples
    isRectified = sources.map { $0 != nil }
    imageCount = images.count
  }

  private static func collect(
    _ network: CompiledNetwork,
    _ sources: [Int?],
    images: ImageDataset,
    range: Range<Int>,
    normalization: Normalization
  ) -> [[TensorSample]] {
    let session = InferenceSession(network)
    let layers = network.folded.layers
    var samples = layers.map { Array(repeating: TensorSample(), count: $0.shape.inputChannels) }
    for image in range {
      images.copyImage(image, normalization: normalization, into: session.input())
      func add(_ layer: Int, _ input: ObservedInput) {
        let kept = max(1, sampleBudget / (images.count * input.channelCount))
        input.forEachChannel { channel, plane in
          samples[layer][channel].add(plane, keeping: kept, phase: image * 7 + channel)
        }
      }
      _ = session.run(
        imageCount: 1,
        observer: { layer, input in if sources[layer] == nil { add(layer, input) } },
        preactivations: { step, input in
          for (layer, source) in sources.enumerated() where source == step { add(layer, input) }
        }
      )
    }
    return samples
  }
}
