import BinadeEvaluation
import BinadeNetworks
import BinadeNumerics
import BinadeStudies
import Foundation
import Testing

/// Tests and intervals against SciPy's, and against simulations whose truth is known.
@Suite struct StatisticsTests {
  private struct Recorded: Decodable {
    let tables: [[Double]]
    let quantiles: [[Double]]
  }

  private static func recorded() throws -> Recorded {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "Recorded/statistics.json"
    )
    return try JSONDecoder().decode(Recorded.self, from: Data(contentsOf: file))
  }

  @Test("McNemar's exact test is SciPy's on 1,000 tables, within 1e-9")
  func mcNemar() throws {
    let tables = try Self.recorded().tables
    #expect(tables.count == 1000)
    for table in tables {
      let (one, two) = (Int(table[0]), Int(table[1]))
      let first = Array(repeating: true, count: one) + Array(repeating: false, count: two)
      let test = McNemarTest(Top1Outcomes(first), Top1Outcomes(first.map { !$0 }))
      #expect(abs(test.pValue - table[2]) <= 1e-9 * table[2], "\(one) and \(two)")
    }
  }

  @Test("Student's quantiles are SciPy's within 1e-9")
  func student() throws {
    for row in try Self.recorded().quantiles {
      let found = StudentQuantile.value(row[0], degreesOfFreedom: row[1])
      #expect(abs(found - row[2]) <= 1e-9 * row[2], "\(row[0]), \(row[1]): \(found), not \(row[2])")
    }
  }

  @Test("Holm's correction of an example by hand: order of the tests, never falling, at most 1")
  func holm() {
    let found = HolmCorrection.corrected([0.04, 0.01, 0.03, 0.5])
    let expected = [0.09, 0.04, 0.09, 0.5]
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(HolmCorrection.corrected([0.6, 0.9]) == [1, 1])
  }

  /// Runs with a probability of each item in common, a shift of each seed, and chance of each run and item.
  private struct Simulation {
    let itemCount: Int
    let seedDeviation: Double
    let itemDeviation: Double
    var generator: CounterGenerator
    var place: UInt64 = 0

    mutating func uniform() -> Double {
      place += 1
      return (Double(generator.word(of: place)) + 0.5) / 0x1p32
    }

    mutating func normal() -> Double {
      (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())
    }

    /// Groups of scores: `count` runs each, the mean of the second one `shift` lower.
    mutating func groups(_ count: Int, shift: Double) -> ([[Double]], [[Double]]) {
      let items = (0..<itemCount).map { _ in normal() * itemDeviation }
      // What an item is worth differs between the two kinds of runs, for all seeds alike.
      let differences = (0..<itemCount).map { _ in normal() * itemDeviation / 2 }
      func runs(_ mean: Double, _ sign: Double) -> [[Double]] {
        (0..<count).map { _ in
          let own = mean + normal() * seedDeviation
          return (0..<itemCount).map { own + items[$0] + sign * differences[$0] + normal() * 0.3 }
        }
      }
      return (runs(shift, 1), runs(0, 0))
    }
  }

  @Test(
    "95 % intervals cover the truth in 93 to 97 % of 1,000 simulations",
    arguments: [(1, 0.0, 0.3), (3, 0.02, 0.3), (5, 0.01, 0.3), (5, 0.03, 0.2)]
  )
  func coverage(runCount: Int, seedDeviation: Double, itemDeviation: Double) {
    var simulation = Simulation(
      itemCount: 250,
      seedDeviation: seedDeviation,
      itemDeviation: itemDeviation,
      generator: CounterGenerator(seed: UInt64(runCount))
    )
    let bootstrap = HierarchicalBootstrap(seed: 1, resampleCount: 400)
    let (truth, count) = (0.05, 1000)
    let covered = (0..<count).count { _ in
      let (a, b) = simulation.groups(runCount, shift: truth)
      let difference = bootstrap.difference(a, b)
      return difference.lower <= truth && truth <= difference.upper
    }
    let share = Double(covered) / Double(count)
    #expect((0.93...0.97).contains(share), "\(share)")
  }

  @Test("an interval that leaves the seeds out, a planted bug, covers too little")
  func plantedBug() {
    var simulation = Simulation(
      itemCount: 250,
      seedDeviation: 0.05,
      itemDeviation: 0.2,
      generator: CounterGenerator(seed: 9)
    )
    let bootstrap = HierarchicalBootstrap(seed: 1, resampleCount: 400)
    let covered = (0..<300).count { _ in
      let (a, b) = simulation.groups(3, shift: 0)
      func mean(_ runs: [[Double]]) -> [[Double]] {
        [runs[0].indices.map { item in runs.reduce(0) { $0 + $1[item] } / Double(runs.count) }]
      }
      let difference = bootstrap.difference(mean(a), mean(b))
      return difference.lower <= 0 && 0 <= difference.upper
    }
    #expect(Double(covered) / 300 < 0.8)
  }

  @Test("pairs of seeds take out what seeds have in common; threads change nothing")
  func pairs() {
    var simulation = Simulation(
      itemCount: 400,
      seedDeviation: 0,
      itemDeviation: 0.2,
      generator: CounterGenerator(seed: 4)
    )
    var (a, b) = simulation.groups(4, shift: 0.02)
    for (seed, shift) in [0.2, -0.1, 0.15, -0.25].enumerated() {
      a[seed] = a[seed].map { $0 + shift }
      b[seed] = b[seed].map { $0 + shift }
    }
    let bootstrap = HierarchicalBootstrap(seed: 1)
    let (paired, apart) = (bootstrap.difference(a, b, isPaired: true), bootstrap.difference(a, b))
    #expect(paired.upper - paired.lower < 0.3 * (apart.upper - apart.lower))
    #expect(paired == bootstrap.difference(a, b, isPaired: true, threads: 3))
    #expect(bootstrap.difference([a[0]], [b[0]]).coversSeeds == false && paired.coversSeeds)
  }

  @Test("runs are compared on the items that they have in common, whatever their order")
  func commonItems() throws {
    let a = ItemScores(name: "a", items: ["x", "y", "z", "w"], scores: [1, 1, 0, 1])
    let b = ItemScores(name: "b", items: ["w", "y", "x", "v"], scores: [0, 1, 0, 1])
    let test = try SignificanceTest([a], [b], names: ("a", "b"))
    #expect(test.itemCount == 3 && test.mcNemar?.onlyFirst == 2 && test.mcNemar?.onlySecond == 0)
    #expect(test.pValue == 0.5)
    let other = ItemScores(name: "c", items: ["p", "q"], scores: [1, 0])
    #expect(throws: SignificanceError.self) { try SignificanceTest([a], [other], names: ("a", "c")) }
  }
}
