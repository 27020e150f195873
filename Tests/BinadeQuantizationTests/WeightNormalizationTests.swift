import BinadeFormats
import BinadeKernels
import BinadeNumerics
import BinadeQuantization
import Testing

/// Weights normalised by tanh, and what DoReFa and SAT make of them, against the worked vectors of methods.md 2.9.
@Suite struct WeightNormalizationTests {
  private static let weights: [Float] = [-1.5, -0.6, -0.2, 0.05, 0.1, 0.9]

  private static func trainable(_ format: String, _ method: TrainingMethod, isNormalized: Bool) throws
    -> TrainableQuantizer
  {
    try TrainableQuantizer(
      QuantizerSpecification(format: FormatCatalog().format(named: format), granularity: .channel),
      method,
      operand: .weights,
      isNonnegative: false,
      isNormalized: isNormalized,
      name: "test",
      cache: CodecCache()
    )
  }

  /// What weights become in a step, and what was rounded in their place.
  private static func quantized(
    _ weights: [Float],
    _ trainable: inout TrainableQuantizer,
    channelLength: Int
  ) throws -> (replaced: [Float], quantized: [Float]) {
    let replaced = try #require(
      weights.withUnsafeBufferPointer { trainable.observe(weights: $0, channelLength: channelLength) }
    )
    let quantizer = try #require(trainable.quantizer)
    return (replaced, replaced.map { quantizer.fakeQuantize($0, channel: 0) })
  }

  @Test("the normalised weights of the worked vector; zeros stay")
  func vector() {
    let expected = [-1, -0.593328, -0.218059, 0.055194, 0.110112, 0.791360]
    let found = Self.weights.withUnsafeBufferPointer { WeightNormalization.normalized($0) }
    for (found, expected) in zip(found, expected) { #expect(abs(Double(found) - expected) < 1e-6) }
    let zeros: [Float] = [0, 0]
    #expect(zeros.withUnsafeBufferPointer { WeightNormalization.normalized($0) } == zeros)
  }

  @Test(
    "DoReFa's weights: levels without zero",
    arguments: [
      ("int2_midrise", 3, [-3, -1, -1, 1, 1, 3]), ("int3_midrise", 7, [-7, -5, -1, 1, 1, 5]),
      ("int4_midrise", 15, [-15, -9, -3, 1, 1, 11]),
    ]
  )
  func dorefa(format: String, levels: Int, expected: [Int]) throws {
    var trainable = try Self.trainable(format, .dorefa, isNormalized: true)
    let found = try Self.quantized(Self.weights, &trainable, channelLength: 6).quantized
    for (found, expected) in zip(found, expected) {
      #expect(abs(Double(found) - Double(expected) / Double(levels)) < 1e-6)
    }
  }

  @Test(
    "SAT scales layers without batch norm to the variance 1 / outputs, and no others",
    arguments: [("int2_midrise", 0.380356, 0.831400), ("int4_midrise", 0.325489, 0.971546)]
  )
  func sat(format: String, deviation: Double, factor: Double) throws {
    let weights = QuantileGrids.normal(640).map { $0 * 0.1 }
    func spread(_ values: [Float]) -> Double {
      let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
      return
        (values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count - 1))
        .squareRoot()
    }
    var normalized = try Self.trainable(format, .sat, isNormalized: true)
    let plain = try Self.quantized(weights, &normalized, channelLength: 64)
    #expect(abs(spread(plain.replaced) - 0.323424) < 1e-5)
    #expect(abs(spread(plain.quantized) - deviation) < 1e-5)
    #expect(normalized.weightFactor == 1)
    var rescaled = try Self.trainable(format, .sat, isNormalized: false)
    let found = try Self.quantized(weights, &rescaled, channelLength: 64)
    #expect(abs(rescaled.weightFactor - factor) < 1e-5)
    #expect(abs(spread(found.quantized) - 0.316228) < 1e-5)
  }

  @Test("the gradient is the derivative, through the greatest weight as well", arguments: [1.0, 0.7])
  func gradient(factor: Double) {
    let upstream: [Float] = [1, -2, 3, 0.5, -1.5, 2]
    func loss(_ weights: [Double]) -> Double {
      let squeezed = weights.map { Elementary.tanh($0) }
      let greatest = squeezed.map(abs).max() ?? 1
      return zip(squeezed, upstream).reduce(0) { $0 + factor * $1.0 / greatest * Double($1.1) }
    }
    for sign in [Float(1), -1] {
      let weights = Self.weights.map { $0 * sign }
      var gradient = upstream
      gradient.withUnsafeMutableBufferPointer { gradient in
        weights.withUnsafeBufferPointer {
          WeightNormalization.propagate(gradient, weights: $0, factor: factor)
        }
      }
      for index in weights.indices {
        var (above, below) = (weights.map(Double.init), weights.map(Double.init))
        above[index] += 1e-5
        below[index] -= 1e-5
        let difference = (loss(above) - loss(below)) / 2e-5
        #expect(abs(difference - Double(gradient[index])) < 1e-6 * max(1, abs(difference)), "\(index)")
      }
    }
  }

  @Test(
    "A8: AQT's signed quantizer with the greatest magnitude as bound, on a normal distribution",
    arguments: [("int4_narrow", 3.31823e-2), ("int8_narrow", 1.00801e-4)]
  )
  func normal(format: String, expected: Double) throws {
    let values = QuantileGrids.normal(100_000)
    var trainable = try Self.trainable(format, .aqt, isNormalized: true)
    let replaced = values.withUnsafeBufferPointer {
      trainable.observe(weights: $0, channelLength: values.count)
    }
    #expect(replaced == nil)
    let quantizer = try #require(trainable.quantizer)
    let error = values.reduce(0.0) {
      let error = Double(quantizer.fakeQuantize($1, channel: 0)) - Double($1)
      return $0 + error * error
    }
    #expect(abs(error / 100_000 - expected) <= 0.01 * expected)
  }
}
