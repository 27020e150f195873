import BinadeNumerics
import Yams

/// One YAML document of `key: value` lines, as plain as definition files are.
///
/// Anchors and aliases are refused: nested, a few hundred bytes of them stand for more than memory holds. So are keys
/// behind a `?`. The three characters are replaced by private ones before the document is parsed and put back
/// afterwards, so that none of them can act; where one would have acted, a plain scalar begins with its replacement.
package struct DefinitionDocument {
  /// A scalar and its line.
  package struct Scalar {
    package let text: String
    package let line: Int
  }

  /// What stands behind a key.
  package enum Value {
    case scalar(Scalar)
    case list([Scalar], line: Int)
    case other(line: Int)

    var line: Int {
      switch self {
      case .scalar(let scalar): scalar.line
      case .list(_, let line), .other(let line): line
      }
    }
  }

  /// The keys in the order of the file.
  package let entries: [(key: Scalar, value: Value)]

  private static let active: [(character: Character, replacement: Unicode.Scalar, what: String)] = [
    ("&", "\u{E000}", "an anchor ('&...')"), ("*", "\u{E001}", "an alias ('*...')"),
    ("?", "\u{E002}", "a '?' before a key"),
  ]

  /// Parses one document; nil when it is no mapping.
  package init?(yaml: String, file: String) throws(FormatDefinitionError) {
    var text = yaml.hasPrefix("\u{FEFF}") ? String(yaml.dropFirst()) : yaml
    for (character, replacement, _) in Self.active {
      guard !text.unicodeScalars.contains(replacement) else {
        throw .notYAML(place: .init(file: file, line: 1), reason: "it holds characters for private use")
      }
      text = text.replacing(String(character), with: String(replacement))
    }
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      let (line, reason) = Self.explanation(of: error)
      throw .notYAML(place: .init(file: file, line: line), reason: reason)
    } catch {
      throw .notYAML(place: .init(file: file, line: 1), reason: "the document cannot be parsed")
    }
    guard case .mapping(let mapping)? = node else { return nil }
    var entries: [(key: Scalar, value: Value)] = []
    for (key, value) in mapping {
      guard case .scalar(let name) = key else {
        throw .notYAML(place: .init(file: file, line: key.mark?.line ?? 1), reason: "a key that is no word")
      }
      entries.append((try Self.scalar(name, file: file), try Self.value(value, file: file)))
    }
    self.entries = entries
  }

  private static func value(_ node: Node, file: String) throws(FormatDefinitionError) -> Value {
    let line = node.mark?.line ?? 1
    switch node {
    case .scalar(let scalar): return .scalar(try Self.scalar(scalar, file: file))
    case .sequence(let sequence):
      var scalars: [Scalar] = []
      scalars.reserveCapacity(sequence.count)
      for element in sequence {
        guard case .scalar(let scalar) = element else { return .other(line: element.mark?.line ?? line) }
        scalars.append(try Self.scalar(scalar, file: file))
      }
      return .list(scalars, line: line)
    case .mapping, .alias: return .other(line: line)
    }
  }

  private static func scalar(_ scalar: Node.Scalar, file: String) throws(FormatDefinitionError) -> Scalar {
    let line = scalar.mark?.line ?? 1
    let first = scalar.string.unicodeScalars.first
    if scalar.style == .plain, let fault = active.first(where: { $0.replacement == first }) {
      throw .notYAML(place: .init(file: file, line: line), reason: "\(fault.what) is not understood here")
    }
    return Scalar(text: restored(scalar.string), line: line)
  }

  private static func restored(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { (0xE000...0xE002).contains($0.value) }) else { return text }
    return active.reduce(text) { $0.replacing(String($1.replacement), with: String($1.character)) }
  }

  /// The line of what the parser found wrong, and the reason in words.
  private static func explanation(of error: YamlError) -> (line: Int, reason: String) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      (max(mark.line, 1), problem)
    case .duplicatedKeysInMapping(let keys, let context):
      (
        max(context.mark.line, 1),
        "the key '\(PrintableText.excerpt(restored(keys.first ?? "")))' stands there twice"
      )
    case .reader: (1, "it holds a character that YAML does not allow")
    default: (1, "the document cannot be parsed")
    }
  }
}
