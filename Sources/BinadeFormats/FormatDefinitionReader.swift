import BinadeNumerics
import Foundation

/// Turns a definition file into a format.
public enum FormatDefinitionReader {
  /// Files above this size are refused unread: 65,536 values fit many times over.
  static let greatestFileSize = 4 << 20

  /// Reads the file at `url`; its name must be the format's name.
  public static func read(contentsOf url: URL) throws(FormatDefinitionError) -> any NumericFormat {
    try format(from: try fields(contentsOf: url))
  }

  /// The keys and values of the file at `url`; its name must be the one it defines.
  static func fields(contentsOf url: URL) throws(FormatDefinitionError) -> DefinitionFields {
    let file = url.relativePath
    let fields = try DefinitionFields(yaml: try text(of: url, file: file), file: file)
    guard fields.has("name") else { return fields }
    let name = try fields.text("name")
    guard url.deletingPathExtension().lastPathComponent == name else {
      throw .nameMismatch(file: file, name: name)
    }
    return fields
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
      source: try fields.text("source"),
      scaling: try fields.choice("scaling", default: .fitted)
    )
    return try family.makeFormat(info: info, fields: fields)
  }

  /// The name: lower-case letters, digits, '_' and '.'.
  static func name(from fields: DefinitionFields) throws(FormatDefinitionError) -> String {
    let name = try fields.text("name")
    guard !name.isEmpty, name.allSatisfy({ $0.isLowercaseNameCharacter }) else {
      throw .wrongType(
        place: .init(file: fields.file, line: 1),
        key: "name",
        expected: "lower-case letters, digits, '_' and '.'",
        found: name
      )
    }
    return name
  }

  private static let commonKeys = ["name", "family", "source", "scaling", "note"]

  private static func text(of url: URL, file: String) throws(FormatDefinitionError) -> String {
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
    guard let attributes else { throw .unreadable(file: file, reason: "no such file") }
    guard attributes[.type] as? FileAttributeType == .typeRegular else {
      throw .unreadable(file: file, reason: "it is not a regular file")
    }
    let size = (attributes[.size] as? Int) ?? 0
    guard size <= greatestFileSize else {
      throw .unreadable(file: file, reason: "\(size) bytes; at most \(greatestFileSize) are read")
    }
    guard let data = try? Data(contentsOf: url), let text = String(data: data, encoding: .utf8)
    else {
      throw .unreadable(file: file, reason: "it is not UTF-8 text")
    }
    return text
  }
}

extension Character {
  fileprivate var isLowercaseNameCharacter: Bool {
    ("a"..."z").contains(self) || ("0"..."9").contains(self) || self == "_" || self == "."
  }
}
