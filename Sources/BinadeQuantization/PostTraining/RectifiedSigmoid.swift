/// The soft choice between rounding down (0) and up (1) of AdaRound: a sigmoid stretched beyond 0 and 1, then clipped.
///
/// `h(v) = clip(1.2 sigmoid(v) - 0.1, 0, 1)`: unlike a sigmoid it reaches its ends.
///
/// - Source: Nagel, Amjad, van Baalen, Louizos and Blankevoort, "Up or Down? Adaptive Rounding for Post-Training Quantization",
///   ICML 2020, equation 23 (after Louizos, Welling and Kingma, ICLR 2018).
public enum RectifiedSigmoid {
  private static let stretch = 1.2
  private static let shift = -0.1

  /// h(v).
  public static func value(_ v: Double) -> Double { min(max(stretched(v), 0), 1) }

  /// dh/dv: 0 where h is clipped.
  public static func derivative(_ v: Double) -> Double {
    let h = stretched(v)
    guard h > 0, h < 1 else { return 0 }
    let sigmoid = 1 / (1 + SpecialFunctions.exponential(-v))
    return stretch * sigmoid * (1 - sigmoid)
  }

  /// The v with h(v) = `fraction`, for a start that rounds nothing: 0 < fraction < 1.
  public static func inverse(_ fraction: Double) -> Double {
    precondition(fraction > 0 && fraction < 1, "h takes \(fraction) at no single point")
    let sigmoid = (fraction - shift) / stretch
    return SpecialFunctions.logarithm(sigmoid / (1 - sigmoid))
  }

  /// The penalty 1 - |2h - 1|^exponent, which pulls h to its ends, and its derivative by h.
  public static func penalty(_ h: Double, exponent: Double) -> (value: Double, derivative: Double) {
    let distance = abs(2 * h - 1)
    guard distance > 0 else { return (1, 0) }
    let power = SpecialFunctions.exponential(exponent * SpecialFunctions.logarithm(distance))
    return (1 - power, (h < 0.5 ? 2 : -2) * exponent * power / distance)
  }

  private static func stretched(_ v: Double) -> Double {
    stretch / (1 + SpecialFunctions.exponential(-v)) + shift
  }
}
