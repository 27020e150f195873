import Binade
import Foundation
import Testing

/// Divergence, agreement, cross-entropy and their intervals, against figures found by hand.
@Suite struct OutputMeasureTests {
  private func divergence(_ logits: [Float], from reference: [Float]) -> Double {
    logits.withUnsafeBufferPointer { logits in
      reference.withUnsafeBufferPointer { SoftmaxDivergence.divergence(of: logits, from: $0) }
    }
  }

  private func crossEntropy(_ logits: [Float], label: Int) -> Double {
    logits.withUnsafeBufferPointer { SoftmaxDivergence.crossEntropy(of: $0, label: label) }
  }

  private func isClose(_ found: Double, _ expected: Double, _ tolerance: Double = 1e-12) -> Bool {
    abs(found - expected) <= tolerance * abs(expected)
  }

  /// p = (1/2, 1/2), q = (1/4, 3/4): 1/2 ln 2 + 1/2 ln(2/3) = 1/2 ln(4/3). The other way round
  /// 1/4 ln(1/2) + 3/4 ln(3/2).
  @Test("the divergence of two distributions by hand, both ways, and of logits that differ by a constant")
  func divergence() {
    let third = Float(log(3.0))
    // ln 3 as a Float is off by 2e-8.
    #expect(isClose(divergence([0, third], from: [0, 0]), 0.5 * log(4.0 / 3), 1e-6))
    #expect(isClose(divergence([0, 0], from: [0, third]), 0.25 * log(0.5) + 0.75 * log(1.5), 1e-6))
    #expect((0..<1e-28).contains(divergence([3, 4, 5], from: [1, 2, 3])))
    #expect(divergence([1, -2, 0.5], from: [1, -2, 0.5]) == 0)
  }

  /// From (1/2, 1/2) to logits (0, x): ln((1 + e^x)/2) - x/2 = ln cosh(x/2), which is x²/8 - x⁴/192 for small x and x/2 - ln 2 for
  /// great ones.
  @Test(
    "the divergence keeps its digits from 1e-19 to a thousand",
    arguments: [-30, -20, -10, -6, 0, 3, 5, 11]
  )
  func digits(exponent: Int) {
    let x = Double(sign: .plus, exponent: exponent, significand: 1)
    let expected = exponent < -8 ? x * x / 8 - x * x * x * x / 192 : x / 2 + log1p(exp(-x)) - log(2.0)
    for sign in [1.0, -1] {
      let found = divergence([0, Float(sign * x)], from: [0, 0])
      #expect(isClose(found, expected, 1e-11), "\(found) \(expected)")
      // Both logits shifted by as much as their difference allows.
      #expect(
        isClose(divergence([1, 1 + Float(sign * x)], from: [1, 1]), expected, exponent < -19 ? 1 : 1e-5)
      )
    }
  }

  /// -ln(1/(1 + e^-x)) = ln(1 + e^-x): for x = 40 that is e^-40, far below the rounding error of 1.
  @Test("cross-entropy by hand: certain, undecided, wrong")
  func crossEntropy() {
    #expect(isClose(crossEntropy([40, 0], label: 0), exp(-40)))
    #expect(isClose(crossEntropy([0, 0, 0, 0], label: 2), log(4)))
    #expect(isClose(crossEntropy([1000, 0], label: 1), 1000))
    #expect(crossEntropy([1, .nan], label: 0) == .infinity)
  }

  /// Two classes, three images. Float32 is undecided, certain and certain; the first keeps its class with ln(4/3)/2, the second is
  /// the same, the third changes its class.
  @Test("means over images by hand")
  func means() {
    let x = Float(log(3.0))
    let measures = OutputMeasures(
      logits: [x, 0, 0, 5, 0, x],
      reference: [0, 0, 0, 5, x, 0],
      labels: [0, 1, 0],
      threads: 1
    )
    // The third: p = (3/4, 1/4), q = (1/4, 3/4): 1/2 ln 3.
    #expect(isClose(measures.meanDivergence, (0.5 * log(4.0 / 3) + 0.5 * log(3)) / 3, 1e-6))
    #expect(isClose(measures.percentile99Divergence, 0.5 * log(3), 1e-6))
    #expect(measures.agreement == 2.0 / 3)
    // ln 2 becomes ln(4/3), then nothing, then ln(4/3) becomes ln 4.
    #expect(isClose(measures.crossEntropyChange, (log(4.0 / 3) - log(2) + log(4) - log(4.0 / 3)) / 3, 1e-6))
    #expect(measures.nonFiniteImageCount == 0)
  }

  @Test("the 99th percentile is the 99th of 100 and the 990th of 1,000 values")
  func percentile() {
    // ln cosh(x/2) grows with x, the image's number.
    for (count, place) in [(1, 1), (2, 2), (99, 99), (100, 99), (101, 100), (1000, 990)] {
      let measures = OutputMeasures(
        logits: (1...count).reversed().flatMap { [0, Float($0) / 64] },
        reference: [Float](repeating: 0, count: 2 * count),
        labels: [Int](repeating: 0, count: count),
        bootstrap: Bootstrap(resampleCount: 1),
        threads: 1
      )
      #expect(
        measures.percentile99Divergence == divergence([0, Float(place) / 64], from: [0, 0]),
        "\(count)"
      )
    }
  }

  @Test(
    "images without probabilities are counted and infinite, never left out",
    arguments: [Float.nan, .infinity, -.infinity]
  )
  func notFinite(value: Float) throws {
    let measures = OutputMeasures(
      logits: [1, 0, value, 0, 1, 0],
      reference: [1, 0, 1, 0, 1, 0],
      labels: [0, 0, 0],
      threads: 1
    )
    #expect(measures.nonFiniteImageCount == 1)
    #expect(measures.meanDivergence == .infinity && measures.crossEntropyChange == .infinity)
    #expect(measures.meanDivergenceInterval.upper == .infinity)
    #expect(measures.agreement == (value == .infinity ? 1 : 2.0 / 3))
    #expect(try #require(OutputText.warning(measures)).hasPrefix("1 images have a NaN"))
    // A reference without probabilities is no better.
    let reversed = OutputMeasures(logits: [1, 0], reference: [value, 0], labels: [0], threads: 1)
    #expect(reversed.meanDivergence == .infinity && reversed.crossEntropyChange == .infinity)
  }

  /// Half of 100 images agree: resamples are binomial, whose 2.5 and 97.5 % points are 40 and 60.
  @Test("the interval of a share is that of the binomial distribution; threads do not show, the seed does")
  func bootstrap() throws {
    func measures(_ threads: Int, seed: UInt64 = 0) -> OutputMeasures {
      OutputMeasures(
        logits: (0..<100).flatMap { $0 < 50 ? [Float(1), 0] : [0, 1 + Float($0) / 50] },
        reference: (0..<100).flatMap { _ in [Float(1), 0] },
        labels: [Int](repeating: 0, count: 100),
        bootstrap: Bootstrap(seed: seed),
        threads: threads
      )
    }
    let one = measures(1)
    #expect(abs(one.agreementInterval.lower - 0.4) < 0.011 && abs(one.agreementInterval.upper - 0.6) < 0.011)
    #expect(one.bootstrapResampleCount == 2000)
    for threads in [2, 7] { #expect(measures(threads) == one) }
    #expect(measures(1, seed: 1).meanDivergenceInterval != one.meanDivergenceInterval)
    for (value, interval) in [
      (one.meanDivergence, one.meanDivergenceInterval),
      (one.percentile99Divergence, one.percentile99DivergenceInterval),
      (one.crossEntropyChange, one.crossEntropyChangeInterval),
    ] {
      #expect(interval.lower <= value && value <= interval.upper && interval.lower < interval.upper)
    }
  }

  /// Means of 80 values from an exponential distribution with mean 1: the interval holds 1 in about 95 of 100 samples, a little less
  /// because the distribution is skewed.
  @Test("intervals of a mean cover it as often as they say")
  func coverage() {
    let covered = (0..<300).count { sample in
      let generator = CounterGenerator(seed: 11, tensor: UInt32(sample))
      let values = (0..<80).map { -log((Double(generator.word(of: UInt64($0))) + 0.5) / 0x1p32) }
      let interval = Bootstrap(seed: UInt64(sample), resampleCount: 500).intervals(imageCount: 80, threads: 1)
      {
        draws in [draws.reduce(0) { $0 + values[$1] } / 80]
      }[0]
      return interval.lower <= 1 && 1 <= interval.upper
    }
    #expect((0.90...0.97).contains(Double(covered) / 300), "\(covered) of 300")
  }

  /// b = 9.5, c = 1.5, n = 102: -8/102 ± 1.959964 sqrt(11 - 64/102)/102 = -0.078431 ± 0.061886.
  @Test("the interval of a paired difference by hand, and where nothing differs")
  func paired() {
    let interval = PairedDifferenceInterval(onlyFirst: 9, onlySecond: 1, count: 100)
    #expect(abs(interval.lower + 0.140317) < 1e-6 && abs(interval.upper + 0.016546) < 1e-6, "\(interval)")
    let none = PairedDifferenceInterval(onlyFirst: 0, onlySecond: 0, count: 98)
    #expect(abs(none.upper - 0.01959964) < 1e-8 && none.lower == -none.upper)
  }

  @Test("outcomes of images survive JSON, four to a digit; what does not fit is refused")
  func outcomes() throws {
    let outcomes = Top1Outcomes([true, false, true, true, false, true])
    let data = try JSONEncoder().encode(outcomes)
    #expect(String(decoding: data, as: UTF8.self).contains("\"b4\""))
    #expect(try JSONDecoder().decode(Top1Outcomes.self, from: data) == outcomes)
    for text in ["b", "b45", "b5", "bx", ""] {
      let hostile = Data("{\"imageCount\": 6, \"hexadecimal\": \"\(text)\"}".utf8)
      #expect(throws: DecodingError.self, "\(text)") {
        try JSONDecoder().decode(Top1Outcomes.self, from: hostile)
      }
    }
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(
        Top1Outcomes.self,
        from: Data("{\"imageCount\": -1, \"hexadecimal\": \"\"}".utf8)
      )
    }
  }

  @Test("divergence falls with bits where accuracy has stopped to tell, and is 0 of float32 itself")
  func network() throws {
    let experiment = try ExperimentTests.experiment(limit: 1000)
    let float32 = try experiment.run(Configuration()).outputs
    #expect(float32.meanDivergence == 0 && float32.agreement == 1 && float32.crossEntropyChange == 0)
    let results = try ["int4", "int6", "int8", "int16"].map {
      try experiment.run(ExperimentTests.configuration($0))
    }
    for (coarse, fine) in zip(results, results.dropFirst()) {
      #expect(coarse.outputs.meanDivergenceInterval.lower > fine.outputs.meanDivergenceInterval.upper)
      #expect(coarse.outputs.percentile99Divergence > fine.outputs.percentile99Divergence)
    }
    #expect(results[3].outputs.meanDivergence > 0)
    let report = ComparisonReport(results, graph: experiment.model.architecture.graph)
    #expect(report.isOnDivergenceFront == [true, true, true, true])
  }
}
