/// The range with the least mean squared error, by trying shares of the whole one.
public enum RangeSweep {
  /// Values looked at; of more, evenly spread ones.
  private static let greatestCount = 8192

  /// Tries the range and 45 shares of it, down to a tenth; of equal errors the greatest range stays.
  ///
  /// `isSymmetric`: whether the steps lie evenly about zero.
  public static func grid(
    _ values: [Float],
    least: Double,
    greatest: Double,
    bitWidth: Int,
    isSymmetric: Bool = false
  ) -> QuantizationGrid {
    func grid(_ share: Double) -> QuantizationGrid {
      isSymmetric
        ? QuantizationGrid(symmetric: max(-least, greatest) * share, bitWidth: bitWidth)
        : QuantizationGrid(lower: least * share, range: (greatest - least) * share, bitWidth: bitWidth)
    }
    let step = max(1, values.count / greatestCount)
    let sample = stride(from: 0, to: values.count, by: step).map { values[$0] }
    var best = grid(1)
    var leastError = best.meanSquaredError(of: sample)
    for percent in stride(from: 98, through: 10, by: -2) {
      let candidate = grid(Double(percent) / 100)
      let error = candidate.meanSquaredError(of: sample)
      if error < leastError { (best, leastError) = (candidate, error) }
    }
    return best
  }
}
