import BinadeQuantization
import Testing

/// Affine quantizers per channel in float32, against the quantizer in Double.
@Suite struct AffineChannelsTests {
  static func quantize(_ channels: AffineChannels, _ pixels: [Float], channelCount: Int) -> [Float] {
    var output = [Float](repeating: .nan, count: pixels.count)
    pixels.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { target in
        if let base = target.baseAddress { channels.fakeQuantize(input, channels: channelCount, into: base) }
      }
    }
    return output
  }

  @Test("each channel has the values of its quantizer; halfway cases aside, the same as in Double")
  func channels() {
    let quantizers = [
      AffineQuantizer(lower: -1.3, range: 3, bitWidth: 4), AffineQuantizer(lower: 0, range: 7, bitWidth: 2),
      AffineQuantizer(lower: -0.01, range: 0.5, bitWidth: 8),
      AffineQuantizer(lower: -5, range: 9, bitWidth: 0),
    ]
    let channels = AffineChannels(quantizers)
    #expect(channels.meanBitWidth == 3.5)
    let values = (0..<4000).map { Float($0 - 2000) / 241 }
    let found = Self.quantize(channels, values, channelCount: 4)
    for (index, value) in values.enumerated() {
      let quantizer = quantizers[index % 4]
      #expect(found[index] == channels.fakeQuantize(value, channel: index % 4))
      let expected = quantizer.fakeQuantize(Double(value))
      let position = Double(value) / quantizer.scale + quantizer.zeroPoint
      let isHalfway = abs(position - position.rounded(.down) - 0.5) < 1e-4
      #expect(
        isHalfway || abs(Double(found[index]) - expected) <= 1e-6 * max(abs(expected), 1e-3),
        "\(value)"
      )
    }
    #expect(
      Set(stride(from: 1, to: 4000, by: 4).map { found[$0] })
        == Set((0..<4).map { Float($0) * Float(7.0 / 3) })
    )
  }

  @Test("zero stays zero, NaN stays NaN, what is beyond the range is clipped; without bits all is zero")
  func edges() {
    let one = AffineChannels([AffineQuantizer(lower: -0.7, range: 2, bitWidth: 3)])
    let found = Self.quantize(one, [0, -0.0, .nan, .infinity, -.infinity, 99], channelCount: 3)
    #expect(found[0] == 0 && found[1] == 0 && found[2].isNaN)
    #expect(found[3] == found[5] && found[3] > 1 && found[4] < -0.5)
    let none = AffineChannels([AffineQuantizer(lower: -1, range: 2, bitWidth: 0)])
    #expect(Self.quantize(none, [3, -3, 1e30], channelCount: 1) == [0, 0, 0])
  }

  @Test("steps evenly about zero are those of a narrow integer format")
  func symmetric() {
    let quantizer = AffineQuantizer(symmetric: 1.4, bitWidth: 4)
    #expect(abs(quantizer.scale - 0.2) < 1e-15)
    for code in -7...7 {
      let value = Double(code) * quantizer.scale
      #expect(abs(quantizer.fakeQuantize(value) - value) < 1e-12)
    }
    #expect(quantizer.fakeQuantize(1.4) == -quantizer.fakeQuantize(-1.4))
  }

  @Test("the sweep finds the bound with the least error, and none is better on its grid")
  func sweep() {
    let values = QuantileGrids.laplace(8192)
    let greatest = Double(values.max() ?? 0)
    let best = RangeSweep.quantizer(values, least: -greatest, greatest: greatest, bitWidth: 4)
    // methods.md 4.6: 4.960 for GEMM's quantizer at 4 bits; the sweep steps by 2 % of the range.
    #expect(abs(best.scale * 7.5 - 4.960) < 0.02 * greatest)
    for percent in stride(from: 10, through: 100, by: 2) {
      let share = Double(percent) / 100
      let other = AffineQuantizer(lower: -greatest * share, range: 2 * greatest * share, bitWidth: 4)
      #expect(best.meanSquaredError(of: values) <= other.meanSquaredError(of: values))
    }
  }
}
