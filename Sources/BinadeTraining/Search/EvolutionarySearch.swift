import BinadeNumerics

/// The best choice of formats within a budget, by mutation and crossover: what is drawn is a function of the seed.
///
/// - Source: Guo et al., "Single Path One-Shot Neural Architecture Search with Uniform Sampling", ECCV 2020, section 3.3: half of a generation
///   from mutations, half from crossovers of the best; the exchange of steps is ours.
package struct EvolutionarySearch {
  /// How many choices each operand has.
  let counts: [Int]
  /// Whether a choice is within the budget.
  let isAllowed: ([Int]) -> Bool
  /// Choices of a generation, those it goes on with, and generations.
  var populationCount = 24, parentCount = 8, generationCount = 10
  /// How likely an operand mutates.
  var mutationShare = 0.1
  private let generator: CounterGenerator
  private var drawn: UInt64 = 0

  /// A search.
  package init(counts: [Int], seed: UInt64, isAllowed: @escaping ([Int]) -> Bool) {
    (self.counts, self.isAllowed) = (counts, isAllowed)
    generator = RandomPurpose.evolution.generator(seed: seed, step: 0)
  }

  private mutating func draw(_ count: Int) -> Int {
    drawn += 1
    return Int((UInt64(generator.word(of: drawn)) * UInt64(count)) >> 32)
  }

  /// The fittest choice that was tried.
  ///
  /// `start`: a choice within the budget. `fitness`: greater is better.
  package mutating func best(from start: [Int], fitness: ([Int]) -> Double) -> [Int] {
    var known: [[Int]: Double] = [:]
    func rank(_ choices: [[Int]]) -> [[Int]] {
      for choice in choices where known[choice] == nil { known[choice] = fitness(choice) }
      return choices.enumerated().sorted { first, second in
        let (one, two) = (known[first.element] ?? 0, known[second.element] ?? 0)
        return one == two ? first.offset < second.offset : one > two
      }.map(\.element)
    }
    var parents = [start]
    for generation in 0..<generationCount {
      var population = parents
      var attempts = 0
      while population.count < populationCount, attempts < 100 * populationCount {
        attempts += 1
        let isCrossover = generation > 0 && parents.count > 1 && attempts % 2 == 0
        let child = isCrossover ? crossover(parents) : mutation(parents[draw(parents.count)], generation == 0)
        if isAllowed(child), !population.contains(child) { population.append(child) }
      }
      parents = Array(rank(population).prefix(parentCount))
    }
    return parents[0]
  }

  /// Some operands anew, at the beginning half of them; or a step up of one for a step down of another, as what is near the budget has no
  /// room for more.
  private mutating func mutation(_ parent: [Int], _ isFirst: Bool) -> [Int] {
    if !isFirst, draw(2) == 0 {
      var child = parent
      let (up, down) = (draw(counts.count), draw(counts.count))
      child[up] = min(child[up] + 1, counts[up] - 1)
      child[down] = max(child[down] - 1, 0)
      return child
    }
    let threshold = Int((isFirst ? 0.5 : mutationShare) * 1_000_000)
    var child = parent
    for index in child.indices where draw(1_000_000) < threshold { child[index] = draw(counts[index]) }
    return child
  }

  private mutating func crossover(_ parents: [[Int]]) -> [Int] {
    let (one, two) = (parents[draw(parents.count)], parents[draw(parents.count)])
    return one.indices.map { draw(2) == 0 ? one[$0] : two[$0] }
  }
}
