import BinadeKernels
import BinadeNetworks

/// How far a network's outputs are from those of the same network in float32, over all images.
///
/// These tell formats apart long after the share of right images has stopped to: a class changes only where two logits cross, but
/// every rounding moves the probabilities.
///
/// Values are in nats. An image with a NaN or an infinity among the logits has no probabilities: it is counted, its divergence and
/// its cross-entropy are infinite, and so are their means; after a NaN it agrees with nothing. Nothing is left out.
///
/// - Source: the divergence as a measure of compressed networks beside accuracy: Dutta et al., Accuracy is Not All You Need,
///   NeurIPS 2024. Intervals: ``Bootstrap``.
public struct OutputMeasures: Sendable, Hashable, Codable {
  /// Σ D(pᵢ‖qᵢ) / n of the softmax q of each image from float32's p (``SoftmaxDivergence``).
  public let meanDivergence: Double
  /// 95 %.
  public let meanDivergenceInterval: BootstrapInterval
  /// The least divergence that is not exceeded for at least 99 % of the images: the ⌈0.99 n⌉-th of n in ascending order.
  public let percentile99Divergence: Double
  /// 95 %.
  public let percentile99DivergenceInterval: BootstrapInterval
  /// The share of images whose first class is float32's, right or wrong, 0 to 1.
  public let agreement: Double
  /// 95 %; without width where all images agree.
  public let agreementInterval: BootstrapInterval
  /// The mean of -ln q of the right class.
  public let crossEntropy: Double
  /// ``crossEntropy`` minus float32's.
  public let crossEntropyChange: Double
  /// 95 %, of the change image by image.
  public let crossEntropyChangeInterval: BootstrapInterval
  /// Images with a NaN or an infinity among the logits, of this network or of float32's.
  public let nonFiniteImageCount: Int
  /// The seed of the intervals' draws.
  public let bootstrapSeed: UInt64
  /// How often images were drawn.
  public let bootstrapResampleCount: Int

  /// Compares the logits of the same images.
  ///
  /// - Shape: `logits` and `reference` are images x classes, row-major; one label per image.
  /// - Precondition: at least one image.
  public init(
    logits: [Float],
    reference: [Float],
    labels: [Int],
    bootstrap: Bootstrap = Bootstrap(),
    threads: Int
  ) {
    precondition(logits.count == reference.count, "\(logits.count) logits, \(reference.count) of float32")
    precondition(!labels.isEmpty && logits.count.isMultiple(of: labels.count), "\(labels.count) images")
    let images = ImageMeasures(logits, reference, labels, threads: threads)
    let count = labels.count
    let rank99 = Self.rank99(of: count)
    let intervals = bootstrap.intervals(imageCount: count, threads: threads) { draws in
      images.means(of: draws) + [images.divergence(atRank: rank99, of: draws)]
    }
    let means = images.means
    meanDivergence = means[0]
    agreement = means[1]
    crossEntropyChange = means[2]
    crossEntropy = images.crossEntropies.reduce(0, +) / Double(count)
    percentile99Divergence = images.divergences[images.ascending[rank99]]
    meanDivergenceInterval = intervals[0]
    agreementInterval = intervals[1]
    crossEntropyChangeInterval = intervals[2]
    percentile99DivergenceInterval = intervals[3]
    nonFiniteImageCount = images.divergences.count { $0 == .infinity }
    bootstrapSeed = bootstrap.seed
    bootstrapResampleCount = bootstrap.resampleCount
  }

  /// The place, from 0, of the 99th percentile among `count` values: ⌈0.99 n⌉ - 1, in integers.
  static func rank99(of count: Int) -> Int { (99 * count + 99) / 100 - 1 }
}

/// The measures image by image.
private struct ImageMeasures {
  let divergences: [Double]
  let agreements: [Double]
  let crossEntropies: [Double]
  let crossEntropyChanges: [Double]
  /// The images by divergence.
  let ascending: [Int]
  /// The place of each image in that order.
  let places: [Int]

  init(_ logits: [Float], _ reference: [Float], _ labels: [Int], threads: Int) {
    let classes = logits.count / labels.count
    let chunk = 64
    typealias Image = (divergence: Double, agrees: Bool, crossEntropy: Double, change: Double)
    let parts: [[Image]] = logits.withUnsafeBufferPointer { logits in
      reference.withUnsafeBufferPointer { reference in
        ParallelLoop.map(count: (labels.count + chunk - 1) / chunk, threads: threads) { part in
          (part * chunk..<min((part + 1) * chunk, labels.count)).map { image -> Image in
            let range = image * classes..<(image + 1) * classes
            let own = UnsafeBufferPointer(rebasing: logits[range])
            let exact = UnsafeBufferPointer(rebasing: reference[range])
            let ownClass = SoftmaxDivergence.predictedClass(own)
            let entropy = SoftmaxDivergence.crossEntropy(of: own, label: labels[image])
            let exactEntropy = SoftmaxDivergence.crossEntropy(of: exact, label: labels[image])
            return (
              SoftmaxDivergence.divergence(of: own, from: exact),
              ownClass != nil && ownClass == SoftmaxDivergence.predictedClass(exact),
              entropy,
              // Infinity less infinity is no change that could be told.
              entropy.isFinite && exactEntropy.isFinite ? entropy - exactEntropy : .infinity
            )
          }
        }
      }
    }
    let images = parts.flatMap { $0 }
    let found = images.map(\.divergence)
    divergences = found
    agreements = images.map { $0.agrees ? 1 : 0 }
    crossEntropies = images.map(\.crossEntropy)
    crossEntropyChanges = images.map(\.change)
    ascending = found.indices.sorted { (found[$0], $0) < (found[$1], $1) }
    var places = [Int](repeating: 0, count: ascending.count)
    for (place, image) in ascending.enumerated() { places[image] = place }
    self.places = places
  }

  /// Of divergence, agreement and change of cross-entropy, over all images.
  var means: [Double] {
    let count = Double(divergences.count)
    return [divergences, agreements, crossEntropyChanges].map { $0.reduce(0, +) / count }
  }

  /// The same over the images drawn.
  func means(of draws: UnsafeBufferPointer<Int>) -> [Double] {
    var (divergence, agreement, change) = (0.0, 0.0, 0.0)
    for image in draws {
      divergence += divergences[image]
      agreement += agreements[image]
      change += crossEntropyChanges[image]
    }
    let count = Double(draws.count)
    return [divergence / count, agreement / count, change / count]
  }

  /// The divergence at a place, from 0, of the images drawn in ascending order.
  ///
  /// Counts draws from the greatest divergence down, as far as the place is: a hundredth of them for the 99th percentile.
  func divergence(atRank rank: Int, of draws: UnsafeBufferPointer<Int>) -> Double {
    var counts = [UInt32](repeating: 0, count: divergences.count)
    for image in draws { counts[places[image]] += 1 }
    var above = 0
    for place in ascending.indices.reversed() {
      above += Int(counts[place])
      if above >= draws.count - rank { return divergences[ascending[place]] }
    }
    return 0
  }
}
