import ArgumentParser
import Binade
import Foundation

/// How far studies are.
struct StudyStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say how far the studies of a store are.",
    discussion: """
      EXAMPLES
        binade study status
        binade study status four-bit-shootout --store results.sqlite --json
      """
  )

  @Argument(help: "The name of a study. Default: all.")
  var study: String?

  @OptionGroup var storeOptions: StoreOptions

  @Flag(help: "Print the states as JSON.")
  var json = false

  func run() throws {
    let store = try ResultStore(storeOptions.store, for: .reading)
    let states = try store.status(of: study).map { state in
      var state = state
      state.shards = try store.shardStates(ofStudy: state.study)
      return state
    }
    let console = CommandContext.current.console
    if json { return console.write(try JSONDocument.studies.text(list: states)) }
    console.write(StudyText.table(of: states).text)
    for state in states {
      guard let shards = state.shards else { continue }
      console.write("\(state.study.visible()): \(shards.sentence)")
    }
  }
}

/// Results as a file for other programs.
struct StudyExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the results of a study as CSV, JSON or JSON lines.",
    discussion: """
      One row for each point that has a result, in the order of the study. The bytes depend on the results alone: not on where,
      when or in which order they were made. Columns have one type each, so that other tools make Parquet of them:
        duckdb -c "COPY (FROM 'results.csv') TO 'results.parquet'"

      EXAMPLES
        binade study export --store results.sqlite --output results.csv
        binade study export four-bit-shootout --store results.sqlite --output results.jsonl
      """
  )

  @Argument(help: "The name of a study. Default: all.")
  var study: String?

  @OptionGroup var storeOptions: StoreOptions

  @Option(
    help: "The file: .csv, .json or .jsonl. Default: CSV on standard output.",
    completion: .file(extensions: ["csv", "json", "jsonl"])
  )
  var output: String?

  func validate() throws {
    guard let output, kind == nil else { return }
    throw ValidationError("--output '\(output)' ends in none of .csv, .json, .jsonl")
  }

  private var kind: ResultStore.ExportKind? {
    output.map { URL(filePath: $0).pathExtension.lowercased() }.flatMap(ResultStore.ExportKind.init)
  }

  func run() throws {
    let store = try ResultStore(storeOptions.store, for: .reading)
    guard let output, let kind else {
      // The console ends each piece with a line.
      var text = ""
      try store.export(.csv, study: study) { text += $0 }
      CommandContext.current.console.write(String(text.dropLast()))
      return
    }
    var text = ""
    try store.export(kind, study: study) { text += $0 }
    try OutputFile.write(text, to: output)
  }
}

/// One run in detail.
struct StudyShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a run: what determines it, what came out, layer by layer, and where it was made.",
    discussion: """
      EXAMPLES
        binade study show 3f2a --store results.sqlite
      """
  )

  @Argument(help: "The key of the run, or the digits that it begins with.")
  var key: String

  @OptionGroup var storeOptions: StoreOptions

  func run() throws {
    let store = try ResultStore(storeOptions.store, for: .reading)
    let report = try store.report(of: store.key(beginningWith: key))
    var layers = TextTable(
      columns: report.layers.columns.enumerated().map {
        TextTable.Column($1, $0 < 3 ? .left : .right)
      }
    )
    for row in report.layers.rows { layers.append(row.map { $0.visible() }) }
    let width = report.facts.map(\.name.count).max() ?? 0
    let facts = report.facts.map { fact in
      fact.name + String(repeating: " ", count: width + 2 - fact.name.count) + fact.value.visible()
    }
    CommandContext.current.console.write(facts.joined(separator: "\n") + "\n\n" + layers.text)
  }
}

/// Stores put together.
struct StudyMergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Take over the runs of other stores; merging twice changes nothing.",
    discussion: """
      EXAMPLES
        binade study merge shard-1.sqlite shard-2.sqlite --store results.sqlite
      """
  )

  @Argument(help: "The stores to take over.", completion: .file(extensions: ["sqlite"]))
  var stores: [String]

  @OptionGroup var storeOptions: StoreOptions

  func run() throws {
    let target = try ResultStore(storeOptions.store, for: .writing)
    for path in stores {
      let count = try target.merge(ResultStore(path, for: .reading))
      CommandContext.current.console.write("\(path): \(count) new runs")
    }
  }
}
