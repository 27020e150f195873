import BinadeEvaluation
import BinadeKernels
import BinadeTraining
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
  /// The whole result of a configuration that was run beside a study.
  ///
  /// `training`: how the network was trained and what came of it, where that was part of the run.
  public init(
    _ result: EvaluationResult,
    _ configuration: Configuration,
    _ experiment: Experiment,
    _ timer: RunTimer,
    training: (StudyTraining, TrainingHistory)? = nil
  ) throws {
    let parts = [result.weights, result.activations, result.ends, result.recipe, training?.0.text]
    self = try StoredRun(
      key: .init(configuration, experiment, training: training?.0),
      label: parts.compactMap { $0 }.joined(separator: ", "),
      result,
      training: training,
      provenance: timer.provenance
    ).keeping(result)
  }
}

extension RunKey {
  /// What a configuration of an experiment is known by, in studies and beside them.
  ///
  /// `training`: how the network was made, where that is part of the run.
  public init(_ configuration: Configuration, _ experiment: Experiment, training: StudyTraining? = nil) {
    var subject = RunFacts.Subject(experiment)
    if let training { subject.network = training.facts }
    self = RunFacts.evaluation(configuration, subject)
  }
}
