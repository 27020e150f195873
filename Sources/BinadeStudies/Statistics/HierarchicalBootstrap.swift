import BinadeKernels
import BinadeNumerics
import Foundation

/// The difference between two groups of runs on the same items, with an interval that covers other seeds and other items.
///
/// A resample draws items, the same for all runs, and runs within each group. Two corrections make it hold for the two to five seeds
/// that people have: resampled variances are brought to the unbiased variance of the crossed layout of seeds and items (the plain
/// bootstrap has too little of the seeds', by (n - 1)/n, and twice of what seeds and items have together), and the interval is
/// stretched by Student's quantile over the normal's at Satterthwaite's degrees of freedom. With one run in a group, seeds are not
/// covered, and ``Difference/coversSeeds`` says so.
///
/// - Source: Owen, The Pigeonhole Bootstrap, Annals of Applied Statistics 1(2), 2007; Satterthwaite, Biometrics Bulletin 2(6), 1946.
public struct HierarchicalBootstrap: Sendable, Hashable {
  /// The seed of the draws.
  public var seed: UInt64
  /// How often runs and items are drawn.
  public var resampleCount: Int

  /// A bootstrap.
  public init(seed: UInt64 = 0, resampleCount: Int = 2000) {
    (self.seed, self.resampleCount) = (seed, resampleCount)
  }

  /// Mean score of the first group less that of the second.
  public struct Difference: Sendable, Hashable, Codable {
    /// The difference.
    public let value: Double
    /// The ends of the 95 % interval.
    public let lower: Double, upper: Double
    /// Its standard error.
    public let standardError: Double
    /// Degrees of freedom of that error.
    public let degreesOfFreedom: Double
    /// Whether there are several runs in each group: otherwise the interval says nothing about other seeds.
    public let coversSeeds: Bool
  }

  /// Compares two groups.
  ///
  /// `isPaired`: whether run i of both groups has the same seed; pairs are drawn together then.
  ///
  /// - Shape: each group is runs x items, all of the same items.
  /// - Complexity: resampleCount · runs · items.
  /// - Precondition: a run in each group, two items; as many runs in both where they are paired.
  public func difference(_ first: [[Double]], _ second: [[Double]], isPaired: Bool = false, threads: Int = 1)
    -> Difference
  {
    precondition(
      !first.isEmpty && !second.isEmpty && first[0].count > 1,
      "a run in each group, and two items"
    )
    precondition(
      !isPaired || first.count == second.count,
      "\(first.count) and \(second.count) runs are no pairs"
    )
    if isPaired {
      let runs = zip(first, second).map { zip($0, $1).map { $0 - $1 } }
      return difference(of: [Group(runs)], threads: threads)
    }
    return difference(of: [Group(first), Group(second.map { $0.map { -$0 } })], threads: threads)
  }

  /// The sum of the groups' means.
  private func difference(of groups: [Group], threads: Int) -> Difference {
    let itemCount = groups[0].runs[0].count
    let totals = (0..<itemCount).map { item in groups.reduce(0) { $0 + $1.itemMeans[item] } }
    let value = totals.reduce(0, +) / Double(itemCount)
    let items = Component(
      variance: Group.variance(totals) / Double(itemCount),
      degreesOfFreedom: Double(itemCount - 1)
    )
    let seeds = groups.compactMap(\.seedComponent)
    let shared = groups.reduce(0) { $0 + $1.sharedVariance }
    let variance = max(items.variance, items.variance + seeds.reduce(0) { $0 + $1.variance } - shared)
    let degreesOfFreedom = Component.degreesOfFreedom(of: [items] + seeds)
    let resamples = resampled(groups, itemCount: itemCount, threads: threads)
    let spread = Group.variance(resamples).squareRoot()
    let center = resamples.reduce(0, +) / Double(resamples.count)
    let stretch =
      StudentQuantile.value(0.975, degreesOfFreedom: max(1, degreesOfFreedom)) / 1.959_963_984_540_054
    let scale = spread > 0 ? variance.squareRoot() / spread * stretch : 0
    let sorted = resamples.map { value + ($0 - center) * scale }.sorted()
    func point(_ share: Double) -> Double {
      sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
    }
    return Difference(
      value: value,
      lower: point(0.025),
      upper: point(0.975),
      standardError: variance.squareRoot(),
      degreesOfFreedom: degreesOfFreedom,
      coversSeeds: groups.allSatisfy { $0.runs.count > 1 }
    )
  }

  /// The statistic on each resample: a function of seed and resample, not of threads.
  private func resampled(_ groups: [Group], itemCount: Int, threads: Int) -> [Double] {
    let chunk = 50
    return ParallelLoop.map(count: (resampleCount + chunk - 1) / chunk, threads: threads) { part in
      (part * chunk..<min((part + 1) * chunk, resampleCount)).map { resample in
        let generator = CounterGenerator(
          seed: seed,
          tensor: 0xB007_0001,
          step: UInt32(truncatingIfNeeded: resample)
        )
        var weights = [Double](repeating: 0, count: itemCount)
        // The high half of a product favours no item by more than count / 2³².
        func draw(_ word: UInt32, _ count: Int) -> Int { Int((UInt64(word) * UInt64(count)) >> 32) }
        for first in stride(from: 0, to: itemCount, by: 4) {
          let words = generator.words(ofBlock: UInt64(first / 4))
          for offset in 0..<min(4, itemCount - first) { weights[draw(words[offset], itemCount)] += 1 }
        }
        // Blocks beyond those of the items.
        var place = UInt64(1) << 40
        func drawRun(_ count: Int) -> Int {
          place += 1
          return draw(generator.word(of: place), count)
        }
        var sum = 0.0
        for group in groups {
          let means = group.runs.map { run in
            var mean = 0.0
            for item in 0..<itemCount { mean += weights[item] * run[item] }
            return mean / Double(itemCount)
          }
          sum +=
            (0..<means.count).reduce(0.0) { total, _ in total + means[drawRun(means.count)] }
            / Double(means.count)
        }
        return sum
      }
    }.flatMap { $0 }
  }
}

/// A part of a variance, and how well it is known.
private struct Component {
  let variance: Double
  let degreesOfFreedom: Double

  /// Satterthwaite's degrees of freedom of a sum.
  static func degreesOfFreedom(of parts: [Component]) -> Double {
    let sum = parts.reduce(0) { $0 + $1.variance }
    let squares = parts.reduce(0) { $0 + $1.variance * $1.variance / $1.degreesOfFreedom }
    return squares > 0 ? sum * sum / squares : .infinity
  }
}

/// Runs of one kind on the same items.
private struct Group {
  let runs: [[Double]]
  /// The mean of the runs, for each item.
  let itemMeans: [Double]

  init(_ runs: [[Double]]) {
    self.runs = runs
    itemMeans = runs[0].indices.map { item in runs.reduce(0) { $0 + $1[item] } / Double(runs.count) }
  }

  private var runMeans: [Double] { runs.map { $0.reduce(0, +) / Double($0.count) } }

  /// What seeds contribute to the variance of the group's mean; nil for one run, which does not tell.
  var seedComponent: Component? {
    guard runs.count > 1 else { return nil }
    return Component(
      variance: Self.variance(runMeans) / Double(runs.count),
      degreesOfFreedom: Double(runs.count - 1)
    )
  }

  /// What both seeds and items contribute, where each counts it once.
  var sharedVariance: Double {
    guard runs.count > 1 else { return 0 }
    let (means, itemCount) = (runMeans, itemMeans.count)
    let total = means.reduce(0, +) / Double(means.count)
    var squares = 0.0
    for (run, mean) in zip(runs, means) {
      for item in 0..<itemCount {
        let rest = run[item] - mean - itemMeans[item] + total
        squares += rest * rest
      }
    }
    let cells = Double(runs.count * itemCount)
    return squares / Double((runs.count - 1) * (itemCount - 1)) / cells
  }

  /// The unbiased variance.
  static func variance(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  }
}
