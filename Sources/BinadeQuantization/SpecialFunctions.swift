#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The transcendental functions that clipping and expectations need, from the system's mathematics library.
///
/// Their last bits differ between systems; what is made of them is rounded to Float32 or compared with a tolerance.
enum SpecialFunctions {
  /// e^x.
  static func exponential(_ x: Double) -> Double { exp(x) }

  /// cos x.
  static func cosine(_ x: Double) -> Double { cos(x) }

  /// The natural logarithm.
  static func logarithm(_ x: Double) -> Double { log(x) }

  /// 2 / sqrt(π) times the integral of e^(-t²) from x to infinity.
  static func complementaryError(_ x: Double) -> Double { erfc(x) }

  /// The density of the standard normal distribution.
  static func normalDensity(_ x: Double) -> Double { exp(-x * x / 2) / (2 * Double.pi).squareRoot() }

  /// The probability that a standard normal number is at most x.
  static func normalProbability(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

  /// The principal branch of w e^w = x, by Newton's method on w + ln w = ln x.
  ///
  /// - Precondition: `x > 0`.
  static func lambertW(_ x: Double) -> Double {
    precondition(x > 0, "the principal branch is used for positive numbers, found \(x)")
    let target = log(x)
    // Above 1 the root is near ln x; below, near x.
    var w = x > 1 ? max(target, 0.5) : x
    for _ in 0..<64 {
      let next = w - (w + log(w) - target) * w / (w + 1)
      let step = next - w
      w = next > 0 ? next : w / 2
      if abs(step) <= 1e-16 * w { break }
    }
    return w
  }
}
