import BinadeEvaluation
import BinadeKernels
import Foundation

/// Notes where a run is made, and how long it takes.
public struct RunTimer: Sendable {
  private let date = Date()
  private let start = ContinuousClock.now
  private let threads: Int

  /// Begins now.
  public init(threads: Int) { self.threads = threads }

  /// What there is to say when the run has ended.
  public var provenance: StoredRun.Provenance {
    StoredRun.Provenance(
      binadeVersion: BinadeVersion.current,
      cpuFeatures: CPUFeatures.detected.names.joined(separator: " "),
      threads: threads,
      startedAt: date.ISO8601Format(),
      seconds: (ContinuousClock.now - start) / .seconds(1),
      host: RunOwner.current.hostName
    )
  }
}

extension StoredRun {
  /// The result of a configuration that was run beside a study.
  public init(
    _ result: EvaluationResult,
    _ configuration: Configuration,
    _ experiment: Experiment,
    _ timer: RunTimer
  ) {
    let parts = [result.weights, result.activations, result.ends, result.recipe].compactMap { $0 }
    self.init(
      key: RunFacts.evaluation(configuration, experiment),
      label: parts.joined(separator: ", "),
      result,
      provenance: timer.provenance
    )
  }
}
