import BinadeNumerics
import Yams

/// The keys and values of one definition file, with the line of each.
struct DefinitionFields {
  typealias Place = FormatDefinitionError.Place

  let file: String
  private let mapping: Node.Mapping

  /// Parses one YAML document.
  init(yaml: String, file: String) throws(FormatDefinitionError) {
    self.file = file
    let node: Node?
    do {
      node = try Yams.compose(yaml: yaml)
    } catch let error as YamlError {
      throw .notYAML(place: Self.place(of: error, file: file), reason: Self.reason(of: error))
    } catch {
      throw .notYAML(place: Place(file: file, line: 1), reason: "\(error)")
    }
    guard case .mapping(let mapping)? = node else { throw .notAMapping(file: file) }
    self.mapping = mapping
  }

  /// Refuses keys outside `allowed`.
  func requireKeys(in allowed: [String]) throws(FormatDefinitionError) {
    for (key, _) in mapping {
      let name = key.string ?? "?"
      guard allowed.contains(name) else {
        throw .unknownKey(place: place(of: key), key: name, allowed: allowed)
      }
    }
  }

  func text(_ key: String) throws(FormatDefinitionError) -> String {
    guard let node = mapping[key] else { throw .missingKey(file: file, key: key) }
    guard let text = node.string else {
      throw .wrongType(
        place: place(of: node),
        key: key,
        expected: "text",
        found: "a list or mapping"
      )
    }
    return text
  }

  /// The line of a key's value; line 1 when the key is absent.
  func place(of key: String) -> Place {
    mapping[key].map { place(of: $0) } ?? Place(file: file, line: 1)
  }

  /// Whether the key is there.
  func has(_ key: String) -> Bool { mapping[key] != nil }

  func integer(_ key: String) throws(FormatDefinitionError) -> Int {
    guard let node = mapping[key] else { throw .missingKey(file: file, key: key) }
    // YAML 1.1 reads 1:30 as a number to base 60; nobody means that here.
    guard node.string?.contains(":") != true, let value = node.int else {
      throw .wrongType(
        place: place(of: node),
        key: key,
        expected: "an integer",
        found: Self.shown(node)
      )
    }
    return value
  }

  func optionalInteger(_ key: String) throws(FormatDefinitionError) -> Int? {
    mapping[key] == nil ? nil : try integer(key)
  }

  func boolean(_ key: String, default fallback: Bool) throws(FormatDefinitionError) -> Bool {
    guard let node = mapping[key] else { return fallback }
    guard let value = node.bool else {
      throw .wrongType(
        place: place(of: node),
        key: key,
        expected: "true or false",
        found: Self.shown(node)
      )
    }
    return value
  }

  /// A list of numbers; `.inf`, `.nan` and hexadecimal integers are understood.
  func numbers(_ key: String) throws(FormatDefinitionError) -> [Double] {
    guard let node = mapping[key] else { throw .missingKey(file: file, key: key) }
    guard case .sequence(let sequence) = node else {
      throw .wrongType(
        place: place(of: node),
        key: key,
        expected: "a list of numbers",
        found: Self.shown(node)
      )
    }
    var values: [Double] = []
    for element in sequence {
      guard let value = element.float ?? element.int.map(Double.init) else {
        throw .wrongType(
          place: place(of: element),
          key: key,
          expected: "a list of numbers",
          found: Self.shown(element)
        )
      }
      values.append(value)
    }
    return values
  }

  /// One of the cases of `type`, by raw value; `fallback` when the key is absent.
  ///
  /// `others`: what else a file may say there, for the message; the caller has looked for it already.
  func choice<T: RawRepresentable & CaseIterable>(
    _ key: String,
    default fallback: T? = nil,
    of type: T.Type = T.self,
    others: [String] = []
  ) throws(FormatDefinitionError) -> T where T.RawValue == String {
    guard let node = mapping[key] else {
      guard let fallback else { throw .missingKey(file: file, key: key) }
      return fallback
    }
    let found = Self.shown(node)
    guard let value = T(rawValue: found) else {
      throw .unknownValue(
        place: place(of: node),
        key: key,
        found: found,
        allowed: T.allCases.map(\.rawValue) + others
      )
    }
    return value
  }

  private func place(of node: Node) -> Place {
    Place(file: file, line: node.mark?.line ?? 1)
  }

  private static func shown(_ node: Node) -> String {
    node.string ?? "a list or mapping"
  }

  private static func place(of error: YamlError, file: String) -> Place {
    switch error {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
      Place(file: file, line: mark.line)
    default:
      Place(file: file, line: 1)
    }
  }

  private static func reason(of error: YamlError) -> String {
    switch error {
    case .scanner(_, let problem, _, _), .parser(_, let problem, _, _),
      .composer(_, let problem, _, _):
      problem
    default:
      "the document cannot be parsed"
    }
  }
}
