import BinadeNumerics

/// Weights of a layer squeezed into -1 to 1: `tanh(w) / max |tanh(w)|`, in Double, rounded once.
///
/// - Source: Zhou et al., "DoReFa-Net", 2016; methods.md 2.2.
public enum WeightNormalization {
  /// The normalised weights; zeros stay zeros.
  public static func normalized(_ weights: UnsafeBufferPointer<Float>) -> [Float] {
    let squeezed = weights.map { Elementary.tanh(Double($0)) }
    let greatest = squeezed.reduce(0) { max($0, abs($1)) }
    guard greatest > 0 else { return Array(weights) }
    return squeezed.map { Float($0 / greatest) }
  }

  /// Turns the gradient of the normalised weights, times `factor`, into that of the weights.
  ///
  /// It flows through the greatest magnitude as well; of several the first gets it.
  ///
  /// - Shape: `gradient` has as many elements as `weights`.
  public static func propagate(
    _ gradient: UnsafeMutableBufferPointer<Float>,
    weights: UnsafeBufferPointer<Float>,
    factor: Double
  ) {
    let squeezed = weights.map { Elementary.tanh(Double($0)) }
    guard let place = squeezed.indices.max(by: { abs(squeezed[$0]) < abs(squeezed[$1]) }),
      squeezed[place] != 0
    else { return }
    let greatest = abs(squeezed[place])
    let alongGreatest = squeezed.indices.reduce(0.0) { $0 + Double(gradient[$1]) * squeezed[$1] } / greatest
    for index in squeezed.indices {
      var slope = Double(gradient[index])
      if index == place { slope -= squeezed[place] < 0 ? -alongGreatest : alongGreatest }
      gradient[index] = Float(factor * slope / greatest * (1 - squeezed[index] * squeezed[index]))
    }
  }

  /// What makes the variance of quantized weights 1 / `outputCount`: `1 / (sqrt(outputCount) · deviation)`, the deviation from
  /// count - 1 of them; 1 where all are equal.
  ///
  /// - Source: methods.md 2.2, 4.3.
  public static func rescaling(_ quantized: [Float], outputCount: Int) -> Double {
    let count = Double(quantized.count)
    let mean = quantized.reduce(0.0) { $0 + Double($1) } / count
    let variance = quantized.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / (count - 1)
    return variance > 0 ? 1 / (Double(outputCount) * variance).squareRoot() : 1
  }
}
