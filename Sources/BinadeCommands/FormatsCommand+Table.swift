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
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: output, isDirectory: &isFolder), isFolder.boolValue {
        throw OutputError.isFolder(path: output)
      }
      do {
        try Data(page.utf8).write(to: URL(filePath: output), options: .atomic)
      } catch {
        throw OutputError.notWritable(path: output)
      }
      console.write("written: \(output)")
    }
  }
}
