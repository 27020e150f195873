import ArgumentParser
import Binade
import Foundation

/// The catalogue.
struct FormatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "formats",
    abstract: "List the formats, or show one.",
    discussion: """
      EXAMPLES
        binade formats list
        binade formats show float8_e4m3fn
        binade formats show q3.4 --json
        binade formats show ./my-format.yaml
      """,
    subcommands: [List.self, Show.self],
    defaultSubcommand: List.self
  )

  /// All formats, a line each.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List all formats.")

    @OptionGroup var formatOptions: FormatOptions
    @Flag(help: "Print as JSON.") var json = false

    func run() throws {
      let console = CommandContext.current.console
      let pages = try formatOptions.catalog().formats.map { try FormatPage($0) }
      if json {
        console.write(try JSONText.encode(pages.map(\.facts)))
        return
      }
      var table = TextTable(columns: [
        .init("format", .left), .init("family", .left), .init("bits"), .init("greatest"),
        .init("least > 0"), .init("binades"), .init("source", .left),
      ])
      for facts in pages.map(\.facts) {
        table.append([
          facts.name, facts.family, "\(facts.bitWidth)",
          String(format: "%.6g", facts.greatestFiniteMagnitude),
          String(format: "%.4g", facts.leastNonzeroMagnitude),
          String(format: "%.1f", facts.dynamicRangeInBinades), facts.source,
        ])
      }
      console.write(table.text)
      console.write(
        "\nalso understood: \(ParametricFormat.patterns.joined(separator: ", ")), and paths of .yaml files"
      )
    }
  }

  /// Limits and codes of one format.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show limits and codes of a format."
    )

    @Argument(help: "The name of the format, or the path of a definition file.") var name: String
    @OptionGroup var formatOptions: FormatOptions
    @Flag(help: "Show every code, also of formats of more than 8 bits.") var codes = false
    @Flag(help: "Print as JSON.") var json = false

    func run() throws {
      let console = CommandContext.current.console
      let page = try FormatPage(try formatOptions.catalog().format(named: name))
      if json {
        console.write(try JSONText.encode(page.facts))
        return
      }
      console.write(page.text)
      if page.facts.bitWidth <= 8 || (codes && page.facts.bitWidth <= 16) {
        console.write("\n" + page.codeTable)
      }
    }
  }
}
