/// Exponential, logarithm, hyperbolic tangent and cosine in Double, of additions and multiplications alone: the same bits on every machine.
package enum Elementary {
  private static let log2OfE = 1.442695040888963407359924681001892137
  private static let logOf2High = 6.93147180369123816490e-01
  private static let logOf2Low = 1.90821492927058770002e-10

  /// e^x.
  ///
  /// - Error: below 2 ulp; 0 below -745, infinity above 709.78.
  package static func exp(_ x: Double) -> Double {
    guard x == x else { return x }
    guard x < 709.782712893384 else { return .infinity }
    guard x > -745.2 else { return 0 }
    let power = (x * log2OfE).rounded(.toNearestOrEven)
    let rest = (x - power * logOf2High) - power * logOf2Low
    // Taylor's series: |rest| <= log(2) / 2, so the term of degree 14 is below 2^-63 of the sum.
    var sum = 1.0
    for degree in stride(from: 14.0, to: 0, by: -1) { sum = 1 + rest / degree * sum }
    return scalbn(sum, Int(power))
  }

  /// 2^exponent · x, through subnormal results in two steps.
  private static func scalbn(_ x: Double, _ exponent: Int) -> Double {
    if exponent < -1000 {
      return x * Double(sign: .plus, exponent: exponent + 200, significand: 1) * 0x1p-200
    }
    if exponent > 1000 { return x * Double(sign: .plus, exponent: exponent - 200, significand: 1) * 0x1p200 }
    return x * Double(sign: .plus, exponent: exponent, significand: 1)
  }

  /// The natural logarithm.
  ///
  /// - Error: below 3 ulp. -infinity of 0, NaN of less.
  package static func log(_ x: Double) -> Double {
    guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x > 0 ? x : .nan }
    // Written as sqrt(1/2) <= m < sqrt(2) times a power of 2: log(m) = 2·artanh((m - 1)/(m + 1)).
    var (exponent, significand) = (Double(x.exponent), x.significand)
    if significand > 1.4142135623730951 {
      significand /= 2
      exponent += 1
    }
    let ratio = (significand - 1) / (significand + 1)
    let square = ratio * ratio
    // |ratio| <= 0.1716: the term of degree 25 is below 2^-66 of the first.
    var sum = 0.0
    for degree in stride(from: 25.0, to: 1, by: -2) { sum = (sum + 1 / degree) * square }
    return exponent * logOf2High + (2 * ratio + (2 * ratio * sum + exponent * logOf2Low))
  }

  /// The hyperbolic tangent.
  ///
  /// - Error: below 4 ulp; ±1 from ±20 on.
  package static func tanh(_ x: Double) -> Double {
    guard abs(x) < 20 else { return x < 0 ? -1 : x > 0 ? 1 : x }
    guard abs(x) > 0.5 else {
      // Lambert's continued fraction: at 1/2 ten levels leave less than 2^-60 of the value.
      let square = x * x
      var denominator = 21.0
      for odd in stride(from: 19.0, through: 1, by: -2) { denominator = odd + square / denominator }
      return x / denominator
    }
    let rest = 2 / (exp(2 * abs(x)) + 1)
    return x < 0 ? rest - 1 : 1 - rest
  }

  /// cos(π·x) for 0 <= x <= 1.
  ///
  /// - Error: below 2 ulp of 1.
  package static func cosineOfPi(_ x: Double) -> Double {
    guard x > 0, x < 1 else { return x < 1 ? 1 : -1 }
    // cos(π·x) = sin(π·(1/2 - x)), an odd series about the middle.
    let angle = Double.pi * (0.5 - x)
    let square = angle * angle
    // |angle| <= π/2: the term of degree 27 is below 2^-70.
    var sum = 1.0
    for degree in stride(from: 26.0, to: 0, by: -2) { sum = 1 - square / (degree * (degree + 1)) * sum }
    return angle * sum
  }
}
