import BinadeNumerics

/// The keys and values of one definition file, with the line of each.
struct DefinitionFields {
  typealias Place = FormatDefinitionError.Place

  let file: String
  private let document: DefinitionDocument
  private let values: [String: DefinitionDocument.Value]

  /// Bytes of a word: a family, a number, the name of a rule.
  private static let greatestWordLength = 400

  /// Parses one YAML document.
  init(yaml: String, file: String) throws(FormatDefinitionError) {
    self.file = file
    guard let document = try DefinitionDocument(yaml: yaml, file: file) else {
      throw .notAMapping(file: file)
    }
    self.document = document
    values = Dictionary(document.entries.map { ($0.key.text, $0.value) }) { first, _ in first }
  }

  /// Refuses keys outside `allowed`.
  func requireKeys(in allowed: [String]) throws(FormatDefinitionError) {
    for (key, _) in document.entries where !allowed.contains(key.text) {
      throw .unknownKey(place: Place(file: file, line: key.line), key: key.text, allowed: allowed)
    }
  }

  /// A word: one scalar, short enough to be shown.
  func text(_ key: String) throws(FormatDefinitionError) -> String {
    try line(key, limit: Self.greatestWordLength)
  }

  /// Text on one line of at most `limit` bytes, that a terminal shows as it is.
  func line(_ key: String, limit: Int) throws(FormatDefinitionError) -> String {
    let value = try value(key)
    func refused(_ expected: String, _ found: String) -> FormatDefinitionError {
      .wrongType(place: Place(file: file, line: value.line), key: key, expected: expected, found: found)
    }
    guard case .scalar(let scalar) = value else { throw refused("text", "a list or mapping") }
    guard scalar.text.utf8.count <= limit else {
      throw refused("text of at most \(limit) bytes", scalar.text)
    }
    if let fault = PrintableText.fault(in: scalar.text) {
      throw refused("text on one line that prints as it is, without \(fault)", scalar.text)
    }
    return scalar.text
  }

  /// The line of a key's value; line 1 when the key is absent.
  func place(of key: String) -> Place { Place(file: file, line: values[key]?.line ?? 1) }

  /// Whether the key is there.
  func has(_ key: String) -> Bool { values[key] != nil }

  private func value(_ key: String) throws(FormatDefinitionError) -> DefinitionDocument.Value {
    guard let value = values[key] else { throw .missingKey(file: file, key: key) }
    return value
  }

  func integer(_ key: String) throws(FormatDefinitionError) -> Int {
    let value = try value(key)
    guard case .scalar(let scalar) = value, let integer = DefinitionNumber.integer(scalar.text) else {
      throw .wrongType(place: place(of: key), key: key, expected: "an integer", found: Self.shown(value))
    }
    return integer
  }

  func optionalInteger(_ key: String) throws(FormatDefinitionError) -> Int? {
    has(key) ? try integer(key) : nil
  }

  func boolean(_ key: String, default fallback: Bool) throws(FormatDefinitionError) -> Bool {
    guard has(key) else { return fallback }
    let shown = Self.shown(try value(key))
    guard let value = ["true": true, "false": false][shown] else {
      throw .wrongType(place: place(of: key), key: key, expected: "true or false", found: shown)
    }
    return value
  }

  /// A list of numbers, decimal or hexadecimal; `.inf` and `.nan` are understood.
  func numbers(_ key: String) throws(FormatDefinitionError) -> [Double] {
    let value = try value(key)
    guard case .list(let scalars, _) = value else {
      throw .wrongType(
        place: Place(file: file, line: value.line),
        key: key,
        expected: "a list of numbers",
        found: Self.shown(value)
      )
    }
    var numbers: [Double] = []
    numbers.reserveCapacity(scalars.count)
    for scalar in scalars {
      guard let number = DefinitionNumber.real(scalar.text) else {
        throw .wrongType(
          place: Place(file: file, line: scalar.line),
          key: key,
          expected: "a list of numbers, decimal (-1.5e-3) or hexadecimal (0x1.8p-3), that a Double holds",
          found: scalar.text
        )
      }
      numbers.append(number)
    }
    return numbers
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
    guard has(key) else {
      guard let fallback else { throw .missingKey(file: file, key: key) }
      return fallback
    }
    let found = Self.shown(try value(key))
    guard let value = T(rawValue: found) else {
      throw .unknownValue(
        place: place(of: key),
        key: key,
        found: found,
        allowed: T.allCases.map(\.rawValue) + others
      )
    }
    return value
  }

  private static func shown(_ value: DefinitionDocument.Value) -> String {
    if case .scalar(let scalar) = value { scalar.text } else { "a list or mapping" }
  }
}
