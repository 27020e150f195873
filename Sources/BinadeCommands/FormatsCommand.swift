import ArgumentParser
import Binade
import Foundation

/// The catalogue.
struct FormatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "formats",
    abstract: "List the formats, show or describe one, or write the reference page.",
    discussion: """
      EXAMPLES
        binade formats list
        binade formats show float8_e4m3fn
        binade formats show q3.4 --json
        binade formats show mxfp4_e2m1
        binade formats show ./my-format.yaml
        binade formats describe posit8 --output pictures
        binade formats table --output formats/REFERENCE.md
      """,
    subcommands: [List.self, Show.self, Dialects.self, Describe.self, Table.self],
    defaultSubcommand: List.self
  )

  /// All formats, a line each.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List all formats.")

    @OptionGroup var formatOptions: FormatOptions
    @Flag(help: "Print as JSON.") var json = false

    func run() throws {
      let console = CommandContext.current.console
      let catalog = try formatOptions.catalog()
      let pages = try catalog.formats.map { try FormatPage($0, aliases: catalog.aliases(of: $0.name)) }
      let blockPages = catalog.blockFormats.map {
        BlockFormatPage($0, aliases: catalog.aliases(of: $0.name))
      }
      if json {
        let elements = pages.map { ListedFacts.element($0.facts) }
        console.write(try JSONDocument.formats.text(list: elements + blockPages.map { .block($0.facts) }))
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
      console.write("")
      console.write(blockTable(blockPages))
      console.write("\n" + FormatNames(catalog).text)
      console.write(
        "\nalso understood: \(catalog.patterns.joined(separator: ", ")), and paths of .yaml files"
      )
    }

    private func blockTable(_ pages: [BlockFormatPage]) -> String {
      var table = TextTable(columns: [
        .init("block format", .left), .init("element", .left), .init("block"), .init("bits each"),
        .init("scale", .left), .init("source", .left),
      ])
      for page in pages {
        table.append([
          page.facts.name, page.facts.element, "\(page.facts.blockLength)",
          String(format: "%.4g", page.facts.bitsPerElement), page.scaleText, page.facts.source,
        ])
      }
      return table.text
    }
  }

  /// Limits and codes of one format.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show limits and codes of a format."
    )

    @Argument(
      help: "The name of the format, or the path of a definition file.",
      completion: NameCompletion.format
    )
    var name: String
    @OptionGroup var formatOptions: FormatOptions
    @Flag(help: "Show every code, also of formats of more than 8 bits.") var codes = false
    @Flag(help: "Print as JSON.") var json = false

    func run() throws {
      let console = CommandContext.current.console
      let catalog = try formatOptions.catalog()
      let format: any NumericFormat
      switch try catalog.entry(named: name) {
      case .element(let element): format = element
      case .block(let block):
        let page = BlockFormatPage(block, aliases: catalog.aliases(of: block.name))
        console.write(json ? try JSONDocument.format.text(page.facts) : page.text)
        return
      }
      let page = try FormatPage(format, aliases: catalog.aliases(of: format.name))
      if json {
        console.write(try JSONDocument.format.text(page.facts))
        return
      }
      console.write(page.text)
      if page.facts.bitWidth <= 8 || (codes && page.facts.bitWidth <= 16) {
        console.write("\n" + page.codeTable)
      }
    }
  }
}
