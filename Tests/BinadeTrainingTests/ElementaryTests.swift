import BinadeNumerics
import Foundation
import Testing

/// The engine's own exponential, logarithm, hyperbolic tangent and cosine beside the C library's.
@Suite struct ElementaryTests {
  private func ulps(_ found: Double, _ exact: Double) -> Double { abs(found - exact) / exact.ulp }

  @Test("exp is within 2 ulp, to the ends of its range")
  func exponential() {
    for step in -7450...7097 {
      let x = Double(step) / 10 + 0.0371
      let found = Elementary.exp(x)
      // Below the normal numbers an ulp is a fixed amount.
      #expect(abs(found - exp(x)) <= 2 * max(exp(x).ulp, .leastNonzeroMagnitude), "\(x)")
    }
    #expect(Elementary.exp(0) == 1)
    #expect(Elementary.exp(710) == .infinity)
    #expect(Elementary.exp(-800) == 0)
    #expect(Elementary.exp(.nan).isNaN)
  }

  @Test("log is within 3 ulp")
  func logarithm() {
    for step in 1...20_000 {
      let x = Double(step) * 0.00037
      #expect(ulps(Elementary.log(x), log(x)) <= 3 || abs(Elementary.log(x) - log(x)) < 1e-18, "\(x)")
    }
    for exponent in -1074...1023 {
      let x = Double(sign: .plus, exponent: exponent, significand: 1)
      #expect(ulps(Elementary.log(x), log(x)) <= 3 || exponent == 0, "2^\(exponent)")
    }
    #expect(Elementary.log(1) == 0)
    #expect(Elementary.log(0) == -.infinity)
    #expect(Elementary.log(-1).isNaN)
  }

  @Test("tanh is within 4 ulp, odd, and 1 in the end")
  func hyperbolicTangent() {
    for step in 1...40_000 {
      let x = Double(step) * 0.00061
      #expect(ulps(Elementary.tanh(x), tanh(x)) <= 4, "\(x)")
      #expect(Elementary.tanh(-x) == -Elementary.tanh(x))
    }
    for exponent in -1074...0 {
      let x = Double(sign: .plus, exponent: exponent, significand: 1)
      #expect(ulps(Elementary.tanh(x), tanh(x)) <= 4, "2^\(exponent)")
    }
    #expect(Elementary.tanh(0) == 0)
    #expect(Elementary.tanh(.infinity) == 1)
    #expect(Elementary.tanh(.nan).isNaN)
  }

  @Test("cos(πx) is within 2 ulp of 1")
  func cosine() {
    for step in 0...10_000 {
      let x = Double(step) / 10_000
      #expect(abs(Elementary.cosineOfPi(x) - cos(.pi * x)) <= 2 * 1.0.ulp, "\(x)")
    }
    #expect(Elementary.cosineOfPi(0) == 1)
    #expect(Elementary.cosineOfPi(1) == -1)
  }
}
