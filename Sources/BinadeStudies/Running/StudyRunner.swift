import BinadeEvaluation
import BinadeFormats
import BinadeNetworks
import Dispatch

/// Runs the points of a study that have no result yet, one after the other, each with all threads.
///
/// Stopped at any moment, by any signal, it leaves the store with the runs that were done; the next one goes on. Several runners, of
/// any number of processes, share a study: each run is done by one of them.
public final class StudyRunner {
  /// What became of a point.
  public enum Outcome: Sendable {
    case done(StoredRun)
    /// The store had it already.
    case known
    /// Another process is at it.
    case elsewhere
  }

  private let study: StudyFile
  private let store: ResultStore
  private let catalog: FormatCatalog
  private let threads: Int
  private let load: (String, String) throws -> (Model, DatasetFolder)
  /// The last network and its images, with what the float32 network gives: points of one network lie together.
  private var experiment: (name: String, experiment: Experiment)?

  /// A runner.
  ///
  /// `load`: opens a model and its data, as the axes name them.
  public init(
    _ study: StudyFile,
    _ store: ResultStore,
    catalog: FormatCatalog,
    threads: Int,
    load: @escaping (_ model: String, _ data: String) throws -> (Model, DatasetFolder)
  ) {
    (self.study, self.store, self.catalog, self.threads, self.load) = (study, store, catalog, threads, load)
  }

  /// Runs the points `positions`, in their order, and gives what became of each.
  ///
  /// `shouldStop`: asked before each run.
  ///
  /// Throws what is wrong with the store, or with files that all points need; what is wrong with a point becomes its result.
  public func run(
    _ positions: some Sequence<Int>,
    shouldStop: () -> Bool = { false },
    began: (Int, StudyPoint) -> Void = { _, _ in },
    _ report: (Int, StudyPoint, Outcome) throws -> Void
  ) throws {
    for position in positions {
      guard !shouldStop() else { return }
      let point = study.points[position]
      let experiment = try experiment(of: point)
      let configuration = Result { try point.configuration(catalog) }
      let key = self.key(point, configuration, experiment)
      try store.note(run: key, ofPoint: position, study: study.name)
      switch try store.claim(key) {
      case .done: try report(position, point, .known)
      case .busy: try report(position, point, .elsewhere)
      case .granted:
        began(position, point)
        let run = self.run(point, key, configuration, experiment)
        try store.add(run)
        try report(position, point, .done(run))
      }
    }
  }

  /// A configuration that makes no sense is known by what was asked for.
  private func key(
    _ point: StudyPoint,
    _ configuration: Result<Configuration, any Error>,
    _ experiment: Experiment
  ) -> RunKey {
    guard let configuration = try? configuration.get() else {
      return RunKey([("point", point.label), ("version", BinadeVersion.current)])
    }
    return RunFacts.evaluation(configuration, experiment)
  }

  private func run(
    _ point: StudyPoint,
    _ key: RunKey,
    _ configuration: Result<Configuration, any Error>,
    _ experiment: Experiment
  ) -> StoredRun {
    let (timer, store) = (RunTimer(threads: threads), store)
    let renewal = DispatchSource.makeTimerSource(queue: .global())
    renewal.schedule(deadline: .now() + .seconds(60), repeating: .seconds(60))
    // One renewal that fails is made up for by the next.
    renewal.setEventHandler { try? store.renew(key) }
    renewal.resume()
    defer { renewal.cancel() }
    do {
      let result = try experiment.run(configuration.get())
      return StoredRun(key: key, label: point.label, result, provenance: timer.provenance)
    } catch {
      return StoredRun(key: key, label: point.label, failure: "\(error)", provenance: timer.provenance)
    }
  }

  /// The network and the images of a point.
  private func experiment(of point: StudyPoint) throws -> Experiment {
    let axes: [StudyAxis] = [.model, .data, .limit, .calibrationImages, .seed]
    let name = axes.map { point[$0] }.joined(separator: "\n")
    if let experiment, experiment.name == name { return experiment.experiment }
    let (model, data) = try load(point[.model], point[.data])
    let made = try Experiment(
      model: model,
      data: data,
      imageLimit: point.optionalNumber(.limit),
      options: Experiment.Options(
        calibrationImageCount: point.optionalNumber(.calibrationImages) ?? 256,
        roundingImageCount: point.optionalNumber(.calibrationImages) ?? 1024,
        bootstrap: Bootstrap(seed: point.number(.seed)),
        threads: threads
      )
    )
    experiment = (name, made)
    return made
  }
}
