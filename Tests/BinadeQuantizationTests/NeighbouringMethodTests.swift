import BinadeFormats
import BinadeNumerics
import BinadeQuantization
import Foundation
import Testing

/// Rows N1 to N4 of methods.md section 5; the error of VS-Quant is checked with the block formats.
@Suite struct NeighbouringMethodTests {
  private static let laplace = QuantileGrids.laplace(100_000)
  private static let normal = QuantileGrids.normal(100_000)

  @Test("N1: LSQ's codes, gradients, first step and gradient scale")
  func learnedStep() {
    let quantizer = LearnedStep(step: 0.25, bitWidth: 3, isSigned: true)
    let values = [-1, -0.33, -0.05, 0.08, 0.2, 0.61, 0.9]
    #expect(values.map(quantizer.encode) == [-4, -1, 0, 0, 1, 2, 3])
    for (found, expected) in zip(values.map(quantizer.stepGradient), [-4, 0.32, 0.2, -0.32, 0.2, -0.44, 3]) {
      #expect(abs(found - expected) < 1e-6)
    }
    #expect(values.map(quantizer.valueGradient) == [0, 1, 1, 1, 1, 1, 0])
    #expect(abs(LearnedStep.initialStep(values.map { Float($0) }, greatestCode: 3) - 0.522914) < 1e-6)
    #expect(abs(quantizer.gradientScale(elementCount: 7) - 0.218218) < 1e-6)
  }

  @Test("N1: PACT and SAT at 2 and 3 bits")
  func clippedActivation() {
    let values = [-0.3, 0, 0.4, 0.7, 1.2, 1.5, 2]
    let cases: [(Int, [Double], [Double])] = [
      (2, [0, 0, 0.5, 0.5, 1, 1.5, 1.5], [0, 0, 0.066667, -0.133333, -0.133333, 1, 1]),
      (3, [0, 0, 0.428571, 0.642857, 1.285714, 1.5, 1.5], [0, 0, 0.019048, -0.038095, 0.057143, 1, 1]),
    ]
    for (bits, quantized, calibrated) in cases {
      let quantizer = ClippedActivation(threshold: 1.5, bitWidth: bits)
      for (index, value) in values.enumerated() {
        #expect(abs(quantizer.fakeQuantize(value) - quantized[index]) < 1e-6)
        #expect(abs(quantizer.thresholdGradient(value, rule: .calibrated) - calibrated[index]) < 1e-6)
        #expect(quantizer.thresholdGradient(value, rule: .clippedOnly) == (index < 5 ? 0 : 1))
      }
      #expect(values.map(quantizer.valueGradient) == [0, 0, 1, 1, 1, 0, 0])
    }
  }

  @Test("N2: OCTAV's thresholds")
  func octav() {
    let listed: [(Int, Double, Double)] = [
      (2, 2.8737, 1.7388), (3, 3.9130, 2.1611), (4, 5.0332, 2.5620), (8, 9.7811, 3.9089),
    ]
    for (bits, laplace, normal) in listed {
      #expect(isClose(OCTAV.threshold(Self.laplace, bitWidth: bits, isNonnegative: false), laplace, 0.005))
      #expect(isClose(OCTAV.threshold(Self.normal, bitWidth: bits, isNonnegative: false), normal, 0.005))
    }
    // A fixed point of the recursion, and none a little further.
    let threshold = OCTAV.threshold(Self.normal, bitWidth: 4, isNonnegative: false)
    func next(_ s: Double) -> Double {
      let magnitudes = Self.normal.map { abs(Double($0)) }
      let outside = magnitudes.filter { $0 > s }
      return outside.reduce(0, +) / (Double(magnitudes.count - outside.count) / 768 + Double(outside.count))
    }
    #expect(isClose(next(threshold), threshold, 1e-6))
    #expect(!isClose(next(threshold * 1.05), threshold * 1.05, 1e-3))
    #expect(OCTAV.threshold([0, 0], bitWidth: 4, isNonnegative: true) == 0)
    #expect(OCTAV.threshold([3, 3, 3], bitWidth: 4, isNonnegative: true) == 3)
  }

  @Test("N2: percentiles")
  func percentiles() throws {
    let codec = try FormatCodec(FormatCatalog().format(named: "int8"), policy: ConversionPolicy())
    let target = ScaleTarget(codec: codec, unit: 127, headroomInBinades: 0, scaling: .fitted)
    let listed: [(Double, Double, Double)] = [
      (99, 4.604, 2.575), (99.9, 6.898, 3.288), (99.99, 9.115, 3.867),
    ]
    for (percent, laplace, normal) in listed {
      let calibration = PercentileCalibration(percent: percent)
      for (values, expected) in [(Self.laplace, laplace), (Self.normal, normal)] {
        let threshold = Double(calibration.scale(for: TensorSample(values), target: target)) * 127
        #expect(isClose(threshold, expected, 0.005), "\(percent): \(threshold)")
      }
    }
  }

  @Test("N2: the bounds with the least measured error, on a grid of 0.005")
  func sweep() {
    let listed: [(Int, Double, Double)] = [
      (2, 2.575, 1.575), (3, 3.775, 2.105), (4, 4.960, 2.540), (8, 9.790, 3.905),
    ]
    for (bits, laplace, normal) in listed {
      for (values, expected) in [(Self.laplace, laplace), (Self.normal, normal)] {
        func error(_ step: Int) -> Double {
          let bound = expected + 0.005 * Double(step)
          return QuantizationGrid(lower: -bound, range: 2 * bound, bitWidth: bits).meanSquaredError(
            of: values
          )
        }
        let best = (-12...12).min { error($0) < error($1) } ?? .max
        #expect(abs(best) <= 1, "\(bits) bits, \(expected): off by \(best) steps")
      }
    }
  }

  @Test("N3: the entropy thresholds of both variants")
  func entropy() {
    let cases: [(EntropyThreshold.Variant, Double, Double)] = [
      (.omitsLastBin, 7.198, 3.733), (.complete, 6.254, 3.499),
    ]
    for (variant, laplace, normal) in cases {
      #expect(
        isClose(EntropyThreshold.threshold(Self.laplace, levelCount: 15, variant: variant), laplace, 0.02)
      )
      #expect(
        isClose(EntropyThreshold.threshold(Self.normal, levelCount: 15, variant: variant), normal, 0.02)
      )
    }
    #expect(EntropyThreshold.threshold([0, 0], levelCount: 15) == 0)
  }

  @Test("N4: splitting a weight adds no error when halves are rounded up")
  func outlierSplitting() {
    func round(_ x: Double) -> Double { (x + 0.5).rounded(.down) }
    var halvingErrs = false
    for index in 0..<100_000 {
      let weight = (Double(index) - 50_000) / 1024
      let (low, high) = OutlierChannelSplitting.split(weight, step: 1)
      #expect(low + high == weight)
      #expect(round(low) + round(high) == round(weight))
      if 2 * round(weight / 2) != round(weight) { halvingErrs = true }
    }
    #expect(halvingErrs)
    #expect(OutlierChannelSplitting.channels(greatestMagnitudes: [1, 8, 3], count: 3) == [1, 1, 2])
    #expect(OutlierChannelSplitting.channels(greatestMagnitudes: [], count: 3).isEmpty)
  }

  @Test("N4: equalized ranges")
  func equalization() {
    let (rows, columns) = ([0.2, 4, 0.6], [3, 0.1, 0.7])
    let factors = CrossLayerEqualization.factors(rows: rows, columns: columns)
    for (index, expected) in [0.258199, 6.324555, 0.925820].enumerated() {
      #expect(isClose(factors[index], expected, 1e-5))
      let range = [0.774597, 0.632456, 0.648074][index]
      #expect(isClose(rows[index] / factors[index], range, 1e-5))
      #expect(isClose(columns[index] * factors[index], range, 1e-5))
    }
    #expect(CrossLayerEqualization.factors(rows: [0, 2], columns: [3, 0]) == [1, 1])
    #expect(CrossLayerEqualization.absorbedBias(mean: 5, standardDeviation: 1) == 2)
    #expect(CrossLayerEqualization.absorbedBias(mean: 2, standardDeviation: 1) == 0)
  }

  @Test("N4: expectations after a ReLU")
  func rectifiedNormal() {
    for (mean, deviation, expected) in [(0.0, 1.0, 0.398942), (0.5, 1, 0.697797), (-1, 2, 0.395593)] {
      let found = RectifiedNormal(mean: mean, standardDeviation: deviation).expectation
      #expect(isClose(found, expected, 1e-5))
    }
    // Half the variance of a standard normal number, less the square of the mean: 1/2 - 1/2π.
    #expect(isClose(RectifiedNormal(mean: 0, standardDeviation: 1).variance, 0.5 - 0.5 / Double.pi, 1e-9))
    #expect(isClose(RectifiedNormal(mean: 30, standardDeviation: 2).variance, 4, 1e-9))
    #expect(RectifiedNormal(mean: 2, standardDeviation: 0).expectation == 2)
    #expect(RectifiedNormal(mean: -2, standardDeviation: 0).expectation == 0)
  }

  @Test("N4: AdaRound's h, its inverse and derivatives against differences")
  func rectifiedSigmoid() {
    #expect(RectifiedSigmoid.value(0) == 0.5)
    #expect(isClose(RectifiedSigmoid.value(1), 0.777270, 1e-5))
    #expect(abs(RectifiedSigmoid.value(2.397896) - 1) < 1e-6 && RectifiedSigmoid.value(-2.397896) < 1e-6)
    for v in [-2.0, -0.7, 0, 0.3, 1.9] {
      let difference = (RectifiedSigmoid.value(v + 1e-6) - RectifiedSigmoid.value(v - 1e-6)) / 2e-6
      #expect(abs(RectifiedSigmoid.derivative(v) - difference) < 1e-8)
      #expect(isClose(RectifiedSigmoid.inverse(RectifiedSigmoid.value(v)), v, 1e-9) || v == 0)
    }
    #expect(RectifiedSigmoid.derivative(3) == 0)
    for (h, exponent) in [(0.1, 2.0), (0.1, 20), (0.4, 7.5), (0.8, 2), (0.8, 20)] {
      let penalty = RectifiedSigmoid.penalty(h, exponent: exponent)
      #expect(isClose(penalty.value, 1 - pow(abs(2 * h - 1), exponent), 1e-12))
      let difference =
        (RectifiedSigmoid.penalty(h + 1e-6, exponent: exponent).value
          - RectifiedSigmoid.penalty(h - 1e-6, exponent: exponent).value) / 2e-6
      #expect(abs(penalty.derivative - difference) < 1e-6)
    }
  }
}
