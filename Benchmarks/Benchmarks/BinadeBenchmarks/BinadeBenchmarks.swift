import Benchmark

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput],
    warmupIterations: 3,
    maxDuration: .seconds(2)
  )

  codecBenchmarks()
  bulkCodecBenchmarks()
  productBenchmarks()
  convolutionBenchmarks()
  networkBenchmarks()
}

/// Deterministic numbers between -4 and 4.
func benchmarkNumbers(_ count: Int) -> [Float] {
  (0..<count).map { Float(($0 &* 7919) % 2003) / 250 - 4 }
}
