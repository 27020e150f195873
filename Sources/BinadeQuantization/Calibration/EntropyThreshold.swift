/// The clipping threshold whose quantized histogram diverges least from that of the values, by Kullback and Leibler.
///
/// The values are counted in an odd number of bins over ±max|x|. For every number i of bins on either side: the distribution P is
/// the inner 2i + 1 bins with the mass outside added to the end bins; Q gathers them in `levelCount` groups and spreads each group
/// evenly over the bins that are not empty in P. Zeros of both become 0.0001, taken evenly from the other bins.
///
/// - Source: Migacz, "8-bit inference with TensorRT", GTC 2017, as written out in methods.md 4.6.
public enum EntropyThreshold {
  /// What happens to the last bin of the last group.
  public enum Variant: String, Sendable, Hashable, CaseIterable {
    /// Groups cover all bins.
    case complete
    /// The last bin gets nothing of its group, as in the source that is copied most.
    case omitsLastBin
  }

  private static let smoothing = 0.0001

  /// The threshold; the greatest magnitude when nothing smaller diverges less, 0 when all values are 0.
  ///
  /// `levelCount`: values of the quantizer, such as 15 for 4 bits and 255 for 8.
  ///
  /// - Complexity: O(binCount²).
  /// - Precondition: at least one value, all finite; `binCount` is odd and at least `levelCount`.
  public static func threshold(
    _ values: [Float],
    levelCount: Int,
    binCount: Int = 2001,
    variant: Variant = .complete
  ) -> Double {
    precondition(!values.isEmpty, "a threshold needs values")
    precondition(
      binCount % 2 == 1 && binCount >= levelCount && levelCount > 1,
      "\(binCount) bins, \(levelCount) levels"
    )
    let greatest = Double(values.reduce(0) { max($0, abs($1)) })
    guard greatest > 0 else { return 0 }
    let histogram = histogram(values, greatest: greatest, binCount: binCount)
    let middle = binCount / 2
    var best = (divergence: Double.infinity, threshold: greatest)
    for side in max(levelCount / 2, 1)...middle {
      let divergence = divergence(histogram, side: side, levelCount: levelCount, variant: variant)
      if divergence < best.divergence {
        best = (divergence, greatest * Double(2 * side + 1) / Double(binCount))
      }
    }
    return best.threshold
  }

  private static func histogram(_ values: [Float], greatest: Double, binCount: Int) -> [Double] {
    var histogram = [Double](repeating: 0, count: binCount)
    for value in values {
      let position = (Double(value) + greatest) / (2 * greatest) * Double(binCount)
      histogram[min(max(Int(position), 0), binCount - 1)] += 1
    }
    return histogram
  }

  private static func divergence(
    _ histogram: [Double],
    side: Int,
    levelCount: Int,
    variant: Variant
  ) -> Double {
    let middle = histogram.count / 2
    let slice = Array(histogram[middle - side...middle + side])
    var p = slice
    p[0] += histogram[..<(middle - side)].reduce(0, +)
    p[p.count - 1] += histogram[(middle + side + 1)...].reduce(0, +)
    var q = [Double](repeating: 0, count: p.count)
    let width = p.count / levelCount
    for group in 0..<levelCount {
      let start = group * width
      let end = group == levelCount - 1 ? p.count : start + width
      let filled = variant == .omitsLastBin && group == levelCount - 1 ? start..<end - 1 : start..<end
      let occupied = filled.count { p[$0] != 0 }
      guard occupied > 0 else { continue }
      let share = slice[start..<end].reduce(0, +) / Double(occupied)
      for bin in filled where p[bin] != 0 { q[bin] = share }
    }
    guard let smoothP = smoothed(p), let smoothQ = smoothed(q) else { return .infinity }
    let (sumP, sumQ) = (smoothP.reduce(0, +), smoothQ.reduce(0, +))
    return zip(smoothP, smoothQ).reduce(0) { sum, pair in
      let (x, y) = (pair.0 / sumP, pair.1 / sumQ)
      return x > 0 ? sum + x * SpecialFunctions.logarithm(x / y) : sum
    }
  }

  /// The distribution without zeros; nil when the other bins cannot give what the zeros need.
  private static func smoothed(_ bins: [Double]) -> [Double]? {
    let zeros = bins.count { $0 == 0 }
    guard zeros < bins.count else { return nil }
    let share = smoothing * Double(zeros) / Double(bins.count - zeros)
    guard share < 1 else { return nil }
    return bins.map { $0 == 0 ? smoothing : $0 - share }
  }
}
