import BinadeEvaluation
import BinadeFormats
import BinadeNetworks
import BinadeTraining
import Dispatch

/// Runs the points of a study that have no result yet, one after the other, each with all threads.
///
/// Stopped at any moment, by any signal, it leaves the store with the runs that were done, and networks that were being trained with
/// their checkpoints; the next one goes on. Several runners, of any number of processes, share a study: each run is done by one of
/// them.
public final class StudyRunner {
  /// What became of a point.
  public enum Outcome: Sendable {
    case done(StoredRun)
    /// The store had it already.
    case known
    /// Another process is at it.
    case elsewhere
    /// It was told to stop while it trained.
    case stopped
  }

  /// Opens what the axes name.
  public struct Loader {
    let model: (String) throws -> Model
    let data: (String) throws -> DatasetFolder

    /// A loader of networks and of folders of images.
    public init(
      model: @escaping (String) throws -> Model,
      data: @escaping (String) throws -> DatasetFolder
    ) {
      (self.model, self.data) = (model, data)
    }
  }

  private let study: StudyFile
  private let store: ResultStore
  private let catalog: FormatCatalog
  private let threads: Int
  private let loader: Loader
  /// Keys of runs that another store has.
  private let known: Set<String>
  /// The last network and its images, with what the float32 network gives: points of one network lie together.
  private var experiment: (name: String, experiment: Experiment)?
  /// The last network that was read.
  private var model: (name: String, model: Model)?
  /// The last data.
  private var folder: (name: String, folder: DatasetFolder)?

  /// A runner.
  ///
  /// `known`: keys of runs that another store has, and that need not be done.
  public init(
    _ study: StudyFile,
    _ store: ResultStore,
    catalog: FormatCatalog,
    threads: Int,
    known: Set<String> = [],
    _ loader: Loader
  ) {
    (self.study, self.store, self.catalog, self.threads, self.loader) =
      (study, store, catalog, threads, loader)
    self.known = known
  }

  /// Runs the points `positions`, in their order, and reports what became of each.
  ///
  /// `shouldStop`: asked before each run, and after each step of training. `began`: called before a run, and with each epoch of its
  /// training.
  ///
  /// Throws what is wrong with the store, or with files that all points need; what is wrong with a point becomes its result.
  public func run(
    _ positions: some Sequence<Int>,
    shouldStop: @escaping () -> Bool = { false },
    began: @escaping (StudyPoint, TrainingHistory.Epoch?) -> Void = { _, _ in },
    _ report: (Int, StudyPoint, Outcome) throws -> Void
  ) throws {
    for position in positions {
      guard !shouldStop() else { return }
      let point = study.points[position]
      let job = try job(of: point)
      try store.note(run: job.key, ofPoint: position, study: study.name)
      if known.contains(job.key.digits) {
        try report(position, point, .known)
        continue
      }
      switch try store.claim(job.key) {
      case .done: try report(position, point, .known)
      case .busy: try report(position, point, .elsewhere)
      case .granted:
        began(point, nil)
        let timer = RunTimer(threads: threads)
        let outcome: Outcome
        do {
          outcome = try run(job, timer, shouldStop: shouldStop) { began(point, $0) }
        } catch let error where error is StoreError || error is StudyFileFault {
          try store.release(job.key)
          throw error
        } catch {
          outcome = .done(
            StoredRun(key: job.key, label: point.label, failure: "\(error)", provenance: timer.provenance)
          )
        }
        if case .done(let run) = outcome { try store.add(run) } else { try store.release(job.key) }
        try report(position, point, outcome)
      }
    }
  }

  // MARK: Jobs

  /// A point, and what it comes to.
  private struct Job {
    let point: StudyPoint
    let key: RunKey
    let data: DatasetFolder
    let training: StudyTraining?
    /// Or why it makes no sense.
    let configuration: Result<Configuration, any Error>
  }

  /// What a point comes to; one that makes no sense is known by what was asked for.
  private func job(of point: StudyPoint) throws -> Job {
    let data = try data(named: point[.data])
    // Read here: a file that is not there is no result of a point.
    let start =
      point.value(.training) != nil && point.value(.architecture) == nil
      ? try model(named: point[.model]) : nil
    let teacher = try point.value(.teacher).map { try loader.model($0) }
    let parts = Result {
      let training = try StudyTraining(point, data, start: start, teacher: teacher)
      var configuration = try point.configuration(catalog)
      // A network that was trained in formats is run in them, where the point names none.
      if point.value(.format) == nil, let recipe = training?.recipe, recipe.isQuantized {
        let trained = try Configuration(of: recipe, catalog: catalog)
        (configuration.weights, configuration.activations) = (trained.weights, trained.activations)
        (configuration.ends, configuration.layers) = (trained.ends, trained.layers)
      }
      let measured = try point.measured(data)
      return (configuration, training, try options(of: point), try point.optionalNumber(.limit), measured)
    }
    if case .failure(let fault as StudyFileFault) = parts { throw fault }
    func job(_ key: RunKey, _ training: StudyTraining?) -> Job {
      Job(point: point, key: key, data: data, training: training, configuration: parts.map(\.0))
    }
    guard let (configuration, training, options, limit, measured) = try? parts.get() else {
      return job(RunKey([("point", point.label), ("version", BinadeVersion.current)]), nil)
    }
    let network = try training?.facts ?? RunFacts.network(model(named: point[.model]))
    let subject = RunFacts.Subject(network, measured, limit: limit, options)
    return job(RunFacts.evaluation(configuration, subject), training)
  }

  private func run(
    _ job: Job,
    _ timer: RunTimer,
    shouldStop: () -> Bool,
    epochDone: (TrainingHistory.Epoch) -> Void
  ) throws -> Outcome {
    let configuration = try job.configuration.get()
    let renewal = ClaimRenewal(store, [job.key] + (job.training.map { [$0.key] } ?? []))
    defer { renewal.end() }
    var trained: (model: Model, history: TrainingHistory)?
    if let training = job.training {
      // Points that differ in formats alone share a network; one process trains it.
      if case .busy = try store.claim(training.key) { return .elsewhere }
      defer { try? store.release(training.key) }
      let folder = store.trainingFolder.appending(path: training.key.digits)
      let outcome = try training.trained(
        in: folder,
        catalog,
        evaluation: job.data.evaluation,
        threads: threads,
        shouldStop: shouldStop,
        epochDone: epochDone
      )
      guard case .trained(let model, let history) = outcome else { return .stopped }
      trained = (model, history)
    }
    let experiment = try experiment(of: job.point, job.point.measured(job.data), trained?.model)
    let own =
      try job.point.value(.format) == nil
      ? trained.flatMap { try Configuration(trained: $0.model, catalog: catalog) } : nil
    let result = try experiment.run(own ?? configuration)
    return .done(
      StoredRun(
        key: job.key,
        label: job.point.label,
        result,
        training: job.training.flatMap { training in trained.map { (training, $0.history) } },
        provenance: timer.provenance
      )
    )
  }

  // MARK: Networks and images

  private func model(named name: String) throws -> Model {
    if let model, model.name == name { return model.model }
    let read = try loader.model(name)
    model = (name, read)
    return read
  }

  private func data(named name: String) throws -> DatasetFolder {
    if let folder, folder.name == name { return folder.folder }
    let opened = try loader.data(name)
    folder = (name, opened)
    return opened
  }

  private func options(of point: StudyPoint) throws -> Experiment.Options {
    let count = try point.optionalNumber(.calibrationImages)
    return Experiment.Options(
      calibrationImageCount: count ?? 256,
      roundingImageCount: count ?? 1024,
      bootstrap: Bootstrap(seed: try point.number(.seed)),
      threads: threads
    )
  }

  /// The network and the images of a point.
  ///
  /// `trained`: the network that was trained for it; nil for one that is read.
  private func experiment(of point: StudyPoint, _ data: DatasetFolder, _ trained: Model?) throws
    -> Experiment
  {
    let axes: [StudyAxis] = [
      .model, .architecture, .data, .training, .trainingImages, .teacher, .images, .limit, .calibrationImages,
      .seed,
    ]
    let name = axes.map { point[$0] }.joined(separator: "\n")
    if let experiment, experiment.name == name { return experiment.experiment }
    let made = try Experiment(
      model: try trained ?? model(named: point[.model]),
      data: data,
      imageLimit: point.optionalNumber(.limit),
      options: options(of: point)
    )
    experiment = (name, made)
    return made
  }
}

/// Renews the claims to runs that take long, until it is told to end.
private final class ClaimRenewal {
  private let timer: any DispatchSourceTimer

  init(_ store: ResultStore, _ keys: [RunKey]) {
    timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + .seconds(60), repeating: .seconds(60))
    timer.setEventHandler {
      // One renewal that fails is made up for by the next.
      for key in keys { try? store.renew(key) }
    }
    timer.resume()
  }

  func end() { timer.cancel() }
}
