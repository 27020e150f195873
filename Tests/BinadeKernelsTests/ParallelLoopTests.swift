import BinadeKernels
import Synchronization
import Testing

@Suite struct ParallelLoopTests {
  @Test("every index is visited once and results stand in order", arguments: [1, 2, 7, 64])
  func order(threads: Int) {
    let results = ParallelLoop.map(count: 1000, threads: threads) { $0 * $0 }
    #expect(results == (0..<1000).map { $0 * $0 })
    let visits = Atomic<Int>(0)
    ParallelLoop.run(count: 1000, threads: threads) { _ in visits.add(1, ordering: .relaxed) }
    #expect(visits.load(ordering: .relaxed) == 1000)
  }

  @Test("nothing to do is fine")
  func empty() {
    #expect(ParallelLoop.map(count: 0, threads: 4) { $0 }.isEmpty)
  }
}
