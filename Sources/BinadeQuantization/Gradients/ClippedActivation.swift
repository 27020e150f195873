/// An activation clipped at a learned threshold and rounded to 2^k levels.
///
/// `y = clip(x, 0, a)`, `ŷ = a / n · round(n y / a)` with `n = 2^k - 1`, halves to even.
///
/// - Source: Choi et al., "PACT: Parameterized Clipping Activation for Quantized Neural Networks", 2018; for the second rule,
///   Jin, Yang and Liao, "Towards Efficient Training for Neural Network Quantization", 2019 (SAT). methods.md 2.3, 4.2.
public struct ClippedActivation: Sendable, Hashable {
  /// How the threshold learns from values inside it.
  public enum ThresholdRule: String, Sendable, Hashable, CaseIterable {
    /// Not at all: dŷ/da is 1 where clipped, 0 inside.
    case clippedOnly
    /// By the rounding error: ŷ/a - y/a inside.
    case calibrated
  }

  /// The threshold a, positive.
  public let threshold: Double
  /// The bits k, 1 to 16.
  public let bitWidth: Int

  /// Creates the quantizer.
  ///
  /// - Precondition: `threshold > 0`; `bitWidth` is 1 to 16.
  public init(threshold: Double, bitWidth: Int) {
    precondition(threshold > 0 && (1...16).contains(bitWidth), "threshold \(threshold), \(bitWidth) bits")
    self.threshold = threshold
    self.bitWidth = bitWidth
  }

  /// The quantized activation.
  public func fakeQuantize(_ value: Double) -> Double {
    let steps = Double((1 << bitWidth) - 1)
    let clipped = min(max(value, 0), threshold)
    return (clipped * steps / threshold).rounded(.toNearestOrEven) * threshold / steps
  }

  /// dŷ/dx, rounding taken as the identity.
  public func valueGradient(_ value: Double) -> Double { value > 0 && value < threshold ? 1 : 0 }

  /// dŷ/da.
  public func thresholdGradient(_ value: Double, rule: ThresholdRule) -> Double {
    if value >= threshold { return 1 }
    guard rule == .calibrated, value > 0 else { return 0 }
    return (fakeQuantize(value) - value) / threshold
  }
}
