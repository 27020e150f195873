import Binade
import Testing

@Suite struct StatisticsTests {
  /// Newcombe 1998, table I, and Wilson's formula by hand: 81 of 263 gives 0.2553 to 0.3662.
  @Test("Wilson's interval")
  func wilson() {
    let interval = WilsonInterval(successes: 81, of: 263)
    #expect(abs(interval.lower - 0.2553) < 5e-5)
    #expect(abs(interval.upper - 0.3662) < 5e-5)
    let all = WilsonInterval(successes: 10, of: 10)
    #expect(all.upper == 1)
    #expect(abs(all.lower - 0.7225) < 5e-5)
    #expect(WilsonInterval(successes: 0, of: 0).upper == 1)
  }

  @Test("McNemar's exact test")
  func mcNemar() {
    // 1 against 9: 2 (C(10,0) + C(10,1)) / 2^10 = 22 / 1024.
    let first = Predictions(ranks: [0] + Array(repeating: 3, count: 9) + [0, 0, 7])
    let second = Predictions(ranks: [1] + Array(repeating: 0, count: 9) + [0, 0, 2])
    let test = McNemarTest(first, second)
    #expect(test.onlyFirst == 1)
    #expect(test.onlySecond == 9)
    #expect(abs(test.pValue - 22.0 / 1024) < 1e-12)
    #expect(McNemarTest(first, first).pValue == 1)
  }

  @Test("top-1 and top-5 count ranks")
  func ranks() {
    let predictions = Predictions(ranks: [0, 4, 5, 255, 0])
    #expect(predictions.top1Count == 2)
    #expect(predictions.top5Count == 3)
  }

  @Test("Pareto front and dominance")
  func pareto() {
    let points: [(cost: Double, accuracy: Double)] = [
      (2, 0.5), (1, 0.5), (3, 0.9), (3, 0.8), (4, 0.9), (1, 0.5), (5, 0.95),
    ]
    #expect(ParetoFront.membership(points) == [false, true, true, false, false, true, true])
    #expect(ParetoFront.dominates([(1, 0.9)], [(2, 0.9), (1, 0.8)]))
    #expect(!ParetoFront.dominates([(1, 0.9)], [(1, 0.9)]))
  }

  @Test("a table is as wide as its cells")
  func table() {
    var table = TextTable(columns: [.init("a", .left), .init("number")])
    table.append(["long name", "1"])
    table.append(["b", "-12.5"])
    #expect(table.text == "a          number\n---------  ------\nlong name       1\nb           -12.5")
  }
}
