import Binade
import Foundation

/// What is known of a block format.
struct BlockFormatPage {
  /// The facts as data.
  struct Facts: Encodable {
    let name: String
    let aliases: [String]
    let family: String
    let element: String
    let elementBitWidth: Int
    let blockLength: Int
    let scale: String
    let scaleBitWidth: Int
    let scaleRule: String?
    let outerScale: String
    let bitsPerElement: Double
    let greatestElement: Double
    let source: String
  }

  let facts: Facts

  /// `aliases`: other names that stand for the format.
  init(_ format: BlockFormat, aliases: [String]) {
    facts = Facts(
      name: format.name,
      aliases: aliases,
      family: "block",
      element: format.element.name,
      elementBitWidth: format.element.bitWidth,
      blockLength: format.blockLength,
      scale: format.scale.formatName,
      scaleBitWidth: format.scale.bitWidth,
      scaleRule: format.scale.rule?.rawValue,
      outerScale: format.scale.outer.rawValue,
      bitsPerElement: format.bitsPerElement,
      greatestElement: format.greatestElement,
      source: format.source
    )
  }

  /// How the scale is found, in short.
  var scaleText: String {
    let rule = facts.scaleRule.map { ", \($0)" } ?? ""
    let outer = facts.outerScale == "none" ? "" : ", and a float32 for each \(facts.outerScale)"
    return facts.scale + rule + outer
  }

  /// The other names; nothing where there are none.
  private var aliasLine: String {
    facts.aliases.isEmpty ? "" : "\n  also called          " + facts.aliases.joined(separator: ", ")
  }

  var text: String {
    """
    \(facts.name)\(aliasLine)
      family               block
      element              \(facts.element), \(facts.elementBitWidth) bits, greatest value \(facts.greatestElement)
      block                \(facts.blockLength) elements along the last axis
      scale                \(scaleText)
      bits per element     \(String(format: "%.6g", facts.bitsPerElement)), the block's scale among them
      source               \(facts.source.visible())
    """
  }
}

/// A line of `formats list --json`.
enum ListedFacts: Encodable {
  case element(FormatPage.Facts)
  case block(BlockFormatPage.Facts)

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .element(let facts): try facts.encode(to: encoder)
    case .block(let facts): try facts.encode(to: encoder)
    }
  }
}
