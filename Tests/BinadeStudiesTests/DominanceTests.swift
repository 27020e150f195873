import BinadeNumerics
import BinadeStudies
import Foundation
import Testing

/// Verdicts on curves against simulations whose truth is known, and by hand.
@Suite struct DominanceTests {
  /// Runs whose items are right with a given probability, and right together more often than by chance.
  private struct Simulation {
    let generator: CounterGenerator
    var place: UInt64 = 0

    mutating func normal() -> Double {
      place += 2
      let (one, two) = (generator.word(of: place), generator.word(of: place + 1))
      return (-2 * log((Double(one) + 0.5) / 0x1p32)).squareRoot() * cos(2 * .pi * Double(two) / 0x1p32)
    }

    /// A run: right where the item's difficulty and chance stay below `threshold`.
    mutating func run(_ difficulties: [Double], _ threshold: Double) -> ItemScores {
      ItemScores(name: "", isRight: difficulties.map { 0.8 * $0 + 0.6 * normal() < threshold })
    }
  }

  /// P(normal < x).
  private static func share(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

  /// Three networks, and rivals that cost as much each.
  private static func curves(
    _ simulation: inout Simulation,
    _ reference: [Double],
    _ rivals: [Double],
    runCount: Int
  ) -> [CurvePoint] {
    let difficulties = (0..<800).map { _ in simulation.normal() }
    return [("reference", reference), ("rival", rivals)].flatMap { curve, thresholds in
      thresholds.enumerated().map { index, threshold in
        CurvePoint(
          curve: curve,
          model: "network \(index)",
          costs: [.bitOperations: Double(index + 1)],
          runs: (0..<runCount).map { _ in simulation.run(difficulties, threshold) }
        )
      }
    }
  }

  @Test(
    "of 300 simulated pairs of curves, at most 5 % have a verdict on a point that is not true",
    arguments: [(0.0, 1), (0.0, 3), (0.25, 1), (-0.25, 2), (-0.02, 3)]
  )
  func verdicts(advantage: Double, runCount: Int) throws {
    let reference = [0.6, 0.9, 1.2]
    let rivals = reference.map { $0 + advantage }
    var wrong = 0
    for number in 0..<300 {
      var simulation = Simulation(generator: CounterGenerator(seed: UInt64(number), tensor: UInt32(runCount)))
      let points = Self.curves(&simulation, reference, rivals, runCount: runCount)
      let found = try Dominance(of: "reference", by: "rival", points, costModel: .bitOperations)
      let isWrong = found.points.enumerated().contains { index, point in
        let best = (0...index).map { Self.share(rivals[$0]) - Self.share(reference[index]) }.max() ?? 0
        switch point.verdict {
        case .dominated: return best <= 0
        case .matched: return best < -Dominance.margin
        case .notDominated: return best >= 0
        case .undecided: return false
        }
      }
      if isWrong { wrong += 1 }
    }
    #expect(wrong <= 15, "\(wrong) of 300")
  }

  @Test("a great advantage is found, at every point; the verdict on the curve is the worst of its points")
  func advantage() throws {
    var simulation = Simulation(generator: CounterGenerator(seed: 5))
    let points = Self.curves(&simulation, [0.2, 0.5, 0.8], [0.7, 1.0, 1.4], runCount: 3)
    let found = try Dominance(of: "reference", by: "rival", points, costModel: .bitOperations)
    #expect(found.points.map(\.verdict) == [.dominated, .dominated, .dominated])
    #expect(found.verdict == .dominated && found.sentence.contains("dominates"))
    let back = try Dominance(of: "rival", by: "reference", points, costModel: .bitOperations)
    #expect(back.verdict == .notDominated && back.sentence.contains("3 not dominated"))
  }

  @Test(
    "a point without a rival of at most its cost is not dominated; unknown curves and costs are sentences"
  )
  func noRival() throws {
    let run = ItemScores(name: "", isRight: [true, false, true])
    func point(_ curve: String, _ cost: Double) -> CurvePoint {
      CurvePoint(curve: curve, model: "m", costs: [.aqtLinear: cost], runs: [run])
    }
    let points = [point("a", 1), point("b", 2)]
    let found = try Dominance(of: "a", by: "b", points, costModel: .aqtLinear)
    #expect(found.points[0].verdict == .notDominated && found.points[0].rival == nil)
    #expect(throws: DominanceError.noCurve(name: "c", known: ["a", "b"])) {
      try Dominance(of: "a", by: "c", points, costModel: .aqtLinear)
    }
    #expect(throws: DominanceError.noCosts(name: "a", costModel: "memoryBits")) {
      try Dominance(of: "a", by: "b", points, costModel: .memoryBits)
    }
  }
}
