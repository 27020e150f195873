import BinadeNumerics

/// What is wrong with a definition file, and where.
public enum FormatDefinitionError: Error, Sendable, Hashable {
  case unreadable(file: String, reason: String)
  case notYAML(place: Place, reason: String)
  case notAMapping(file: String)
  case missingKey(file: String, key: String)
  case unknownKey(place: Place, key: String, allowed: [String])
  case wrongType(place: Place, key: String, expected: String, found: String)
  case unknownValue(place: Place, key: String, found: String, allowed: [String])
  case invalid(file: String, error: FormatError)
  case duplicateName(name: String, files: [String])
  case reservedName(file: String, name: String)
  case unknownFormat(place: Place, key: String, found: String, known: [String])
  case ambiguousFormat(place: Place, key: String, found: String, meanings: [String])

  /// A line of a file.
  public struct Place: Sendable, Hashable, CustomStringConvertible {
    /// The file.
    public var file: String
    /// Counted from 1.
    public var line: Int

    /// Creates a place; lines count from 1.
    public init(file: String, line: Int) {
      self.file = file
      self.line = line
    }

    /// One sentence: what, where, what was found, what is allowed.
    public var description: String { "\(file):\(line)" }
  }
}

extension FormatDefinitionError: CustomStringConvertible {
  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file): cannot be read: \(reason)"
    case .notYAML(let place, let reason):
      "\(place): not valid YAML: \(reason)"
    case .notAMapping(let file):
      "\(file): expected 'key: value' lines, as in formats/README.md"
    case .missingKey(let file, let key):
      "\(file): the key '\(key)' is missing"
    case .unknownKey(let place, let key, let allowed):
      "\(place): unknown key '\(PrintableText.excerpt(key))'\(DefinitionKeys.suggestion(for: key, among: allowed)); "
        + "allowed here: \(allowed.joined(separator: ", "))"
    case .wrongType(let place, let key, let expected, let found):
      "\(place): '\(key)' must be \(expected), found \"\(PrintableText.excerpt(found))\""
    case .unknownValue(let place, let key, let found, let allowed):
      "\(place): '\(key)' cannot be '\(PrintableText.excerpt(found))'\(NameSuggestion.sentence(for: found, among: allowed)); "
        + "allowed: \(allowed.joined(separator: ", "))"
    case .invalid(let file, let error):
      "\(file): \(error)"
    case .duplicateName(let name, let files):
      "the name '\(name)' is defined twice: \(files.joined(separator: " and ")); a file gives its format a name of its own"
    case .reservedName(let file, let name):
      "\(file): the name '\(name)' means a format by its parameters already (as int12, e5m10 or bfp8 do); choose another"
    case .unknownFormat(let place, let key, let found, let known):
      "\(place): '\(key)' names no format: '\(PrintableText.excerpt(found))'\(NameSuggestion.sentence(for: found, among: known)) "
        + "('binade formats list' shows all)"
    case .ambiguousFormat(let place, let key, let found, let meanings):
      "\(place): '\(key)' cannot be '\(found)', which names more than one format; "
        + "write \(meanings.map { "'\($0)'" }.joined(separator: " or "))"
    }
  }
}
