import BinadeNetworks

/// The deployed network beside the training forward with running statistics: whether both give the same bits.
///
/// They do for quantized networks whose sums float32 holds exactly (up to 2^24 steps); where batch norm is folded into float32 weights
/// they are close.
public struct ServingCheck: Sendable, Codable, Hashable {
  /// Images that both were run on.
  public let imageCount: Int
  /// Logits, and those with other bits.
  public let logitCount: Int, differingLogitCount: Int
  /// The greatest difference of two logits.
  public let greatestDifference: Double

  /// Runs both networks.
  ///
  /// Throws what ``Trainer/deployed()`` throws.
  public init(_ trainer: Trainer, _ evaluator: Evaluator) throws {
    let images = evaluator.images
    let served = evaluator.logits(of: try trainer.deployed())
    let (pixelCount, classCount) = (images.imageShape.count, trainer.graph.outputCount)
    // As many as a batch of training, whose maps are there.
    let chunk = trainer.recipe.batch
    var (differing, greatest) = (0, 0.0)
    for first in stride(from: 0, to: images.count, by: chunk) {
      let count = min(chunk, images.count - first)
      let pixels = [Float](unsafeUninitializedCapacity: count * pixelCount) { buffer, size in
        size = buffer.count
        guard let base = buffer.baseAddress else { return }
        for image in 0..<count {
          images.copyImage(
            first + image,
            normalization: evaluator.normalization,
            into: base + image * pixelCount
          )
        }
      }
      let trained = trainer.logits(images: pixels, usesRunningStatistics: true)
      for (place, logit) in trained.enumerated() {
        let other = served[first * classCount + place]
        if logit.bitPattern != other.bitPattern { differing += 1 }
        greatest = max(greatest, abs(Double(logit) - Double(other)))
      }
    }
    imageCount = images.count
    (logitCount, differingLogitCount) = (images.count * classCount, differing)
    greatestDifference = greatest
  }

  /// The result in a sentence.
  public var sentence: String {
    differingLogitCount == 0
      ? "deployed: the bits of the training forward, \(logitCount) logits of \(imageCount) images"
      : "deployed: \(differingLogitCount) of \(logitCount) logits of \(imageCount) images differ from the training forward, by at "
        + "most \(greatestDifference)"
  }
}
