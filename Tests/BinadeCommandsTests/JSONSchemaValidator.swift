/// The part of JSON Schema (draft 2020-12) that the schemas of Binade are written in: `type`, `const`, `enum`,
/// `properties`, `required`, `additionalProperties`, `items`, `minimum`, `maximum`, `anyOf`, and `$ref` to `#/$defs/NAME`.
///
/// A keyword that is none of these is a fault of the schema, not ignored: a slip must not make a schema accept more.
struct JSONSchemaValidator {
  private let root: JSONValue

  init(_ schema: JSONValue) { root = schema }

  /// What is wrong with `value`, a sentence each; empty when nothing is.
  func faults(in value: JSONValue) -> [String] { faults(value, root, at: "$") }

  private static let annotations: Set = ["$schema", "$id", "$defs", "title", "description"]

  private func faults(_ value: JSONValue, _ schema: JSONValue, at path: String) -> [String] {
    guard let keywords = schema.object else { return ["\(path): the schema is no object"] }
    return keywords.filter { !Self.annotations.contains($0.key) }.sorted { $0.key < $1.key }.flatMap {
      faults($0.key, $0.value, schema, value, at: path)
    }
  }

  private func faults(
    _ keyword: String,
    _ rule: JSONValue,
    _ schema: JSONValue,
    _ value: JSONValue,
    at path: String
  ) -> [String] {
    switch keyword {
    case "$ref":
      let name = rule.string?.replacing("#/$defs/", with: "") ?? ""
      guard let target = root["$defs"]?[name] else { return ["\(path): the schema has no $defs/\(name)"] }
      return faults(value, target, at: path)
    case "type":
      let allowed = rule.array?.compactMap(\.string) ?? [rule.string ?? ""]
      let fits = allowed.contains(value.type) || (value.type == "integer" && allowed.contains("number"))
      return fits ? [] : ["\(path): is \(value.type), not \(allowed.joined(separator: " or "))"]
    case "const": return value == rule ? [] : ["\(path): is not \(rule)"]
    case "enum":
      return rule.array?.contains(value) == true ? [] : ["\(path): \(value) is not among those allowed"]
    case "required":
      guard let object = value.object else { return [] }
      return (rule.array ?? []).compactMap(\.string).filter { object[$0] == nil }.map {
        "\(path): no '\($0)'"
      }
    case "properties":
      return (rule.object ?? [:]).flatMap { key, inner in
        value[key].map { faults($0, inner, at: "\(path).\(key)") } ?? []
      }
    case "additionalProperties":
      let others = (value.object ?? [:]).filter { schema["properties"]?[$0.key] == nil }
      if rule == .bool(false) { return others.keys.sorted().map { "\(path): '\($0)' is not in the schema" } }
      return others.flatMap { faults($0.value, rule, at: "\(path).\($0.key)") }
    case "items":
      return (value.array ?? []).enumerated().flatMap {
        faults($0.element, rule, at: "\(path)[\($0.offset)]")
      }
    case "minimum", "maximum":
      guard let number = value.number, let limit = rule.number else { return [] }
      let holds = keyword == "minimum" ? number >= limit : number <= limit
      return holds ? [] : ["\(path): \(number) is beyond the \(keyword) \(limit)"]
    case "anyOf":
      let branches = (rule.array ?? []).map { faults(value, $0, at: path) }
      guard !branches.contains(where: \.isEmpty) else { return [] }
      return [
        "\(path): fits none of \(branches.count): " + branches.compactMap(\.first).joined(separator: " / ")
      ]
    default: return ["\(path): the schema says '\(keyword)', which this validator does not know"]
    }
  }
}
