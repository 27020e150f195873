import CBinadeKernels

/// What this machine can do at most: float32 multiply-adds on registers, without memory.
package enum ProcessorPeak {
  /// Runs `rounds` rounds of independent multiply-adds on each of `threads` threads and returns how many were done.
  ///
  /// Divide by the time it took for the peak; a round takes a few nanoseconds.
  package static func runMultiplyAdds(
    rounds: Int,
    threads: Int = 1,
    features: CPUFeatures = .detected
  ) -> Int {
    ParallelLoop.map(count: threads, threads: threads) { _ in
      var sink: Float = 0
      return Int(binade_peak_multiply_adds(features.rawValue, rounds, &sink))
    }.reduce(0, +)
  }

  /// The instruction set that ``runMultiplyAdds(rounds:threads:features:)`` uses.
  package static func instructionSet(_ features: CPUFeatures = .detected) -> String {
    String(cString: binade_peak_name(features.rawValue))
  }
}
