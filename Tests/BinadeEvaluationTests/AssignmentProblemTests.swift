import Binade
import Testing

/// The exact program: every front is that of brute force.
@Suite struct AssignmentProblemTests {
  /// The front from all combinations, losses added up as the program adds them.
  static func bruteForce(_ layers: [[AssignmentProblem.Choice]]) -> [(cost: Int, loss: Double)] {
    var sums = [(cost: 0, loss: 0.0)]
    for choices in layers {
      sums = sums.flatMap { sum in choices.map { (sum.cost + $0.cost, sum.loss + $0.loss) } }
    }
    var front: [(cost: Int, loss: Double)] = []
    for sum in sums.sorted(by: { ($0.cost, $0.loss) < ($1.cost, $1.loss) })
    where sum.loss < (front.last?.loss ?? .infinity) { front.append(sum) }
    return front
  }

  static func check(_ layers: [[AssignmentProblem.Choice]]) {
    let (front, expected) = (AssignmentProblem(layers).front(), bruteForce(layers))
    #expect(front.map(\.cost) == expected.map(\.cost))
    #expect(front.map(\.loss) == expected.map(\.loss))
    for solution in front {
      let chosen = zip(layers, solution.choices).map { $0[$1] }
      #expect(chosen.reduce(0) { $0 + $1.cost } == solution.cost)
      #expect(chosen.reduce(0) { $0 + $1.loss } == solution.loss)
    }
  }

  @Test("random programs, with equal costs, equal losses and choices that cannot be", arguments: 0..<40)
  func random(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let layers = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
      (0..<Int.random(in: 1...5, using: &generator)).map { choice in
        AssignmentProblem.Choice(
          cost: Int.random(in: 0...9, using: &generator),
          loss: choice > 0 && Int.random(in: 0...7, using: &generator) == 0
            ? .infinity : Double(Int.random(in: 0...9, using: &generator)) / 8
        )
      }
    }
    Self.check(layers)
  }

  @Test("what a greedy choice by ratio misses is found")
  func greedy() {
    // The first step down is the best ratio, and leaves no room for the pair that is best.
    let layers: [[AssignmentProblem.Choice]] = [
      [.init(cost: 0, loss: 10), .init(cost: 6, loss: 3)],
      [.init(cost: 0, loss: 6), .init(cost: 5, loss: 1)],
      [.init(cost: 0, loss: 6), .init(cost: 5, loss: 1)],
    ]
    Self.check(layers)
    let best = AssignmentProblem(layers).front().best(within: 10)
    #expect(best?.choices == [0, 1, 1] && best?.loss == 12)
    #expect(AssignmentProblem(layers).front().best(within: -1) == nil)
  }

  @Test("a layer that can become nothing leaves no solution")
  func nothing() {
    #expect(
      AssignmentProblem([[.init(cost: 1, loss: .infinity)], [.init(cost: 1, loss: 0)]]).front().isEmpty
    )
  }
}

/// Random numbers of a seed.
private struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
