import BinadeQuantization
import Foundation
import Testing

/// Rows C1 to C3, C6 and C8 of methods.md section 5.
@Suite struct AnalyticClippingTests {
  private static let laplaceFactors = [
    1.049909, 1.862817, 2.830683, 3.897229, 5.028640, 6.204766, 7.413126, 8.645620, 9.896760, 11.162685,
  ]
  private static let gaussFactors = [
    0.765775, 1.239905, 1.710635, 2.151593, 2.559136, 2.936201, 3.286914, 3.615114, 3.924036, 4.216330,
  ]
  private static let laplaceErrors = [
    5.33688e-1, 2.99822e-1, 1.42439e-1, 5.98512e-2, 2.30107e-2, 8.28591e-3, 2.83938e-3, 9.36259e-4,
    2.99427e-4,
    9.34162e-5,
  ]
  private static let gaussErrors = [
    4.43810e-1, 2.15010e-1, 8.71485e-2, 3.14294e-2, 1.04933e-2, 3.32259e-3, 1.01292e-3, 3.00215e-4,
    8.70779e-5,
    2.48311e-5,
  ]

  @Test("C1: clipping factors of 0 to 9 bits, their errors, and that the derivative is zero there")
  func factors() {
    for (prior, factors, errors) in [
      (ClippingPrior.laplace, Self.laplaceFactors, Self.laplaceErrors),
      (.gauss, Self.gaussFactors, Self.gaussErrors),
    ] {
      for bits in 0...9 {
        let factor = prior.clippingFactor(bitWidth: Double(bits))
        #expect(isClose(factor, factors[bits], 1e-5), "\(prior) \(bits)")
        #expect(abs(prior.stationarity(factor, bitWidth: Double(bits))) < 1e-9)
        // Not stationary a little further: the test can fail.
        #expect(abs(prior.stationarity(factor * 1.01, bitWidth: Double(bits))) > 1e-9)
        let error = prior.meanSquaredError(threshold: factor, bitWidth: Double(bits)) / prior.variance
        #expect(isClose(error, errors[bits], 1e-5), "\(prior) \(bits)")
      }
    }
  }

  @Test(
    "C2: one-sided factors are those of one bit more, and the least error is there",
    arguments: ClippingPrior.allCases
  )
  func oneSided(prior: ClippingPrior) {
    for bits in 0...8 {
      let factor = prior.oneSidedClippingFactor(bitWidth: Double(bits))
      #expect(isClose(factor, prior.clippingFactor(bitWidth: Double(bits) + 1), 1e-6))
      let error = prior.oneSidedMeanSquaredError(threshold: factor, bitWidth: Double(bits))
      for other in [0.98, 1.02] {
        #expect(prior.oneSidedMeanSquaredError(threshold: factor * other, bitWidth: Double(bits)) > error)
      }
    }
    let listed = [5.98512e-2, 2.30107e-2, 8.28591e-3, 2.83938e-3]
    for (index, error) in listed.enumerated() where prior == .laplace {
      let bits = Double(index + 2)
      let factor = prior.oneSidedClippingFactor(bitWidth: bits)
      #expect(isClose(prior.oneSidedMeanSquaredError(threshold: factor, bitWidth: bits), error, 1e-5))
    }
  }

  @Test("C3: measured errors of the affine quantizer, clipped and not")
  func measured() throws {
    let cases: [(ClippingPrior, [Float], [Int: (Double, Double)])] = [
      (
        .laplace, QuantileGrids.laplace(100_000),
        [
          2: (4.19486e-1, 1.66921), 3: (1.44285e-1, 6.80675e-1), 4: (5.04489e-2, 1.83669e-1),
          5: (1.72908e-2, 4.52476e-2), 8: (5.59624e-4, 6.79261e-4),
        ]
      ),
      (
        .gauss, QuantileGrids.normal(100_000),
        [
          2: (1.51970e-1, 6.32471e-1), 3: (4.07165e-2, 1.32733e-1), 4: (1.18628e-2, 2.89067e-2),
          5: (3.52130e-3, 6.76801e-3), 8: (8.54522e-5, 1.00029e-4),
        ]
      ),
    ]
    for (prior, values, errors) in cases {
      let moments = try #require(ChannelMoments(values))
      for (bits, (clipped, unclipped)) in errors {
        let threshold = prior.clippingFactor(bitWidth: Double(bits))
        let quantizer = QuantizationGrid(lower: -threshold, range: 2 * threshold, bitWidth: bits)
        #expect(isClose(quantizer.meanSquaredError(of: values), clipped, 0.01), "\(prior) \(bits)")
        let widest = QuantizationGrid(moments, bitWidth: bits)
        #expect(isClose(widest.meanSquaredError(of: values), unclipped, 0.01), "\(prior) \(bits)")
      }
    }
  }

  @Test("one-sided errors after a ReLU, clipped and not")
  func rectified() throws {
    let values = QuantileGrids.laplace(100_000).map { max($0, 0) }
    let greatest = try #require(values.max())
    let listed: [(Int, Double, Double)] = [
      (2, 8.58781e-2, 4.24305e-1), (3, 2.75372e-2, 1.04408e-1), (4, 9.05237e-3, 2.41306e-2),
      (5, 2.94181e-3, 5.72361e-3),
    ]
    for (bits, clipped, unclipped) in listed {
      let threshold = ClippingPrior.laplace.oneSidedClippingFactor(bitWidth: Double(bits))
      let quantizer = QuantizationGrid(lower: 0, range: threshold, bitWidth: bits)
      #expect(isClose(quantizer.meanSquaredError(of: values), clipped, 0.01))
      let widest = QuantizationGrid(lower: 0, range: Double(greatest), bitWidth: bits)
      #expect(isClose(widest.meanSquaredError(of: values), unclipped, 0.01))
    }
  }

  @Test("C6: the pipeline on channels of many scales: every column of the table, and its ordering")
  func pipeline() throws {
    // spread, bits, tensor max, tensor ACIQ, channel max, channel ACIQ, allocated max, allocated ACIQ
    let listed: [[Double]] = [
      [0.5, 4, 1.25639e-1, 5.75961e-2, 2.05183e-2, 1.37270e-2, 1.44982e-2, 9.75093e-3],
      [0.5, 3, 4.24674e-1, 1.10581e-1, 9.12757e-2, 4.33090e-2, 6.43668e-2, 3.10614e-2],
      [1.0, 4, 7.52102e-1, 1.25543, 7.71177e-2, 5.15927e-2, 1.70091e-2, 1.29669e-2],
      [1.0, 3, 1.84906, 1.61886, 3.43059e-1, 1.62776e-1, 7.35752e-2, 4.20452e-2],
    ]
    let base = QuantileGrids.laplace(4096)
    for row in listed {
      let bits = Int(row[1])
      let channels = QuantileGrids.channelScales(64, spread: row[0]).map { scale in
        base.map { Float(scale * Double($0)) }
      }
      let moments = try channels.map { try #require(ChannelMoments($0)) }
      let whole = try #require(ChannelMoments(channels.flatMap { $0 }))
      let widths = try BitAllocation(
        ranges: moments.map(\.standardDeviation),
        meanBitWidth: Double(bits)
      ).bitWidths
      func error(_ quantizer: (Int) -> QuantizationGrid) -> Double {
        let errors = channels.indices.map { channel in
          quantizer(channel).meanSquaredError(of: channels[channel].map { max($0, 0) })
        }
        return errors.reduce(0, +) / Double(channels.count)
      }
      func clipped(_ moments: ChannelMoments, _ bits: Int) -> QuantizationGrid {
        AnalyticClipping.grid(moments, prior: .laplace, bitWidth: bits, output: .rectified)
      }
      func widest(_ moments: ChannelMoments, _ bits: Int) -> QuantizationGrid {
        AnalyticClipping.unclipped(moments, bitWidth: bits, output: .rectified)
      }
      let found = [
        error { _ in widest(whole, bits) }, error { _ in clipped(whole, bits) },
        error { widest(moments[$0], bits) }, error { clipped(moments[$0], bits) },
        error { widest(moments[$0], widths[$0]) }, error { clipped(moments[$0], widths[$0]) },
      ]
      for (found, expected) in zip(found, row[2...]) {
        #expect(
          isClose(found, expected, 0.02),
          "spread \(row[0]), \(bits) bits: \(found), listed \(expected)"
        )
      }
      #expect(found[2] > found[3] && found[4] > found[5])
    }
  }

  @Test("C8: zero stays exactly zero, and no bits make everything zero")
  func zero() {
    for (lower, range) in [(-1.0, 3.0), (-0.123, 7.7), (-5.5, 5.5), (0, 6), (-1e-9, 1e-9), (-3, 0), (2, 1)] {
      for bits in 0...8 {
        let quantizer = QuantizationGrid(lower: lower, range: range, bitWidth: bits)
        #expect(quantizer.fakeQuantize(0) == 0, "\(lower) \(range) \(bits)")
        for value in [lower, lower + range, 0.3] where bits == 0 {
          #expect(quantizer.fakeQuantize(value) == 0)
        }
      }
    }
  }

  private static func isSame(_ a: QuantizationGrid, _ b: QuantizationGrid) -> Bool {
    (a.scale, a.least, a.greatest, a.bitWidth) == (b.scale, b.least, b.greatest, b.bitWidth)
  }

  @Test("mix takes the least measured error, never more than either prior or no clipping")
  func mixed() throws {
    for (values, winner) in [
      (QuantileGrids.laplace(4096), ClippingPrior.laplace), (QuantileGrids.normal(4096), .gauss),
    ] {
      let moments = try #require(ChannelMoments(values))
      let mixed = AnalyticClipping.mixed(moments, values: values, bitWidth: 4, output: .signed)
      #expect(
        Self.isSame(mixed, AnalyticClipping.grid(moments, prior: winner, bitWidth: 4, output: .signed))
      )
    }
    // As many different values as levels, at even distances: without clipping there is no error.
    let even = (0..<1000).map { Float($0 % 4 - 1) }
    let moments = try #require(ChannelMoments(even))
    let mixed = AnalyticClipping.mixed(moments, values: even, bitWidth: 2, output: .signed)
    #expect(Self.isSame(mixed, AnalyticClipping.unclipped(moments, bitWidth: 2, output: .signed)))
  }

  @Test("moments of hand-made channels; none of empty ones or NaN")
  func moments() throws {
    let moments = try #require(ChannelMoments([1, 2, 6] as [Float]))
    #expect((moments.least, moments.greatest, moments.mean) == (1, 6, 3))
    #expect(moments.meanAbsoluteDeviation == 2)
    #expect(moments.standardDeviation == 7.0.squareRoot())
    #expect(try #require(ChannelMoments([4] as [Float])).standardDeviation == 0)
    #expect(ChannelMoments([] as [Float]) == nil)
    #expect(ChannelMoments([1, .nan] as [Float]) == nil)
  }
}
