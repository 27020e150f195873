import Foundation

/// What one image's logits say, as probabilities of the classes.
///
/// Logarithms are natural and everything is computed in Double: values are in nats.
public enum SoftmaxDivergence {
  /// The Kullback-Leibler divergence of q = softmax(`logits`) from p = softmax(`reference`): Σ pᵢ ln(pᵢ / qᵢ).
  ///
  /// With dᵢ = lᵢ - rᵢ - Σ pⱼ (lⱼ - rⱼ), the differences of the logits less their mean under p, it is ln Σ pᵢ exp(dᵢ).
  /// Because Σ pᵢ dᵢ = 0 that is ln(1 + Σ pᵢ (exp(dᵢ) - 1 - dᵢ)), a sum of terms none of which is negative: a divergence of
  /// 10⁻¹² keeps its digits, which the difference of two logarithms would cancel. Where exp overflows, it is the log-sum-exp of
  /// ln pᵢ + dᵢ.
  ///
  /// - Shape: both as long as there are classes.
  /// - Error: relative, below 10⁻¹², as long as the differences of the logits are not lost beside their mean.
  /// - Special values: infinite when any logit of either is NaN or infinite, since there is no distribution then.
  /// - Source: Kullback and Leibler, On Information and Sufficiency, Ann. Math. Statist. 22(1), 1951.
  public static func divergence(
    of logits: UnsafeBufferPointer<Float>,
    from reference: UnsafeBufferPointer<Float>
  ) -> Double {
    precondition(logits.count == reference.count, "\(logits.count) and \(reference.count) classes")
    guard isFinite(logits), isFinite(reference) else { return .infinity }
    let normalization = logSumExp(reference.map(Double.init))
    let logarithms = reference.map { Double($0) - normalization }
    let differences = zip(logits, reference).map { Double($0) - Double($1) }
    let mean = zip(logarithms, differences).reduce(0) { $0 + exp($1.0) * $1.1 }
    var excess = 0.0
    for (logarithm, difference) in zip(logarithms, differences) {
      excess += term(logarithm, difference - mean)
    }
    if excess < 1e9 { return log1p(excess) }
    return max(0, logSumExp(zip(logarithms, differences).map { $0 + $1 - mean }))
  }

  /// The cross-entropy -ln q of the right class, q = softmax(`logits`).
  ///
  /// ln Σ exp(lᵢ) - l of the right class, with the greatest logit taken out of the sum and the rest added by log1p: where the
  /// right class is nearly certain, the loss keeps its digits.
  ///
  /// - Special values: infinite when any logit is NaN or infinite.
  public static func crossEntropy(of logits: UnsafeBufferPointer<Float>, label: Int) -> Double {
    guard isFinite(logits) else { return .infinity }
    return logSumExp(logits.map { Double($0) - Double(logits[label]) })
  }

  /// The class of the greatest logit, the first of equal ones; nil when any is NaN.
  public static func predictedClass(_ logits: UnsafeBufferPointer<Float>) -> Int? {
    guard !logits.contains(where: \.isNaN) else { return nil }
    return logits.indices.max { logits[$0] < logits[$1] || (logits[$0] == logits[$1] && $0 > $1) }
  }

  /// Whether all logits are numbers.
  static func isFinite(_ logits: UnsafeBufferPointer<Float>) -> Bool { logits.allSatisfy(\.isFinite) }

  /// ln Σ exp(xᵢ) = m + ln(1 + Σ exp(xᵢ - m)) over all but the greatest, m.
  static func logSumExp(_ values: [Double]) -> Double {
    guard let place = values.indices.max(by: { values[$0] < values[$1] }) else { return -.infinity }
    let greatest = values[place]
    var rest = 0.0
    for (index, value) in values.enumerated() where index != place { rest += exp(value - greatest) }
    return greatest + log1p(rest)
  }

  /// p (exp(d) - 1 - d) for p = exp(`logarithm`); its series where the parts cancel.
  private static func term(_ logarithm: Double, _ d: Double) -> Double {
    if abs(d) < 0.01 {
      // The first term left out, d⁷/7!, is 10⁻¹³ of the sum at most.
      let series = 1.0 / 2 + d * (1.0 / 6 + d * (1.0 / 24 + d * (1.0 / 120 + d * (1.0 / 720))))
      return exp(logarithm) * d * d * series
    }
    // exp(d) alone overflows where p is small enough for the product not to.
    return d < 1
      ? exp(logarithm) * (expm1(d) - d) : exp(logarithm + d) - exp(logarithm) * (1 + d)
  }
}
