import ArgumentParser
import Binade
import Foundation

extension FormatsCommand {
  /// What each dialect makes of special values.
  struct Dialects: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show what each dialect makes of overflow, infinities and NaN.",
      discussion: """
        Each cell reads finite overflow / infinity / NaN, as the codec of that format gives them; 'max' is the greatest
        value. The two columns to the right are a negative number in an unsigned format, and NaN in one without NaN.

        EXAMPLES
          binade formats dialects
          binade encode --format float8_e4m3fn --dialect torch --input x.f32 --output y.bin
        """
    )

    @OptionGroup var formatOptions: FormatOptions
    @Flag(help: "Print as JSON.") var json = false

    /// One format for each kind of special codes.
    private static let formats = [
      "float8_e5m2", "float8_e4m3fn", "float8_e4m3fnuz", "binary8p4se", "binary8p4sf", "float4_e2m1fn",
    ]

    private struct Row: Encodable {
      let dialect: String
      let outcomes: [String: String]
      let negativeIntoUnsigned: String
      let missingNaN: String
    }

    func run() throws {
      let catalog = try formatOptions.catalog()
      let rows = try Dialect.allCases.map { dialect in
        let policy = ConversionPolicy(dialect: dialect)
        let cells = try Self.formats.map { name in
          (name, try Self.cell(FormatCodec(try catalog.format(named: name), policy: policy)))
        }
        let unsigned = try FormatCodec(try catalog.format(named: "binary8p4ue"), policy: policy)
        return Row(
          dialect: dialect.rawValue,
          outcomes: Dictionary(uniqueKeysWithValues: cells),
          negativeIntoUnsigned: Self.word(unsigned, unsigned.encode(Float(-100))),
          missingNaN: dialect.missingNaN.rawValue
        )
      }
      let console = CommandContext.current.console
      if json { return console.write(try JSONDocument.dialects.text(list: rows)) }
      var table = TextTable(
        columns: [.init("dialect", .left)] + Self.formats.map { .init($0, .left) }
          + [.init("-100 unsigned", .left), .init("NaN, none there", .left)]
      )
      for row in rows {
        table.append(
          [row.dialect] + Self.formats.map { row.outcomes[$0] ?? "" }
            + [row.negativeIntoUnsigned, row.missingNaN]
        )
      }
      console.write(table.text)
    }

    private static func cell(_ codec: FormatCodec) -> String {
      let hasNaN = codec.reference.ladder.specials.nan != nil
      let inputs: [Float] = [0x1p100, .infinity] + (hasNaN ? [.nan] : [])
      return inputs.map { word(codec, codec.encode($0)) }.joined(separator: " / ")
    }

    private static func word(_ codec: FormatCodec, _ code: UInt32) -> String {
      let value = codec.decode(code)
      if value.isNaN { return "NaN" }
      if value.isInfinite { return "inf" }
      return code == codec.reference.ladder.greatest.code ? "max" : "\(value)"
    }
  }
}
