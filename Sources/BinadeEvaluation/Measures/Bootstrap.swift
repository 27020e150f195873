import BinadeKernels
import BinadeNumerics

/// A 95 % interval of a statistic, by resampling.
public struct BootstrapInterval: Sendable, Hashable, Codable {
  /// The lower end.
  public let lower: Double
  /// The upper end.
  public let upper: Double

  /// The 2.5 and 97.5 % points of the statistic's values over the resamples: of 2,000 the 50th and the 1,950th.
  ///
  /// - Precondition: at least one value, none NaN.
  init(_ values: [Double]) {
    let sorted = values.sorted()
    func point(_ share: Double) -> Double {
      sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
    }
    lower = point(0.025)
    upper = point(0.975)
  }
}

/// The percentile bootstrap over images: what a statistic might have been on as many other images of the same kind.
///
/// A resample draws as many images as there are, with replacement. Draws are counted, not continued: the k-th of a resample depends
/// on seed, resample and k alone, so that neither threads nor the order of the rows show, and all rows of a comparison are resampled
/// alike.
///
/// - Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
public struct Bootstrap: Sendable, Hashable {
  /// The seed of the draws.
  public let seed: UInt64
  /// How often images are drawn.
  public let resampleCount: Int

  /// Creates a bootstrap.
  public init(seed: UInt64 = 0, resampleCount: Int = 2000) {
    self.seed = seed
    self.resampleCount = resampleCount
  }

  /// Returns what `statistics` makes of each resample, an interval per statistic.
  ///
  /// `statistics`: called from any thread with the numbers of the images drawn.
  ///
  /// - Complexity: `resampleCount` times `imageCount` draws.
  /// - Precondition: at least one image and one resample.
  public func intervals(
    imageCount: Int,
    threads: Int,
    _ statistics: (UnsafeBufferPointer<Int>) -> [Double]
  ) -> [BootstrapInterval] {
    precondition(imageCount > 0 && resampleCount > 0, "\(imageCount) images, \(resampleCount) resamples")
    // A unit of work draws several times into the same memory.
    let chunk = 50
    let parts = ParallelLoop.map(count: (resampleCount + chunk - 1) / chunk, threads: threads) { part in
      withUnsafeTemporaryAllocation(of: Int.self, capacity: imageCount) { draws in
        draws.initialize(repeating: 0)
        return (part * chunk..<min((part + 1) * chunk, resampleCount)).map { resample in
          draw(resample, into: draws)
          return statistics(UnsafeBufferPointer(draws))
        }
      }
    }
    let values = parts.flatMap { $0 }
    return values[0].indices.map { index in BootstrapInterval(values.map { $0[index] }) }
  }

  /// Four draws per word of the generator: the high half of the product of a random word and the count of images, which favours no
  /// image by more than count / 2³².
  private func draw(_ resample: Int, into draws: UnsafeMutableBufferPointer<Int>) {
    let key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    let count = UInt64(draws.count)
    for first in stride(from: 0, to: draws.count, by: 4) {
      let counter = SIMD4(UInt32(truncatingIfNeeded: first / 4), UInt32(truncatingIfNeeded: resample), 0, 0)
      let words = CounterGenerator.block(counter: counter, key: key)
      for offset in 0..<min(4, draws.count - first) {
        draws[first + offset] = Int((UInt64(words[offset]) * count) >> 32)
      }
    }
  }
}
