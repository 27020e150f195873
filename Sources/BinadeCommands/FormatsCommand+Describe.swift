import ArgumentParser
import Binade
import Foundation

extension FormatsCommand {
  /// Everything that follows from a format's values, with plots.
  struct Describe: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Describe a format: derived limits, codes, number lines and plots.",
      discussion: """
        Plots are drawn with gnuplot, as SVG and PNG, their scripts and data beside them: where the values lie, and
        the relative error of rounding to nearest. With --json they are drawn only into a folder that is named.

        EXAMPLES
          binade formats describe float8_e4m3fn
          binade formats describe posit16 --output pictures
          binade formats describe ./my-format.yaml --no-plots --json
        """
    )

    /// Where plots go when no folder is named.
    static let defaultFolder = "binade-results/formats"

    @Argument(
      help: "The name of the format, or the path of a definition file.",
      completion: NameCompletion.format
    )
    var name: String
    @OptionGroup var formatOptions: FormatOptions
    @Option(help: "A folder for the plots; made if missing. Default: \(defaultFolder).") var output: String?
    @Flag(inversion: .prefixedNo, help: "Draw the plots.") var plots = true
    @Flag(help: "Show every code, also of formats of more than 8 bits (up to 16).") var codes = false
    @Flag(help: "Print as JSON.") var json = false

    func run() throws {
      let console = CommandContext.current.console
      let catalog = try formatOptions.catalog()
      let format = try catalog.format(named: name)
      let hasCodes = format.bitWidth <= 8 || (codes && format.bitWidth <= 16)
      let folder =
        plots && (!json || output != nil) ? try OutputFolder(output ?? Self.defaultFolder) : nil
      let description = try FormatDescription(
        format,
        aliases: catalog.aliases(of: format.name),
        hasCodes: hasCodes
      )
      console.write(json ? try JSONDocument.formatDescription.text(description) : try description.text)
      if let folder { try draw(format, description.facts, to: folder, console) }
    }

    private func draw(
      _ format: any NumericFormat,
      _ facts: FormatFacts,
      to folder: OutputFolder,
      _ console: Console
    ) throws {
      let name = PlotFiles.fileName(format.name)
      let plots = [
        try FormatValuePlot(of: format, facts).files(named: name + "-values"),
        try FormatErrorPlot(of: format, facts).files(named: name + "-error"),
      ]
      var written: [String] = []
      var missing: PlotError?
      for plot in plots {
        do {
          try plot.write(to: folder.url)
          written += plot.pictureNames
        } catch PlotError.missingGnuplot {
          missing = .missingGnuplot
          written += plot.sourceNames
        }
      }
      if let missing { console.writeError("note: \(missing)") }
      if !json { console.write("\nwritten: \(folder.names(written))") }
    }
  }
}
