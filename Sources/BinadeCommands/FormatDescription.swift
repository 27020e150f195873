import Binade
import Foundation

/// The page of a format with all that is derived from its values, as text and as data.
struct FormatDescription: Encodable {
  let facts: FormatFacts
  private let page: FormatPage
  private let format: any NumericFormat
  private let hasCodes: Bool

  init(_ format: any NumericFormat, aliases: [String], hasCodes: Bool) throws {
    self.format = format
    self.hasCodes = hasCodes
    page = try FormatPage(format, aliases: aliases)
    facts = try FormatFacts(of: format)
  }

  /// Limits, derived numbers, values per binade, number lines and codes.
  var text: String {
    get throws {
      let description = try FormatDescriptionText(format, facts)
      var parts = [page.text + "\n" + description.numbers]
      if let sides = description.sides { parts.append(sides) }
      parts += [description.binades, description.numberLine]
      if hasCodes { parts.append("codes\n" + page.codeTable) }
      return parts.joined(separator: "\n\n")
    }
  }

  /// A value that JSON may have no number for.
  private struct CodeValue: Encodable {
    let value: Double

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      if value.isFinite {
        try container.encode(value)
      } else {
        try container.encode(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
      }
    }
  }

  private enum CodingKeys: String, CodingKey { case values }

  /// The facts of the page and the derived ones side by side; `values` in the order of the codes.
  func encode(to encoder: any Encoder) throws {
    try page.facts.encode(to: encoder)
    try facts.encode(to: encoder)
    guard hasCodes else { return }
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(format.codes.map { CodeValue(value: format.decode(UInt32($0))) }, forKey: .values)
  }
}
