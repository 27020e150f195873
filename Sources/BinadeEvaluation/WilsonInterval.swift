/// A 95 % confidence interval of a proportion.
///
/// - Source: Wilson, Probable Inference, JASA 22(158), 1927.
public struct WilsonInterval: Sendable, Hashable, Codable {
  /// The lower end, 0 to 1.
  public let lower: Double
  /// The upper end, 0 to 1.
  public let upper: Double

  /// The interval for `successes` of `count`; the whole range when nothing was counted.
  ///
  /// centre = (p + z²/2n) / (1 + z²/n), half width = z sqrt(p(1 - p)/n + z²/4n²) / (1 + z²/n), z = 1.959964.
  public init(successes: Int, of count: Int) {
    guard count > 0 else {
      lower = 0
      upper = 1
      return
    }
    let z = 1.959_963_984_540_054
    let n = Double(count)
    let p = Double(successes) / n
    let shrink = 1 + z * z / n
    let centre = (p + z * z / (2 * n)) / shrink
    let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot() / shrink
    // At the ends the formula gives 0 and 1 exactly; rounding would not.
    lower = successes == 0 ? 0 : max(0, centre - half)
    upper = successes == count ? 1 : min(1, centre + half)
  }
}
