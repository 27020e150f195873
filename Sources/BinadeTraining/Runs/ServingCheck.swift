import BinadeNetworks

extension Trainer {
  /// The logits of the training forward with running statistics, in batches of training, whose maps are there.
  ///
  /// - Shape: images x classes.
  func logits(of evaluator: Evaluator) -> [Float] {
    let images = evaluator.images
    let pixelCount = images.imageShape.count
    return stride(from: 0, to: images.count, by: recipe.batch).flatMap { first in
      let count = min(recipe.batch, images.count - first)
      let pixels = [Float](unsafeUninitializedCapacity: count * pixelCount) { buffer, size in
        size = buffer.count
        guard let base = buffer.baseAddress else { return }
        for image in 0..<count {
          let place = base + image * pixelCount
          images.copyImage(first + image, normalization: evaluator.normalization, into: place)
        }
      }
      return logits(images: pixels, usesRunningStatistics: true)
    }
  }
}

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
    let served = evaluator.logits(of: try trainer.deployed())
    let trained = trainer.logits(of: evaluator)
    imageCount = evaluator.images.count
    logitCount = trained.count
    differingLogitCount = zip(trained, served).count { $0.bitPattern != $1.bitPattern }
    greatestDifference = zip(trained, served).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
  }

  /// The result in a sentence.
  public var sentence: String {
    differingLogitCount == 0
      ? "deployed: the bits of the training forward, \(logitCount) logits of \(imageCount) images"
      : "deployed: \(differingLogitCount) of \(logitCount) logits of \(imageCount) images differ from the training forward, by at "
        + "most \(greatestDifference)"
  }
}
