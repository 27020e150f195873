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
      the run that is under way first; a second one ends at once.

      EXAMPLES
        binade study run quick
        binade study run mine.yaml --store results.sqlite --threads 8
      """
  )

  @Argument(help: "A study file, or the name of a preset.", completion: .file(extensions: ["yaml", "yml"]))
  var study: String

  @OptionGroup var storeOptions: StoreOptions
  @OptionGroup var formatOptions: FormatOptions
  @OptionGroup var runOptions: RunOptions

  @Flag(help: "Take the study as it is now, though the store has another of its name; results stay.")
  var changed = false

  @Flag(help: "Print the state of the study as JSON at the end.")
  var json = false

  func run() throws {
    let console = CommandContext.current.console
    let catalog = try formatOptions.catalog()
    let study = try StudyFile(contentsOf: self.study)
    let store = try ResultStore(storeOptions.store, for: .writing)
    try store.check()
    try store.register(study, acceptsChange: changed)
    let request = StopRequest()
    Interrupts.hand(to: request)
    defer { Interrupts.takeBack() }
    let runner = StudyRunner(study, store, catalog: catalog, threads: runOptions.threads, load: load)
    let bar = ProgressBar(total: study.points.count)
    defer { bar.finish() }
    var best: (label: String, accuracy: Double)?
    var left = Array(study.points.indices)
    while !left.isEmpty, !request.isRequested {
      var elsewhere: [Int] = []
      try runner.run(
        left,
        shouldStop: { request.isRequested },
        began: { _, point in
          let leader = best.map { "; best \(String(format: "%.2f", 100 * $0.accuracy)) %: \($0.label)" } ?? ""
          bar.setLabel(point.label + leader)
        },
        { position, point, outcome in
          if case .elsewhere = outcome { return elsewhere.append(position) }
          bar.advance(1)
          guard case .done(let run) = outcome else { return }
          if let failure = run.failure { console.writeError("note: \(point.label): \(failure)") }
          guard case .real(let accuracy)? = run.values["top1Accuracy"] else { return }
          if best.map({ $0.accuracy < accuracy }) ?? true { best = (point.label, accuracy) }
        }
      )
      left = elsewhere
      guard !left.isEmpty else { break }
      // Another process is at these: it finishes them, or ends, and they are taken over.
      bar.setLabel("waiting for \(left.count) runs of other processes")
      Thread.sleep(forTimeInterval: 1)
    }
    bar.finish()
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

  private func load(_ model: String, _ data: String) throws -> (Model, DatasetFolder) {
    (
      try Model(contentsOf: model == "embedded" ? EmbeddedModels.resNet8Weights : URL(filePath: model)),
      try DatasetFolder.open(
        data == "embedded" ? EmbeddedModels.mnistFolder : URL(filePath: data),
        threads: runOptions.threads
      )
    )
  }
}
