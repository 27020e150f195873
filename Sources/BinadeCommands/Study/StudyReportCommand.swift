import ArgumentParser
import Binade
import Foundation

/// A page about a study.
struct StudyReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a page about a study: a summary, charts, tables, how sure it is, and where it was made.",
    discussion: """
      HTML is one file that needs nothing else: charts say what points are where the pointer or the keyboard is, tables are sorted by
      their headings, every chart has its data. Markdown has its pictures as SVG files beside it. A study that is under way has a
      report, too, which says what is missing.

      EXAMPLES
        binade study report --store results.sqlite --output report.html
        binade study report four-bit-shootout --store results.sqlite --output REPORT.md
        binade explain --format int4 --output why && binade study report --explained why/explanation.json
      """
  )

  @Argument(help: "The name of a study. Default: the only one, or all runs of the store.")
  var study: String?

  @OptionGroup var storeOptions: StoreOptions

  @Option(help: "The file: .html or .md.", completion: .file(extensions: ["html", "md"]))
  var output = "report.html"

  @Option(
    help: "An explanation.json of 'binade explain --output': where errors come from, as bars. Repeatable.",
    completion: .file(extensions: ["json"])
  )
  var explained: [String] = []

  @OptionGroup var formatOptions: FormatOptions
  @OptionGroup var runOptions: RunOptions

  private var kind: String { URL(filePath: output).pathExtension.lowercased() }

  func validate() throws {
    guard !["html", "md"].contains(kind) else { return }
    throw ValidationError("--output '\(output)' ends in none of .html, .md")
  }

  private static func explanation(_ path: String) throws -> Explanation {
    let data: Data
    do { data = try Data(contentsOf: URL(filePath: path)) } catch {
      throw ValidationError("--explained '\(path)' cannot be read")
    }
    do { return try JSONDecoder().decode(Explanation.self, from: data) } catch {
      throw ValidationError("--explained '\(path)' is no explanation.json of 'binade explain --output'")
    }
  }

  func run() throws {
    let store = try ResultStore(storeOptions.store, for: .reading)
    let report = try StudyReport(
      of: study,
      in: store,
      explanations: try explained.map(Self.explanation),
      catalog: formatOptions.catalog(),
      threads: runOptions.threads
    ).report
    var names = [output]
    if kind == "html" {
      try OutputFile.write(report.html, to: output)
    } else {
      let file = URL(filePath: output)
      let (text, pictures) = report.markdown(named: file.deletingPathExtension().lastPathComponent)
      for picture in pictures {
        let path = file.deletingLastPathComponent().appending(path: picture.name).path
        try OutputFile.write(picture.svg, to: path)
        names.append(path)
      }
      try OutputFile.write(text, to: output)
    }
    CommandContext.current.console.write("written: \(names.joined(separator: ", "))")
  }
}
