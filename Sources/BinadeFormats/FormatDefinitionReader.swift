import BinadeNumerics
import Foundation

/// Turns a definition file into a format.
public enum FormatDefinitionReader {
  /// Reads the file at `url`, whatever it is called.
  public static func read(contentsOf url: URL) throws(FormatDefinitionError) -> any NumericFormat {
    try format(from: try fields(contentsOf: url))
  }

  /// The keys and values of the file at `url`.
  static func fields(contentsOf url: URL) throws(FormatDefinitionError) -> DefinitionFields {
    try DefinitionFields(yaml: try DefinitionFile.text(of: url), file: url.relativePath)
  }

  /// Reads a definition given as text; `file` is what messages call it.
  public static func read(yaml: String, file: String) throws(FormatDefinitionError)
    -> any NumericFormat
  {
    try format(from: try DefinitionFields(yaml: yaml, file: file))
  }

  static func format(from fields: DefinitionFields) throws(FormatDefinitionError)
    -> any NumericFormat
  {
    let family = try fields.choice(
      "family",
      of: DefinedFamily.self,
      others: [BlockDefinitionReader.family]
    )
    try fields.requireKeys(in: commonKeys + family.keys)
    let info = FormatInfo(
      name: try name(from: fields),
      bitWidth: try fields.optionalInteger("bitWidth") ?? 0,
      family: family.formatFamily,
      source: try source(from: fields),
      scaling: try fields.choice("scaling", default: .fitted)
    )
    return try family.makeFormat(info: info, fields: fields)
  }

  /// Bytes of a name.
  static let greatestNameLength = 64
  /// Bytes of a source.
  static let greatestSourceLength = 1024

  /// The name: a lower-case letter, then lower-case letters, digits, '_' and '.'.
  static func name(from fields: DefinitionFields) throws(FormatDefinitionError) -> String {
    let name = try fields.text("name")
    let isName = name.wholeMatch(of: /[a-z][a-z0-9_.]*/.asciiOnlyCharacterClasses()) != nil
    guard isName, name.utf8.count <= greatestNameLength, !name.hasSuffix(".yaml"), !name.hasSuffix(".yml")
    else {
      throw .wrongType(
        place: fields.place(of: "name"),
        key: "name",
        expected:
          "a lower-case letter, then letters, digits, '_' and '.', at most \(greatestNameLength) in all, "
          + "not ending in .yaml",
        found: name
      )
    }
    return name
  }

  /// The standard or paper: one line that a terminal shows as it is.
  static func source(from fields: DefinitionFields) throws(FormatDefinitionError) -> String {
    try fields.line("source", limit: greatestSourceLength)
  }

  private static let commonKeys = ["name", "family", "source", "scaling", "note"]
}
