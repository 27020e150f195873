import ArgumentParser
import Binade
import BinadeModelFiles
import Foundation

/// Runs what a study has no results of.
struct StudyRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run the points of a study that have no result yet.",
    discussion: """
      Killed or interrupted, it leaves the store with every run that was done; the same command goes on. SIGINT and SIGTERM end
      the run that is under way first (training writes a checkpoint); a second one ends at once. Networks that points train lie
      in STORE.training, a folder for each.

      EXAMPLES
        binade study run quick
        binade study run mine.yaml --store results.sqlite --threads 8
        binade study run mine.yaml --slurm --shards 40 --slurm-options '--cpus-per-task=4 --time=4:00:00'
        binade study run mine.yaml --store part1.sqlite --shard 1/4       by hand; then 'binade study merge'
      """
  )

  @Argument(help: "A study file, or the name of a preset.", completion: .file(extensions: ["yaml", "yml"]))
  var study: String

  @OptionGroup var storeOptions: StoreOptions
  @OptionGroup var formatOptions: FormatOptions
  @OptionGroup var runOptions: RunOptions

  @Flag(help: "Take the study as it is now, though the store has another of its name; results stay.")
  var changed = false

  @OptionGroup(title: "On a cluster") var cluster: ClusterOptions

  @Flag(help: "Print the state of the study as JSON at the end.")
  var json = false

  func run() throws {
    let console = CommandContext.current.console
    let catalog = try formatOptions.catalog()
    let study = try StudyFile(contentsOf: self.study)
    let store = try ResultStore(storeOptions.store, for: .writing)
    try store.check()
    try store.register(study, acceptsChange: changed)
    let loader = StudyFiles.loader(threads: runOptions.threads)
    if cluster.slurm {
      let array = cluster.array(study, file: self.study, store: storeOptions.store, formatOptions)
      return console.write(try cluster.submit(array, study, store, loader))
    }
    if cluster.takeOver { try store.releaseAll() }
    let request = StopRequest()
    Interrupts.hand(to: request)
    defer { Interrupts.takeBack() }
    let runner = StudyRunner(
      study,
      store,
      catalog: catalog,
      threads: runOptions.threads,
      known: try cluster.knownKeys(),
      loader
    )
    var left = try cluster.positions(study, loader)
    let progress = StudyProgress(total: left.count, console)
    defer { progress.finish() }
    while !left.isEmpty, !request.isRequested {
      var elsewhere: [Int] = []
      try runner.run(
        left,
        shouldStop: { request.isRequested },
        began: progress.began,
        { position, point, outcome in
          switch outcome {
          case .elsewhere: elsewhere.append(position)
          case .stopped: break
          case .known: progress.done(nil, point)
          case .done(let run): progress.done(run, point)
          }
        }
      )
      left = elsewhere
      guard !left.isEmpty else { break }
      progress.waits(for: left.count)
      Thread.sleep(forTimeInterval: 1)
    }
    progress.finish()
    let states = try store.status(of: study.name)
    if json {
      console.write(try JSONDocument.studies.text(list: states))
    } else {
      console.write(StudyText.table(of: states).text)
    }
    guard let signal = request.signal else { return }
    console.writeError("stopped; go on with\n  binade study run \(self.study) --store \(storeOptions.store)")
    Interrupts.end(by: signal)
  }
}

/// The files that studies name.
enum StudyFiles {
  /// Opens them; 'embedded' is what ships with Binade.
  static func loader(threads: Int) -> StudyRunner.Loader {
    StudyRunner.Loader { name in
      try Model(contentsOf: name == "embedded" ? EmbeddedModels.resNet8Weights : URL(filePath: name))
    } data: { name in
      try DatasetFolder.open(
        name == "embedded" ? EmbeddedModels.mnistFolder : URL(filePath: name),
        threads: threads
      )
    }
  }
}
