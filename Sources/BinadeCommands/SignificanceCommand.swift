import ArgumentParser
import Binade
import Foundation

/// Whether two runs differ by more than chance.
struct SignificanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "significance",
    abstract: "Compare runs on the same items: is the difference more than chance?",
    discussion: """
      Two runs are compared by McNemar's exact test, on the items that both have; two groups of runs, of several seeds each,
      by a hierarchical bootstrap over seeds and items. One file with several rows gives a table: each row against
      that of float32, or the first, with probabilities corrected for their number (Holm).

      A run is FILE, or FILE#ROW where a file has several rows (the name of the row, or its number from 1 on); a group is
      several of them joined by commas. Files are results.json of 'evaluate' and 'compare', the JSONL that
      lm-evaluation-harness writes with --log_samples, other JSONL with an item and a score per line, and CSV with a
      column of items and one of scores. Scores are 1 or 0, true or false, or numbers between.

      EXAMPLES
        binade significance results/results.json
        binade significance 'results.json#int4' 'results.json#nf4'
        binade significance a0.json,a1.json,a2.json b0.json,b1.json,b2.json --paired
        binade significance samples_arc_easy_a.jsonl samples_arc_easy_b.jsonl --metric acc_norm
        binade significance mine.csv theirs.csv --metric correct --json
      """
  )

  @Argument(
    help: "A run, or a group of runs joined by commas; alone, a file with several rows.",
    completion: .file()
  )
  var first: String

  @Argument(help: "The run or the group that it is compared with.", completion: .file())
  var second: String?

  @Option(help: "The score that is compared, where a file has several; METRIC,FILTER chooses a filter, too.")
  var metric: String?

  @Flag(help: "Run i of both groups has the same seed: seeds are drawn in pairs.")
  var paired = false

  @Option(help: "The seed of the resamples.")
  var bootstrapSeed: UInt64 = 0

  @Option(help: "Resamples of the bootstrap.")
  var resamples = 2000

  @Flag(help: "Print the tests as JSON instead of a table.")
  var json = false

  @OptionGroup var runOptions: RunOptions

  func validate() throws {
    guard (100...1_000_000).contains(resamples) else {
      throw ValidationError("--resamples must be 100 to 1000000, found \(resamples)")
    }
  }

  func run() throws {
    let tests = SignificanceTest.corrected(try second.map { [try test($0)] } ?? table())
    let console = CommandContext.current.console
    if json {
      console.write(try JSONDocument.significance.text(list: tests))
    } else {
      console.write(SignificanceText.table(of: tests).text)
      console.write(SignificanceText.remarks(on: tests))
    }
  }

  private func read(_ path: String) throws -> [ItemScores] {
    try ScoreFile.runs(URL(filePath: path), metric: metric)
  }

  private func test(_ second: String) throws -> SignificanceTest {
    let (a, b) = (try RunSelection(first).runs(read), try RunSelection(second).runs(read))
    return try test(a, b, names: (name(a, first), name(b, second)))
  }

  private func table() throws -> [SignificanceTest] {
    let runs = try RunSelection(first).allRuns(read)
    let place = runs.firstIndex { $0.name == "float32" } ?? 0
    guard runs.count > 1 else {
      throw ValidationError("'\(first)' has one run; name another to compare it with")
    }
    return try runs.indices.filter { $0 != place }.map {
      try test([runs[$0]], [runs[place]], names: (runs[$0].name, runs[place].name))
    }
  }

  private func test(_ a: [ItemScores], _ b: [ItemScores], names: (String, String)) throws -> SignificanceTest
  {
    try SignificanceTest(
      a,
      b,
      names: names,
      isPaired: paired,
      bootstrap: HierarchicalBootstrap(seed: bootstrapSeed, resampleCount: resamples),
      threads: runOptions.threads
    )
  }

  /// What a side is called: its run, or the words of the command line.
  private func name(_ runs: [ItemScores], _ text: String) -> String { runs.count == 1 ? runs[0].name : text }
}

/// Tests in words.
enum SignificanceText {
  static func table(of tests: [SignificanceTest]) -> TextTable {
    let isTable = tests.count > 1
    var columns: [TextTable.Column] = [
      .init("first", .left), .init("second", .left), .init("items"), .init("first %"), .init("second %"),
      .init("difference"), .init("95 %"), .init("only first"), .init("only second"), .init("p"),
    ]
    if isTable { columns.append(.init("p (Holm)")) }
    var table = TextTable(columns: columns)
    for test in tests {
      func points(_ value: Double) -> String { String(format: "%+.2f", 100 * value) }
      var cells = [
        name(test.first, test.firstRunCount), name(test.second, test.secondRunCount), "\(test.itemCount)",
        String(format: "%.2f", 100 * test.firstMean), String(format: "%.2f", 100 * test.secondMean),
        points(test.difference.value),
        "\(points(test.difference.lower)) to \(points(test.difference.upper))",
        test.mcNemar.map { "\($0.onlyFirst)" } ?? "-", test.mcNemar.map { "\($0.onlySecond)" } ?? "-",
        probability(test.pValue),
      ]
      if isTable { cells.append(probability(test.correctedPValue)) }
      table.append(cells)
    }
    return table
  }

  private static func name(_ text: String, _ runCount: Int) -> String {
    runCount == 1 ? text.visible() : "\(text.visible()) (\(runCount) runs)"
  }

  static func probability(_ value: Double) -> String {
    value < 1e-300
      ? "< 1e-300" : value < 0.001 ? String(format: "%.1e", value) : String(format: "%.3f", value)
  }

  static func remarks(on tests: [SignificanceTest]) -> String {
    var lines = [
      "",
      "difference: percentage points, first less second. 95 %: bootstrap over the items"
        + (tests.contains { $0.difference.coversSeeds } ? " and the runs of each group." : "."),
    ]
    if tests.contains(where: { $0.mcNemar != nil }) {
      lines.append("p: McNemar's exact test of the items that only one of the two got right.")
    } else {
      lines.append("p: Student's t of the difference over its standard error.")
    }
    if tests.contains(where: { !$0.difference.coversSeeds }) {
      lines.append("A run alone says nothing about other seeds: the interval is over items.")
    }
    if tests.count == 1, let test = tests.first {
      let words =
        test.correctedPValue < FrontComparison.significanceLevel
        ? "'\(test.first)' is significantly \(test.difference.value > 0 ? "better" : "worse") than '\(test.second)'"
        : "no significant difference between '\(test.first)' and '\(test.second)'"
      lines.append("\(words) at the level of 5 %.")
    } else {
      let count = tests.count { $0.correctedPValue < FrontComparison.significanceLevel }
      lines.append(
        "\(count) of \(tests.count) differ significantly at the level of 5 %, corrected for \(tests.count) tests."
      )
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
