import Foundation

/// The documents that commands print with `--json`, each with a schema of its name under Documentation/schemas.
///
/// Every document is an object with `schemaVersion` and `document`; what used to be an array is a list in it.
enum JSONDocument: String, CaseIterable {
  case formats, format, formatDescription, dialects, comparison, evaluation, explanation, verification
  case stochasticVerification, certificates, audit, cost, benchmark, training
  case studies, significance, dominance, assignment

  /// Grows when a key goes, changes its name, its type or its meaning; not when one is added.
  static let schemaVersion = 1

  /// The key of the list in a document that is one.
  private var listKey: String {
    switch self {
    case .formats: "formats"
    case .dialects: "dialects"
    case .comparison: "results"
    case .certificates: "certificates"
    case .studies: "studies"
    case .significance: "tests"
    case .dominance: "comparisons"
    default: "checks"
    }
  }

  /// The text of a document whose keys are those of `body`.
  func text(_ body: some Encodable) throws -> String {
    try JSONText.encode(Object(kind: self, body: body))
  }

  /// The text of a document that is a list.
  func text(list: [some Encodable]) throws -> String {
    try JSONText.encode(List(kind: self, list: list))
  }

  private enum HeadKeys: String, CodingKey { case schemaVersion, document }

  private func encodeHead(to encoder: any Encoder) throws {
    var head = encoder.container(keyedBy: HeadKeys.self)
    try head.encode(Self.schemaVersion, forKey: .schemaVersion)
    try head.encode(rawValue, forKey: .document)
  }

  private struct Object<Body: Encodable>: Encodable {
    let kind: JSONDocument
    let body: Body

    func encode(to encoder: any Encoder) throws {
      try kind.encodeHead(to: encoder)
      try body.encode(to: encoder)
    }
  }

  private struct List<Element: Encodable>: Encodable {
    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { return nil }
    }

    let kind: JSONDocument
    let list: [Element]

    func encode(to encoder: any Encoder) throws {
      try kind.encodeHead(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(list, forKey: Key(stringValue: kind.listKey))
    }
  }
}
