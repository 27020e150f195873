/// A 95 % interval of the difference of two shares found on the same images.
///
/// Wald's interval after half an image was added to each of the four cells, both right, only one, only the other, none: it keeps a
/// width where no image tells the two apart.
///
/// - Source: Agresti and Min, Simple improved confidence intervals for comparing matched proportions, Statistics in Medicine 24(5),
///   2005.
public struct PairedDifferenceInterval: Sendable, Hashable, Codable {
  /// The lower end, -1 to 1.
  public let lower: Double
  /// The upper end, -1 to 1.
  public let upper: Double

  /// The interval of the second's share minus the first's, of `count` images.
  ///
  /// With b = `onlyFirst` + 1/2, c = `onlySecond` + 1/2 and n = `count` + 2:
  /// (c - b)/n ± z sqrt(b + c - (c - b)²/n)/n, z = 1.959964.
  public init(onlyFirst: Int, onlySecond: Int, count: Int) {
    let z = 1.959_963_984_540_054
    let n = Double(count) + 2
    let (b, c) = (Double(onlyFirst) + 0.5, Double(onlySecond) + 0.5)
    let difference = (c - b) / n
    let half = z * (b + c - (c - b) * difference).squareRoot() / n
    lower = max(-1, difference - half)
    upper = min(1, difference + half)
  }
}
