import BinadeFormats
import BinadeQuantization
import Testing

/// Parts of an error, against the whole.
@Suite struct SeparatedQuantizerTests {
  static let values: [Float] = QuantileGrids.laplace(1001)

  static func quantizer(_ format: String) throws -> Quantizer {
    try Quantizer(
      QuantizerSpecification(
        format: FormatCatalog().format(named: format),
        granularity: .tensor,
        calibration: PercentileCalibration(percent: 99)
      ),
      samples: [TensorSample(values)],
      name: "test",
      cache: CodecCache()
    )
  }

  private func separated(_ quantizer: Quantizer, _ sources: Set<ErrorSource>) -> Quantizer {
    var result = quantizer
    result.separation = ErrorSeparation(sources)
    return result
  }

  private func apply(_ separated: Quantizer, _ input: [Float]) -> [Float] {
    var output = input
    input.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { target in
        if let base = target.baseAddress { separated.fakeQuantize(input, channels: 7, into: base) }
      }
    }
    return output
  }

  @Test(
    "the parts add up to the error; all of them make the quantizer, none the identity",
    arguments: ["int4", "float4_e2m1fn", "posit8", "nf4"]
  )
  func parts(format: String) throws {
    let quantizer = try Self.quantizer(format)
    let all = separated(quantizer, Set(ErrorSource.allCases))
    let none = separated(quantizer, [])
    let scale = quantizer.scales[0]
    var seen: Set<String> = []
    for value in Self.values {
      let quantized = quantizer.codec.decode(quantizer.codec.encode(value / scale)) * scale
      let range = quantizer.range(ofChannel: 0)
      let parts = ErrorSeparation.parts(
        value,
        quantized: quantized,
        least: range.lowerBound,
        greatest: range.upperBound
      )
      #expect(parts.clipping + parts.rounding + parts.underflow == Double(quantized) - Double(value))
      #expect(parts.rounding == 0 || parts.underflow == 0)
      #expect(all.fakeQuantize(value, channel: 0) == quantized)
      #expect(none.fakeQuantize(value, channel: 0) == value)
      if parts.clipping != 0 { seen.insert("clipping") }
      if parts.rounding != 0 { seen.insert("rounding") }
      if parts.underflow != 0 { seen.insert("underflow") }
    }
    #expect(seen.contains("rounding"))
    // The scale of a posit leaves room above the values: none of these is clipped.
    #expect(seen.contains("clipping") == (format != "posit8"))
    let pixels = Array(Self.values.prefix(994))
    for sources in [Set<ErrorSource>(), [.clipping], [.rounding, .underflow], Set(ErrorSource.allCases)] {
      let parts = separated(quantizer, sources)
      #expect(apply(parts, pixels) == pixels.map { parts.fakeQuantize($0, channel: 0) })
    }
  }

  @Test("a clipped value only loses what is beyond the range; an underflow becomes zero")
  func kinds() throws {
    let quantizer = try Self.quantizer("int4_narrow")
    let greatest = 7 * quantizer.scales[0]
    let clipping = separated(quantizer, [.clipping])
    #expect(clipping.fakeQuantize(greatest * 1.7, channel: 0) == greatest)
    #expect(clipping.fakeQuantize(greatest * 0.33, channel: 0) == greatest * 0.33)
    let underflow = separated(quantizer, [.underflow])
    #expect(underflow.fakeQuantize(quantizer.scales[0] * 0.4, channel: 0) == 0)
    #expect(underflow.fakeQuantize(quantizer.scales[0] * 0.6, channel: 0) == quantizer.scales[0] * 0.6)
  }

  @Test("without the mean shift the mean of a channel's weights stays; alone it moves all weights alike")
  func meanShift() throws {
    let quantizer = try Self.quantizer("int4")
    let weights = Self.values.map { $0 * 0.9 + 0.21 }[...]
    func mean(_ values: some Collection<Float>) -> Double {
      values.reduce(0) { $0 + Double($1) } / Double(values.count)
    }
    func rounded(_ sources: Set<ErrorSource>) -> [Float] {
      let range = quantizer.range(ofChannel: 0)
      return ErrorSeparation(sources).weights(
        weights,
        quantized: weights.map { quantizer.fakeQuantize($0, channel: 0) }
      ) { _ in (range.lowerBound, range.upperBound) }
    }
    let whole = rounded([.clipping, .rounding, .underflow, .meanShift])
    let scale = quantizer.scales[0]
    #expect(whole == weights.map { quantizer.codec.decode(quantizer.codec.encode($0 / scale)) * scale })
    let shift = mean(whole) - mean(weights)
    #expect(abs(shift) > 1e-3)
    #expect(abs(mean(rounded([.clipping, .rounding, .underflow])) - mean(weights)) < 1e-7)
    #expect(abs(mean(rounded([.rounding])) - mean(weights)) < 1e-7)
    for (moved, weight) in zip(rounded([.meanShift]), weights) {
      #expect(abs(Double(moved) - Double(weight) - shift) < 1e-6)
    }
    #expect(rounded([]) == Array(weights))
  }
}
