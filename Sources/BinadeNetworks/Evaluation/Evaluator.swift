import BinadeKernels
import BinadeQuantization

/// Runs compiled networks over data sets.
public struct Evaluator: Sendable {
  /// The images.
  public let images: ImageDataset
  /// How pixels become inputs.
  public let normalization: Normalization
  /// Threads; results do not depend on them.
  public let threads: Int

  /// Images per unit of parallel work.
  private static let chunk = 64
  /// Images that go through the network together: they share the weights in the caches.
  private static let imagesPerRun = 4

  /// Creates an evaluator.
  public init(images: ImageDataset, normalization: Normalization, threads: Int) {
    self.images = images
    self.normalization = normalization
    self.threads = threads
  }

  /// Classifies every image.
  ///
  /// `progress`: called from any thread with a number of images just done.
  public func predictions(
    of network: CompiledNetwork,
    progress: @Sendable (Int) -> Void = { _ in }
  ) -> Predictions {
    let parts = forEachChunk(of: network, images.count) { session, range in
      let ranks = forEachImage(range, in: session) { Predictions.rank(of: images.label($0), in: $1) }
      progress(range.count)
      return ranks
    }
    return Predictions(ranks: parts.flatMap { $0 })
  }

  /// Returns the logits of the first `limit` images, image by image.
  ///
  /// `progress`: called from any thread with a number of images just done.
  ///
  /// - Shape: images x classes, row-major.
  public func logits(
    of network: CompiledNetwork,
    limit: Int = .max,
    progress: @Sendable (Int) -> Void = { _ in }
  ) -> [Float] {
    forEachChunk(of: network, min(limit, images.count)) { session, range in
      let logits = forEachImage(range, in: session) { Array($1) }.flatMap { $0 }
      progress(range.count)
      return logits
    }.flatMap { $0 }
  }

  /// Measures what quantization does to the input of each layer on the first `limit` images, in the network as
  /// it runs: errors of the layers before are in the input, not in the measurement.
  ///
  /// - Shape: one per layer; nil where the input is not quantized.
  public func activationErrors(of network: CompiledNetwork, limit: Int) -> [QuantizationError?] {
    let layers = network.folded.layers
    let parts = forEachChunk(of: network, min(limit, images.count)) { session, range in
      var errors = [QuantizationError](repeating: QuantizationError(), count: layers.count)
      for image in range {
        images.copyImage(image, normalization: normalization, into: session.input())
        _ = session.run(firstImage: image) { layer, input in
          guard network.quantizesInput(ofLayer: layer) else { return }
          network.measureInput(ofLayer: layer, input, into: &errors[layer])
        }
      }
      return errors
    }
    return layers.indices.map { layer in
      guard network.quantizesInput(ofLayer: layer) else { return nil }
      var total = QuantizationError()
      for part in parts { total += part[layer] }
      return total
    }
  }

  private func forEachChunk<Result: Sendable>(
    of network: CompiledNetwork,
    _ count: Int,
    _ body: (InferenceSession, Range<Int>) -> Result
  ) -> [Result] {
    let chunk = Self.chunk
    return ParallelLoop.map(count: (count + chunk - 1) / chunk, threads: threads) { index in
      body(
        InferenceSession(network, capacity: Self.imagesPerRun),
        index * chunk..<min((index + 1) * chunk, count)
      )
    }
  }

  /// Runs the network on the images of `range`, a few at a time, and returns what `body` makes of their logits.
  private func forEachImage<Result>(
    _ range: Range<Int>,
    in session: InferenceSession,
    _ body: (Int, UnsafeBufferPointer<Float>) -> Result
  ) -> [Result] {
    var results: [Result] = []
    for first in stride(from: range.lowerBound, to: range.upperBound, by: session.capacity) {
      let group = first..<min(first + session.capacity, range.upperBound)
      for image in group {
        images.copyImage(image, normalization: normalization, into: session.input(image - first))
      }
      let logits = session.run(imageCount: group.count, firstImage: first)
      let classes = logits.count / group.count
      for image in group {
        let start = (image - first) * classes
        results.append(body(image, UnsafeBufferPointer(rebasing: logits[start..<start + classes])))
      }
    }
    return results
  }
}
