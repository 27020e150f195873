import BinadeFormats
import BinadeNumerics
import BinadeQuantization
import Testing

/// Grids of channels, and the quantizers made of them, against the equation in Double.
@Suite struct QuantizationGridTests {
  static func quantize(_ grids: [QuantizationGrid], _ pixels: [Float]) throws -> [Float] {
    let quantizer = try Quantizer(grids, cache: CodecCache())
    var output = [Float](repeating: .nan, count: pixels.count)
    pixels.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { target in
        if let base = target.baseAddress {
          quantizer.fakeQuantize(input, channels: grids.count, into: base)
        }
      }
    }
    for (index, value) in pixels.enumerated() {
      let one = quantizer.fakeQuantize(value, channel: index % grids.count)
      #expect(one == output[index] || (one.isNaN && output[index].isNaN))
    }
    return output
  }

  @Test("channels with bits and zero points of their own have the values of their grids")
  func channels() throws {
    let grids = [
      QuantizationGrid(lower: -0.9, range: 3, bitWidth: 4), QuantizationGrid(lower: 0, range: 7, bitWidth: 2),
      QuantizationGrid(lower: -0.01, range: 0.5, bitWidth: 8),
      QuantizationGrid(lower: -5, range: 9, bitWidth: 0),
    ]
    let quantizer = try Quantizer(grids, cache: CodecCache())
    #expect(quantizer.meanBitWidth == 3.5)
    // 5 steps below zero, 250 above: no more than a byte.
    #expect(quantizer.codec.info.bitWidth == 8)
    #expect(quantizer.parameterBitCount == 4 * (32 + 8 + 4))
    let values = (0..<4000).map { Float($0 - 2000) / 241 }
    let found = try Self.quantize(grids, values)
    for (index, value) in values.enumerated() {
      let grid = grids[index % 4]
      let steps = Double((1 << grid.bitWidth) - 1)
      let position = Double(value) / Double(grid.scale) + Double(grid.zeroPoint)
      let code = min(max(position, 0), steps).rounded()
      let expected = (code - Double(grid.zeroPoint)) * Double(grid.scale)
      let isHalfway = abs(position - position.rounded(.down) - 0.5) < 1e-4
      #expect(
        isHalfway || abs(Double(found[index]) - expected) <= 1e-6 * max(abs(expected), 1e-3),
        "\(value)"
      )
      #expect(isHalfway || Float(grid.fakeQuantize(Double(value))) == found[index])
    }
    #expect(
      Set(stride(from: 1, to: 4000, by: 4).map { found[$0] })
        == Set((0..<4).map { Float($0) * grids[1].scale })
    )
  }

  @Test("zero stays zero, NaN stays NaN, what is beyond the range is clipped; without bits all is zero")
  func edges() throws {
    let one = QuantizationGrid(lower: -0.7, range: 2, bitWidth: 3)
    let found = try Self.quantize([one], [0, -0.0, .infinity, -.infinity, 99])
    #expect(found[0] == 0 && found[1] == 0)
    #expect(found[2] == found[4] && found[2] > 1 && found[3] < -0.5)
    let none = QuantizationGrid(lower: -1, range: 2, bitWidth: 0)
    #expect(try Self.quantize([none], [3, -3, 1e30]) == [0, 0, 0])
    #expect(
      try Self.quantize([none, one], [3, 0.2, -3, 1e30]).enumerated().allSatisfy { $0 % 2 == 1 || $1 == 0 }
    )
  }

  @Test("neighbours lie on either side, next to each other, in every kind of format")
  func neighbours() throws {
    for name in ["float4_e2m1fn", "nf4", "posit8", "lns4.3"] {
      let codec = try CodecCache().codec(
        for: FormatCatalog().format(named: name),
        policy: ConversionPolicy(rounding: .nearestEven, overflow: .saturate)
      )
      let grid = QuantizationGrid(codec, scale: 0.5)
      let rungs = try #require(codec.codec.rungs).map { Float($0.value) }
      for value in stride(from: -40.0, through: 40, by: 0.37) {
        let (below, above) = grid.neighbours(of: value)
        let quotient = min(max(value * 2, Double(grid.least)), Double(grid.greatest))
        #expect(below == rungs.last { Double($0) <= quotient })
        #expect(above == rungs.first { Double($0) >= quotient })
      }
    }
    let (below, above) = QuantizationGrid(lower: -1, range: 3, bitWidth: 2).neighbours(of: 0.5)
    #expect(below == 0 && above == 1)
  }

  @Test("steps evenly about zero are those of a narrow integer format")
  func symmetric() {
    let grid = QuantizationGrid(symmetric: 1.4, bitWidth: 4)
    #expect(abs(grid.scale - 0.2) < 1e-7)
    for code in -7...7 {
      let value = Double(code) * Double(grid.scale)
      #expect(grid.fakeQuantize(value) == value)
    }
    #expect(grid.fakeQuantize(1.4) == -grid.fakeQuantize(-1.4))
  }

  @Test("the sweep finds the bound with the least error, and none is better on its grid")
  func sweep() {
    let values = QuantileGrids.laplace(8192)
    let greatest = Double(values.max() ?? 0)
    let best = RangeSweep.grid(values, least: -greatest, greatest: greatest, bitWidth: 4)
    // methods.md 4.6: 4.960 for GEMM's quantizer at 4 bits; the sweep steps by 2 % of the range.
    #expect(abs(Double(best.scale) * 7.5 - 4.960) < 0.02 * greatest)
    for percent in stride(from: 10, through: 100, by: 2) {
      let share = Double(percent) / 100
      let other = QuantizationGrid(lower: -greatest * share, range: 2 * greatest * share, bitWidth: 4)
      #expect(best.meanSquaredError(of: values) <= other.meanSquaredError(of: values))
    }
  }
}
