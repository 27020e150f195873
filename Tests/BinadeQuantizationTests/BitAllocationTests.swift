import BinadeQuantization
import Foundation
import Testing

/// Rows C4, C5 and C7 of methods.md section 5.
@Suite struct BitAllocationTests {
  @Test("C4: the allocations of methods.md 3.10, with the budgets they end with")
  func listed() throws {
    let spread = [0.1, 1, 1, 1, 1, 1, 1, 10]
    let cases: [([Double], Double, [Int], Double?)] = [
      ([1, 2, 4, 8], 4, [3, 4, 4, 5], 4.125), ([1, 2, 4, 8], 3, [2, 3, 3, 4], nil),
      ([1, 2, 4, 8], 2, [1, 2, 2, 3], nil), (spread, 4, [2, 4, 4, 4, 4, 4, 4, 6], 4.1875),
      (spread, 2, [0, 2, 2, 2, 2, 2, 2, 4], nil),
      ([1, 1.5, 2, 3, 5, 8, 13, 21], 4, [3, 3, 3, 4, 4, 5, 5, 5], 4.25),
    ]
    for (ranges, mean, widths, budget) in cases {
      let allocation = try BitAllocation(ranges: ranges, meanBitWidth: mean)
      #expect(allocation.bitWidths == widths)
      if let budget { #expect(allocation.budget == budget) }
    }
    for (ranges, ratio) in [
      ([1, 2, 4, 8], 0.555420), (spread, 0.188628), ([1, 1.5, 2, 3, 5, 8, 13, 21], 0.385834),
    ] {
      #expect(isClose(BitAllocation.idealErrorRatio(ranges: ranges), ratio, 1e-5))
    }
    let logarithms = BitAllocation.logarithmsOfBins([1, 2, 4, 8], budget: 4)
    for (found, expected) in zip(logarithms, [2.812986, 3.479652, 4.146319, 4.812986]) {
      #expect(isClose(found, expected, 1e-6))
    }
  }

  @Test("C4: 64 channels of two spreads, as a histogram of bits")
  func histogram() throws {
    for (spread, histogram, budget, ratio) in [
      (0.5, [3: 10, 4: 44, 5: 10], 4.078125, 0.727895),
      (1.0, [2: 4, 3: 15, 4: 26, 5: 15, 6: 4], 4.3046875, 0.314539),
    ] {
      let scales = QuantileGrids.channelScales(64, spread: spread)
      let allocation = try BitAllocation(ranges: scales, meanBitWidth: 4)
      #expect(Dictionary(grouping: allocation.bitWidths, by: { $0 }).mapValues(\.count) == histogram)
      #expect(allocation.budget == budget)
      #expect(isClose(BitAllocation.idealErrorRatio(ranges: scales), ratio, 1e-5))
    }
  }

  @Test("C5: two channels that share 32 bins are best off as the formula shares them")
  func twoChannels() {
    let base = QuantileGrids.normal(4096)
    func bestShare(_ scales: [Double]) -> Double {
      // Shares of the bins in hundredths; any number of bins over the whole range, halfway between which values are
      // rounded (methods.md 3.9).
      let range = Double(base[base.count - 1]) - Double(base[0])
      func error(_ share: Double) -> Double {
        zip(scales, [share, 1 - share]).reduce(0) { sum, channel in
          let step = range / (32 * channel.1)
          let squares = base.reduce(0.0) { sum, x in
            let error = Double(x) - step * (Double(x) / step).rounded()
            return sum + error * error
          }
          return sum + channel.0 * channel.0 * squares
        }
      }
      return (20...80).map { Double($0) / 100 }.min { error($0) < error($1) } ?? 0
    }
    let scale = 8.0.squareRoot()
    #expect(abs(theory([scale, 1]) - 2.0 / 3) < 1e-9)
    for (scales, share) in [([scale, 1], 0.67), ([1, scale], 0.33), ([1, 1], 0.50)] {
      #expect(abs(theory(scales) - share) <= 0.01)
      #expect(abs(bestShare(scales) - share) <= 0.01 + 1e-9, "\(scales): \(bestShare(scales))")
    }
  }

  /// The share of the first channel by the formula.
  private func theory(_ scales: [Double]) -> Double {
    let bins = BitAllocation.logarithmsOfBins(scales, budget: 4).map { exp2($0) }
    return bins[0] / 32
  }

  @Test("C7: the code's form makes mean and deviation exact; the listed errors of all forms")
  func biasCorrection() throws {
    let weights = QuantileGrids.laplace(576).map { Float(0.01 + 0.05 * Double($0) / 2.0.squareRoot()) }
    let moments = try #require(ChannelMoments(weights))
    // bits, error before, μ, ξ, error with the mean, as published, with mean and variance
    let listed = [
      [2, 1.259419e-3, 4.537999e-3, 0.925259, 1.238825e-3, 1.131842e-3, 1.131283e-3],
      [3, 3.253531e-4, 1.082447e-3, 0.948146, 3.241814e-4, 3.006171e-4, 3.003482e-4],
      [4, 7.543295e-5, 1.163785e-4, 0.982078, 7.541941e-5, 7.328997e-5, 7.325785e-5],
    ]
    for row in listed {
      let quantizer = QuantizationGrid(moments, bitWidth: Int(row[0]))
      let quantized = weights.map { Float(quantizer.fakeQuantize(Double($0))) }
      func corrected(_ rule: BiasCorrection.Rule) -> (BiasCorrection, [Float]) {
        let correction = BiasCorrection(weights: weights, quantized: quantized, rule: rule)
        return (correction, quantized.map(correction.apply))
      }
      func error(_ values: [Float]) -> Double {
        zip(weights, values).reduce(0) { $0 + pow2(Double($1.0) - Double($1.1)) } / Double(weights.count)
      }
      let (mean, both) = (corrected(.mean), corrected(.meanAndVariance))
      #expect(isClose(error(quantized), row[1], 1e-4))
      #expect(isClose(mean.0.meanShift, row[2], 1e-4))
      #expect(isClose(both.0.factor, row[3], 1e-5))
      #expect(isClose(error(mean.1), row[4], 1e-4))
      #expect(isClose(error(corrected(.published).1), row[5], 1e-4))
      #expect(isClose(error(both.1), row[6], 1e-4))
      let after = try #require(ChannelMoments(both.1))
      #expect(abs(after.mean - moments.mean) < 1e-6 * moments.standardDeviation)
      #expect(isClose(after.standardDeviation, moments.standardDeviation, 1e-6))
      #expect(
        !isClose(try #require(ChannelMoments(mean.1)).standardDeviation, moments.standardDeviation, 1e-6)
      )
    }
  }

  @Test("the small vector of methods.md 3.10")
  func smallVector() throws {
    let weights: [Float] = [-0.30, -0.11, -0.02, 0.04, 0.09, 0.17, 0.26, 0.47]
    let moments = try #require(ChannelMoments(weights))
    for (bits, zeroPoint, shift, factor) in [
      (2, 1.0, -0.02125, 0.996853), (3, 3, 0.00625, 0.998589), (4, 6, -0.002, 1.013820),
    ] {
      let quantizer = QuantizationGrid(moments, bitWidth: bits)
      #expect(Double(quantizer.zeroPoint) == zeroPoint)
      let quantized = weights.map { Float(quantizer.fakeQuantize(Double($0))) }
      let correction = BiasCorrection(weights: weights, quantized: quantized, rule: .meanAndVariance)
      #expect(abs(correction.meanShift - shift) < 1e-7)
      #expect(isClose(correction.factor, factor, 1e-5))
      if bits == 3 {
        let expected: [Float] = [-0.33, -0.11, 0, 0, 0.11, 0.22, 0.22, 0.44]
        #expect(zip(quantized, expected).allSatisfy { abs($0 - $1) < 1e-7 })
      }
    }
  }

  @Test("bad input")
  func badInput() throws {
    func message(_ ranges: [Double], _ mean: Double) -> String {
      do throws(BitAllocation.Failure) {
        _ = try BitAllocation(ranges: ranges, meanBitWidth: mean)
        return ""
      } catch { return error.description }
    }
    #expect(message([1, 2], 0.5).hasPrefix("a budget of 0.5 bits per channel; at least 1"))
    #expect(message([1, 2], 9).contains("at most 8"))
    #expect(message([], 4) == "there are no channels to allocate bits to")
    #expect(message([1, .nan], 4) == "the range of channel 1 is no finite number of at least 0")
    #expect(message([-1], 4).contains("channel 0"))
    #expect(try BitAllocation(ranges: [0, 0], meanBitWidth: 4).bitWidths == [4, 4])
    // A channel without range needs no bits; the others share them.
    #expect(try BitAllocation(ranges: [0, 1, 1], meanBitWidth: 4).bitWidths[0] == 0)
    // A channel whose quantized weights are all equal keeps its factor.
    #expect(BiasCorrection(weights: [1, 3], quantized: [0, 0], rule: .meanAndVariance).factor == 1)
  }

  private func pow2(_ x: Double) -> Double { x * x }
}
