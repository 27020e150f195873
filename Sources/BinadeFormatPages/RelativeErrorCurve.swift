import BinadeNumerics
import Foundation

/// The relative error of rounding to nearest, |x̂ - x| / |x|, from a quarter of the least nonzero magnitude to four
/// times the greatest, saturating beyond it.
///
/// The points come from ``ReferenceEncoder``; the peaks are the errors at the boundaries between neighbours.
package struct RelativeErrorCurve: Sendable {
  package struct Point: Sendable, Hashable {
    package let magnitude: Double
    package let error: Double
  }

  /// The curve; empty where its teeth are too many to be told apart.
  package let points: [Point]
  /// Its greatest values: at every boundary, or in columns of equal width on the logarithmic axis.
  package let peaks: [Point]

  /// The errors of numbers of one sign; nil without a value there.
  package init?(_ format: any NumericFormat, _ walk: ValueWalk, isNegative: Bool) {
    guard let extremes = Self.extremes(walk, isNegative) else { return nil }
    let sign: Double = isNegative ? -1 : 1
    let encoder = ReferenceEncoder(ladder: walk.ladder, policy: ConversionPolicy())
    func error(_ x: Double) -> Double { abs(format.decode(encoder.encode(sign * x)) - sign * x) / x }
    func point(_ x: Double) -> Point { Point(magnitude: x, error: error(x)) }

    let below = Self.spread(from: extremes.least / 4, to: extremes.least).map(point)
    let above = Self.spread(from: extremes.greatest, to: 4 * extremes.greatest).map(point)
    let counts = BinadeCount.all(walk)
    let all = RelativeErrorBound.peaks(walk, counts).filter { ($0.boundary < 0) == isNegative }
      .sorted { abs($0.boundary) < abs($1.boundary) }
      .map { Point(magnitude: abs($0.boundary), error: $0.error) }
    let hasTeeth = walk.rungs != nil && all.count <= 300
    points = hasTeeth ? below + Self.teeth(walk, isNegative).map(point) + above : []
    let middle = all.count <= 1500 ? all : Self.columnPeaks(all, count: 1000)
    peaks = hasTeeth ? middle : below + middle + above
  }

  private static func extremes(_ walk: ValueWalk, _ isNegative: Bool) -> (least: Double, greatest: Double)? {
    guard let least = isNegative ? walk.greatestNegative : walk.leastPositive else { return nil }
    let greatest = isNegative ? walk.ladder.least : walk.ladder.greatest
    return (abs(least.value), abs(greatest.value))
  }

  /// Magnitudes evenly spread on a logarithmic axis.
  private static func spread(from start: Double, to end: Double) -> [Double] {
    (0...64).map { start * pow(end / start, Double($0) / 64) }
  }

  /// Between neighbours: close to both of them, on both sides of the boundary, and between.
  private static func teeth(_ walk: ValueWalk, _ isNegative: Bool) -> [Double] {
    let rungs = (walk.rungs ?? []).filter { isNegative ? $0.value < 0 : $0.value > 0 }
    let parts = [0, 0.004, 0.016, 0.04, 0.08, 0.14, 0.22, 0.32, 0.44, 0.56, 0.68, 0.8, 0.9, 0.999]
    return zip(rungs, rungs.dropFirst()).flatMap { lower, upper in
      let boundary = walk.ladder.boundary(between: lower, and: upper).high
      let rise = parts.map { lower.value + $0 * (boundary - lower.value) }
      let fall = parts.reversed().map { upper.value - $0 * (upper.value - boundary) }
      return (rise + fall).map(abs)
    }.sorted()
  }

  private static func columnPeaks(_ peaks: [Point], count: Int) -> [Point] {
    guard let first = peaks.first, let last = peaks.last else { return [] }
    let (start, end) = (log2(first.magnitude), log2(last.magnitude))
    var columns = [Point?](repeating: nil, count: count)
    for peak in peaks {
      let place = (log2(peak.magnitude) - start) / (end - start)
      let column = min(count - 1, Int(place * Double(count)))
      if peak.error > columns[column]?.error ?? -1 { columns[column] = peak }
    }
    return columns.compactMap(\.self)
  }
}
