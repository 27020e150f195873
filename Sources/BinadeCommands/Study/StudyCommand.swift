import ArgumentParser
import Binade

/// Many runs, kept in a store.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Run a study of many configurations, keep its results, go on where it was stopped.",
    discussion: """
      A study file names axes and their values, all of which are combined:
        study: four-bit-shootout
        formats: [int4, nf4, mxfp4_e2m1]
        ends: [none, int8]
        ptq: [none, best]
        skip: ["formats=nf4 ptq=best"]
        points: ["formats=int8"]
      A value, or a list. 'points' adds single runs, 'skip' leaves out all that have these values, 'preset: NAME' begins with a
      preset. Axes:
      \(StudyText.axes)
      Presets: \(StudyPresets.names.joined(separator: ", ")).

      Results lie in an SQLite file, each run once, by a hash of all that determines it: network, images, formats with the values
      of their codes, scales, recipe, seeds. What is there is not run again, in whatever study it is. Several processes may work on
      a study together.

      EXAMPLES
        binade study run quick
        binade study run mine.yaml --store results.sqlite
        binade study run mine.yaml --store results.sqlite --slurm
        binade study status --store results.sqlite
        binade study export --store results.sqlite --output results.csv
        sqlite3 results.sqlite 'SELECT weights, top1Accuracy FROM metric ORDER BY 2 DESC LIMIT 5'
      """,
    subcommands: [
      StudyRunCommand.self, StudyStatusCommand.self, StudyExportCommand.self, StudyShowCommand.self,
      StudyReportCommand.self, StudyMergeCommand.self, StudyCollectCommand.self,
    ]
  )
}

/// Where the results are.
struct StoreOptions: ParsableArguments {
  @Option(help: "The store, an SQLite file.", completion: .file(extensions: ["sqlite"]))
  var store = "binade.sqlite"
}

/// Words about studies.
enum StudyText {
  static var axes: String {
    StudyAxis.allCases.map { axis in
      "  " + axis.key + String(repeating: " ", count: max(1, 18 - axis.key.count)) + axis.meaning
        + " (default: \(axis.standard))"
    }.joined(separator: "\n")
  }

  static func table(of states: [ResultStore.StudyStatus]) -> TextTable {
    var table = TextTable(columns: [
      .init("study", .left), .init("points"), .init("done"), .init("failed"), .init("running"), .init("left"),
      .init("hours"), .init("best top-1 %"), .init("of", .left),
    ])
    for state in states {
      table.append([
        state.study.visible(), "\(state.pointCount)", "\(state.doneCount)", "\(state.failedCount)",
        "\(state.runningCount)", "\(state.pointCount - state.doneCount)",
        String(format: "%.2f", state.seconds / 3600),
        state.bestAccuracy.map { String(format: "%.2f", 100 * $0) } ?? "-", state.bestLabel?.visible() ?? "-",
      ])
    }
    return table
  }
}
