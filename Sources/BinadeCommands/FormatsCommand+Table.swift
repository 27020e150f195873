import ArgumentParser
import Binade
import Foundation

extension FormatsCommand {
  /// The reference page of the catalogue.
  struct Table: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the catalogue as a Markdown page: a table per family.",
      discussion: """
        EXAMPLES
          binade formats table
          binade formats table --output formats/REFERENCE.md
        """
    )

    @OptionGroup var formatOptions: FormatOptions
    @Option(help: "The file to write. Default: the page is printed.") var output: String?

    func run() throws {
      let console = CommandContext.current.console
      let page = try FormatReference(try formatOptions.catalog().formats).markdown
      guard let output else {
        console.write(String(page.dropLast()))
        return
      }
      try OutputFile.write(page, to: output)
      // Where the page itself goes, nothing may follow it.
      if StandardStream.descriptor(named: output, dash: 1) != 1 { console.write("written: \(output)") }
    }
  }
}
