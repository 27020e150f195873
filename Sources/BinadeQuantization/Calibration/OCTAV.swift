/// The clipping threshold with the least mean squared error of a uniform quantizer, by a Newton recursion on the values.
///
/// `s <- E[|x| 1(|x| > s)] / (4^-B / 3 · P(|x| <= s) + P(|x| > s))`, with 12 in place of 3 for values of one sign.
///
/// - Source: Sakr et al., "Optimal Clipping and Magnitude-aware Differentiation for Improved Quantization-aware Training",
///   ICML 2022; methods.md 4.6.
public enum OCTAV {
  /// More than the recursion ever needed on the distributions of methods.md 4.6.
  private static let greatestStepCount = 100

  /// The threshold; 0 when all values are 0.
  ///
  /// - Precondition: at least one value, all finite; `bitWidth` is 1 to 24.
  public static func threshold(_ values: [Float], bitWidth: Int, isNonnegative: Bool) -> Double {
    precondition(!values.isEmpty, "a threshold needs values")
    precondition((1...24).contains(bitWidth), "codes of \(bitWidth) bits; 1 to 24 are possible")
    let magnitudes = values.map { Double(abs($0)) }.sorted()
    // Sums of the magnitudes from each one on.
    var tail = [Double](repeating: 0, count: magnitudes.count + 1)
    for index in magnitudes.indices.reversed() { tail[index] = tail[index + 1] + magnitudes[index] }
    let rounding =
      1 / (Double(sign: .plus, exponent: 2 * bitWidth, significand: 1) * (isNonnegative ? 12 : 3))
    var threshold = tail[0] / Double(magnitudes.count)
    for _ in 0..<greatestStepCount {
      let inside = countAtMost(threshold, in: magnitudes)
      let denominator = rounding * Double(inside) + Double(magnitudes.count - inside)
      // Everything inside: what is left is the greatest magnitude.
      let next = inside == magnitudes.count ? magnitudes[magnitudes.count - 1] : tail[inside] / denominator
      guard abs(next - threshold) > 1e-12 * threshold else { return next }
      if inside == magnitudes.count { return min(threshold, next) }
      threshold = next
    }
    return threshold
  }

  private static func countAtMost(_ bound: Double, in sorted: [Double]) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] <= bound { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
