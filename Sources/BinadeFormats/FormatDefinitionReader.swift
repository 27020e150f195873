import BinadeNumerics
import Foundation

/// Turns a definition file into a format.
public enum FormatDefinitionReader {
  /// Files above this size are refused unread: 65,536 values fit many times over.
  static let greatestFileSize = 4 << 20

  /// Reads the file at `url`; its name must be the format's name.
  public static func read(contentsOf url: URL) throws(FormatDefinitionError) -> any NumericFormat {
    let file = url.relativePath
    let format = try read(yaml: try text(of: url, file: file), file: file)
    guard url.deletingPathExtension().lastPathComponent == format.name else {
      throw .nameMismatch(file: file, name: format.name)
    }
    return format
  }

  /// Reads a definition given as text; `file` is what messages call it.
  public static func read(yaml: String, file: String) throws(FormatDefinitionError)
    -> any NumericFormat
  {
    let fields = try DefinitionFields(yaml: yaml, file: file)
    let family = try fields.choice("family", of: DefinedFamily.self)
    try fields.requireKeys(in: commonKeys + family.keys)
    let info = FormatInfo(
      name: try fields.text("name"),
      bitWidth: try fields.optionalInteger("bitWidth") ?? 0,
      family: family.formatFamily,
      source: try fields.text("source"),
      scaling: try fields.choice("scaling", default: .fitted)
    )
    guard !info.name.isEmpty, info.name.allSatisfy({ $0.isLowercaseNameCharacter }) else {
      throw .wrongType(
        place: .init(file: file, line: 1),
        key: "name",
        expected: "lower-case letters, digits, '_' and '.'",
        found: info.name
      )
    }
    return try family.makeFormat(info: info, fields: fields)
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
