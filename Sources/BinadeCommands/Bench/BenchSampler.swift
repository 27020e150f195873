import Binade

/// Takes samples of a row and its twin in turn.
final class BenchSampler {
  let peak: PeakSampler
  private let samples: Int
  private let leastSeconds: Double

  init(options: BenchOptions) {
    samples = options.samples
    leastSeconds = options.seconds
    peak = PeakSampler(threads: options.threads)
  }

  /// Measures one row.
  ///
  /// `progress`: called after each sample with 1.
  func measure(_ row: BenchRow, progress: (Int) -> Void) throws -> BenchResult {
    let workload = try row.workload()
    let own = TimedWork(workload, leastSeconds: leastSeconds)
    let twin = try row.twin.map { TimedWork(try $0(), leastSeconds: leastSeconds) }
    var seconds: [Double] = []
    var twinSeconds: [Double] = []
    for sample in 0..<samples {
      // Who goes first changes, so that a machine that slows down or recovers favours neither.
      if sample % 2 == 0 {
        seconds.append(own.sample())
        if let twin { twinSeconds.append(twin.sample()) }
      } else {
        if let twin { twinSeconds.append(twin.sample()) }
        seconds.append(own.sample())
      }
      peak.sample()
      progress(1)
    }
    return BenchResult(
      row: row,
      workload: workload,
      seconds: seconds,
      twinSeconds: twinSeconds,
      runsPerSample: own.runsPerSample
    )
  }
}

/// A workload that has been warmed up, and how often it must run to fill a sample.
struct TimedWork {
  let runsPerSample: Int
  private let workload: BenchWorkload

  init(_ workload: BenchWorkload, leastSeconds: Double) {
    self.workload = workload
    _ = Self.time(workload, runs: 1)
    // A second time, with caches and pages in place.
    let once = Self.time(workload, runs: 1)
    runsPerSample = once >= leastSeconds ? 1 : Int((leastSeconds / max(once, 1e-7)).rounded(.up))
  }

  /// Takes one sample; returns the seconds of one run.
  func sample() -> Double {
    Self.time(workload, runs: runsPerSample) / Double(runsPerSample)
  }

  private static func time(_ workload: BenchWorkload, runs: Int) -> Double {
    var sum: Float = 0
    let duration = ContinuousClock().measure {
      for _ in 0..<runs { sum += workload.run() }
    }
    withExtendedLifetime(sum) {}
    return duration.inSeconds
  }
}

/// Measures multiply-adds on registers, a few milliseconds at a time.
final class PeakSampler {
  /// The greatest rate seen, in multiply-accumulates per second; 0 before the first sample.
  private(set) var greatest = 0.0
  private let threads: Int

  init(threads: Int) { self.threads = threads }

  func sample() {
    // Several, however few samples there are: the clock of a core that was idle takes a while to rise.
    for _ in 0..<4 {
      var count = 0
      let duration = ContinuousClock().measure {
        count = ProcessorPeak.runMultiplyAdds(rounds: 1 << 20, threads: threads)
      }
      greatest = max(greatest, Double(count) / duration.inSeconds)
    }
  }
}

extension Duration {
  /// The duration in seconds.
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
