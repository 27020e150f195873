import Foundation

/// The deterministic test tensors of methods.md 0.4: values at the quantiles (i + 1/2) / count.
enum QuantileGrids {
  /// Laplace with b = 1.
  static func laplace(_ count: Int) -> [Float] {
    quantiles(count) { u in
      let magnitude = -log(1 - 2 * abs(u - 0.5))
      return u < 0.5 ? -magnitude : magnitude
    }
  }

  /// Standard normal.
  static func normal(_ count: Int) -> [Float] { quantiles(count, inverseNormal) }

  /// The number that a standard normal one is at most with probability `u`, by bisection.
  static func inverseNormal(_ u: Double) -> Double {
    var (low, high) = (-40.0, 40.0)
    while true {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { return middle }
      if erfc(-middle / 2.0.squareRoot()) / 2 < u { low = middle } else { high = middle }
    }
  }

  /// Channel scales e^(spread · Φ⁻¹).
  static func channelScales(_ count: Int, spread: Double) -> [Double] {
    (0..<count).map { exp(spread * inverseNormal((Double($0) + 0.5) / Double(count))) }
  }

  private static func quantiles(_ count: Int, _ inverse: (Double) -> Double) -> [Float] {
    (0..<count).map { Float(inverse((Double($0) + 0.5) / Double(count))) }
  }
}

/// Whether two numbers agree up to a relative tolerance.
func isClose(_ found: Double, _ expected: Double, _ tolerance: Double) -> Bool {
  abs(found - expected) <= tolerance * abs(expected)
}
