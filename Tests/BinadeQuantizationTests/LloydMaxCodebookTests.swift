import BinadeQuantization
import Foundation
import Testing

@Suite struct LloydMaxCodebookTests {
  @Test("the optimum of a unit Gaussian at 2, 4, 8 and 16 levels")
  func normal() {
    let values = QuantileGrids.normal(100_000)
    for (count, expected) in [(2, 0.3634), (4, 0.1175), (8, 0.03455), (16, 0.00950)] {
      let codebook = LloydMaxCodebook(values, levelCount: count)
      #expect(codebook.levels.count == count)
      #expect(isClose(codebook.meanSquaredError, expected, 0.001), "\(count): \(codebook.meanSquaredError)")
      // What is claimed is what the levels do.
      #expect(isClose(error(values, codebook.levels), codebook.meanSquaredError, 1e-6))
    }
    let levels = LloydMaxCodebook(values, levelCount: 4).levels
    for (found, expected) in zip(levels, [-1.510, -0.4528, 0.4528, 1.510]) {
      #expect(isClose(found, expected, 0.001))
    }
  }

  @Test("no way to cut the sorted values is better: all ways, on small samples")
  func exhaustive() {
    var state: UInt64 = 1
    for count in 1...9 {
      let values = (0..<count).map { _ -> Float in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int(state >> 59)) - 8
      }.sorted()
      for levels in 1...count {
        let codebook = LloydMaxCodebook(values, levelCount: levels)
        let best = cuts(values, levels).min() ?? .infinity
        #expect(abs(codebook.meanSquaredError - best / Double(count)) < 1e-9, "\(values), \(levels) levels")
        #expect(abs(error(values, codebook.levels) - codebook.meanSquaredError) < 1e-9)
        #expect(codebook.levels.count <= levels && codebook.levels == codebook.levels.sorted())
      }
    }
  }

  @Test("more levels than values, equal values, one value")
  func few() {
    let codebook = LloydMaxCodebook([1, 1, 2], levelCount: 16)
    #expect(codebook.levels == [1, 2] && codebook.meanSquaredError == 0)
    #expect(LloydMaxCodebook([5, 5, 5], levelCount: 4).levels == [5])
    #expect(LloydMaxCodebook([1, 3], levelCount: 1).levels == [2])
    #expect(LloydMaxCodebook([1, 3], levelCount: 1).meanSquaredError == 1)
  }

  private func error(_ values: [Float], _ levels: [Double]) -> Double {
    values.reduce(0.0) { sum, value in
      let distance = levels.map { abs($0 - Double(value)) }.min() ?? .infinity
      return sum + distance * distance
    } / Double(values.count)
  }

  /// The squared errors of all ways to cut sorted values into `levels` runs.
  private func cuts(_ values: [Float], _ levels: Int) -> [Double] {
    func cost(_ run: ArraySlice<Float>) -> Double {
      let mean = run.reduce(0.0) { $0 + Double($1) } / Double(run.count)
      return run.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    }
    guard levels > 1 else { return [cost(values[...])] }
    guard values.count >= levels else { return [] }
    return (1...(values.count - levels + 1)).flatMap { first in
      cuts(Array(values[first...]), levels - 1).map { cost(values[..<first]) + $0 }
    }
  }
}
