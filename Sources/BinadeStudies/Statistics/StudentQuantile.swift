import Foundation

/// Student's t.
package enum StudentQuantile {
  /// The value that t exceeds with probability 1 - `probability`, for any number of degrees of freedom above 0.
  ///
  /// - Error: below 1e-10 of the result.
  /// - Precondition: 0.5 < probability < 1.
  package static func value(_ probability: Double, degreesOfFreedom: Double) -> Double {
    precondition(probability > 0.5 && probability < 1, "a probability of \(probability)")
    guard degreesOfFreedom.isFinite else { return value(probability, degreesOfFreedom: 1e12) }
    var (lower, upper) = (0.0, 1.0)
    while distribution(upper, degreesOfFreedom) < probability { upper *= 2 }
    while upper - lower > 1e-12 * upper {
      let middle = (lower + upper) / 2
      guard middle > lower, middle < upper else { break }
      if distribution(middle, degreesOfFreedom) < probability { lower = middle } else { upper = middle }
    }
    return (lower + upper) / 2
  }

  /// P(T <= t) for t >= 0.
  static func distribution(_ t: Double, _ degreesOfFreedom: Double) -> Double {
    let x = degreesOfFreedom / (degreesOfFreedom + t * t)
    return 1 - incompleteBeta(x, degreesOfFreedom / 2, 0.5) / 2
  }

  /// The regularized incomplete beta function, by Lentz's continued fraction.
  private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    // The fraction converges below the mean; above it, its mirror image does.
    guard x <= (a + 1) / (a + b + 2) else { return 1 - incompleteBeta(1 - x, b, a) }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    let tiny = 1e-300
    var (c, d, fraction) = (1.0, 0.0, 1.0)
    for step in 0..<10_000 {
      let m = Double(step / 2)
      let coefficient: Double
      if step == 0 {
        coefficient = 1
      } else if step.isMultiple(of: 2) {
        coefficient = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      } else {
        coefficient = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      }
      d = 1 / nonzero(1 + coefficient * d, tiny)
      c = nonzero(1 + coefficient / c, tiny)
      fraction *= c * d
      if abs(c * d - 1) < 1e-15 { break }
    }
    return front * (fraction - 1)
  }

  private static func nonzero(_ x: Double, _ tiny: Double) -> Double { abs(x) < tiny ? tiny : x }
}
