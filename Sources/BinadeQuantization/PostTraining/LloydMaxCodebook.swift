/// The best codebook there is for some values: of all sets of so many levels, one with the least mean squared error.
///
/// Exact for the sample, by dynamic programming over the sorted values, not a local optimum of Lloyd's iteration; so no
/// format with as many levels, at any scale, has a smaller error on the same values.
///
/// - Source: Lloyd, IEEE Trans. Inform. Theory 28(2), 1982; Max, IRE Trans. Inform. Theory 6(1), 1960; for the search,
///   Wu, J. Algorithms 12(4), 1991.
public struct LloydMaxCodebook: Sendable, Hashable {
  /// The levels, ascending; fewer than asked for when there are fewer different values.
  public let levels: [Double]
  /// The mean of (x - nearest level)².
  public let meanSquaredError: Double

  /// Finds the best `levelCount` levels for `values`.
  ///
  /// - Complexity: O(levelCount · n log n) time, O(levelCount · n) memory.
  /// - Precondition: at least one value, all finite; `levelCount` is positive.
  public init(_ values: [Float], levelCount: Int) {
    precondition(levelCount > 0, "a codebook has at least one level, not \(levelCount)")
    precondition(!values.isEmpty && values.allSatisfy(\.isFinite), "a codebook needs finite values")
    let search = Search(values)
    let count = min(levelCount, search.points.count)
    var cost = (0...search.points.count).map { $0 == 0 ? 0 : search.cost(0, $0) }
    var starts: [[Int32]] = []
    for levels in stride(from: 2, through: count, by: 1) {
      let (next, start) = search.extend(cost, levels: levels)
      cost = next
      starts.append(start)
    }
    var levels: [Double] = []
    var end = search.points.count
    for start in starts.reversed() {
      levels.append(search.mean(Int(start[end]), end))
      end = Int(start[end])
    }
    levels.append(search.mean(0, end))
    self.levels = levels.reversed()
    meanSquaredError = max(0, cost[search.points.count]) / Double(values.count)
  }

  /// The different values with their counts, and the cost of giving a range of them one level.
  private struct Search {
    let points: [Double]
    private let counts: [Double]
    private let sums: [Double]
    private let squares: [Double]

    init(_ values: [Float]) {
      var points: [Double] = []
      var weights: [Double] = []
      for value in values.sorted() {
        if points.last == Double(value) {
          weights[weights.count - 1] += 1
        } else {
          points.append(Double(value))
          weights.append(1)
        }
      }
      var (counts, sums, squares) = ([0.0], [0.0], [0.0])
      for (point, weight) in zip(points, weights) {
        counts.append(counts[counts.count - 1] + weight)
        sums.append(sums[sums.count - 1] + weight * point)
        squares.append(squares[squares.count - 1] + weight * point * point)
      }
      (self.points, self.counts, self.sums, self.squares) = (points, counts, sums, squares)
    }

    func mean(_ start: Int, _ end: Int) -> Double {
      end - start == 1 ? points[start] : (sums[end] - sums[start]) / (counts[end] - counts[start])
    }

    /// The sum of squared distances of the points start ..< end from their mean.
    func cost(_ start: Int, _ end: Int) -> Double {
      guard end - start > 1 else { return 0 }
      let sum = sums[end] - sums[start]
      return max(0, squares[end] - squares[start] - sum * sum / (counts[end] - counts[start]))
    }

    /// The least cost of the first `end` points with one level more, for every end, and where the last level starts.
    ///
    /// The best start never falls when the end grows, so halving the ends halves the starts to look at.
    func extend(_ cost: [Double], levels: Int) -> ([Double], [Int32]) {
      var next = [Double](repeating: 0, count: points.count + 1)
      var starts = [Int32](repeating: 0, count: points.count + 1)
      for end in 0..<levels { starts[end] = Int32(max(0, end - 1)) }
      var pending = [(levels, points.count, levels - 1, points.count - 1)]
      while let (firstEnd, lastEnd, firstStart, lastStart) = pending.popLast() {
        guard firstEnd <= lastEnd else { continue }
        let end = (firstEnd + lastEnd) / 2
        var (best, bestStart) = (Double.infinity, firstStart)
        for start in firstStart...min(lastStart, end - 1) {
          let candidate = cost[start] + self.cost(start, end)
          if candidate < best { (best, bestStart) = (candidate, start) }
        }
        next[end] = best
        starts[end] = Int32(bestStart)
        pending.append((firstEnd, end - 1, firstStart, bestStart))
        pending.append((end + 1, lastEnd, bestStart, lastStart))
      }
      return (next, starts)
    }
  }
}
