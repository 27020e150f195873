import BinadeNumerics
import Foundation

/// A YAML file of `key: value` lines, both words: lists that people write by hand.
public struct PlainMapping: Sendable {
  /// One line.
  public struct Entry: Sendable, Hashable {
    /// What stands before the colon.
    public let key: String
    /// What stands behind it.
    public let value: String
    /// Where it stands.
    public let place: FormatDefinitionError.Place
  }

  /// In the order of the file.
  public let entries: [Entry]

  /// Reads a file of at most 2 MiB.
  ///
  /// Throws ``FormatDefinitionError`` for what is no regular file of such lines; anchors and aliases are refused.
  public init(contentsOf url: URL) throws(FormatDefinitionError) {
    try self.init(yaml: DefinitionFile.text(of: url), file: url.relativePath)
  }

  /// Reads one document; an empty one is refused.
  ///
  /// `file`: what errors call it.
  public init(yaml: String, file: String) throws(FormatDefinitionError) {
    guard let document = try DefinitionDocument(yaml: yaml, file: file) else {
      throw .notAMapping(file: file)
    }
    var entries: [Entry] = []
    for (key, value) in document.entries {
      guard case .scalar(let scalar) = value else {
        throw .wrongType(
          place: .init(file: file, line: value.line),
          key: key.text,
          expected: "a word",
          found: "a list or mapping"
        )
      }
      entries.append(
        Entry(key: key.text, value: scalar.text, place: .init(file: file, line: key.line))
      )
    }
    self.entries = entries
  }
}
