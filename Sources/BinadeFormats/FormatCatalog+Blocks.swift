import BinadeNumerics
import Foundation

extension FormatCatalog {
  /// What a name stands for.
  public enum Entry: Sendable {
    /// A format whose elements stand alone.
    case element(any NumericFormat)
    /// A format whose elements share scales.
    case block(BlockFormat)
  }

  /// Returns what `name` stands for: the kinds of name that ``format(named:)`` understands, and those of block
  /// formats (``ParametricBlockFormat``).
  ///
  /// Throws ``AmbiguousFormatName`` for an alias of several formats.
  public func entry(named alias: String) throws -> Entry {
    let name = try canonicalName(of: alias)
    if let format = blockFormats.first(where: { $0.name == name }) { return .block(format) }
    if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
      let fields = try FormatDefinitionReader.fields(contentsOf: URL(filePath: name))
      if BlockDefinitionReader.isBlock(fields) {
        let format = try BlockDefinitionReader.format(
          from: fields,
          known: names,
          element: knownElement(named:)
        )
        let shipped = blockFormats.first { $0.name == format.name }
        guard
          shipped.map({ String(reflecting: $0) == String(reflecting: format) }) ?? !names.contains(
            format.name
          )
        else {
          throw FormatDefinitionError.duplicateName(name: format.name, files: ["the catalogue", name])
        }
        return .block(format)
      }
    }
    if byName[name] == nil, let format = try ParametricBlockFormat.format(named: name) {
      return .block(format)
    }
    return .element(try elementFormat(named: name))
  }

  /// Returns the block format called `name`.
  ///
  /// Throws ``UnknownFormat`` when there is none.
  public func blockFormat(named name: String) throws -> BlockFormat {
    guard case .block(let format) = try entry(named: name) else {
      throw UnknownFormat(name: name, known: blockFormats.map(\.name))
    }
    return format
  }

  private func knownElement(named name: String) throws(FormatError) -> (any NumericFormat)? {
    if let format = byName[name] { return format }
    return try ParametricFormat.format(named: name)
  }

  /// Builds the block formats of definition files, once their elements are known.
  ///
  /// `files`: where the names that are taken come from.
  static func blockFormats(
    from definitions: [DefinitionFields],
    elements: [String: any NumericFormat],
    files: [String: String]
  ) throws(FormatDefinitionError) -> [BlockFormat] {
    var files = files
    var blocks: [BlockFormat] = []
    for fields in definitions {
      let block = try BlockDefinitionReader.format(
        from: fields,
        known: Array(elements.keys)
      ) { (name) throws(FormatError) in
        if let format = elements[name] { return format }
        return try ParametricFormat.format(named: name)
      }
      if let other = files[block.name] {
        throw .duplicateName(name: block.name, files: [other, fields.file])
      }
      files[block.name] = fields.file
      blocks.append(block)
    }
    return blocks.sorted { ($0.element.bitWidth, $0.name) < ($1.element.bitWidth, $1.name) }
  }
}

/// A block format named where elements must stand alone.
public struct BlockFormatNotElementwise: Error, Sendable, Hashable, CustomStringConvertible {
  /// The block format.
  public let name: String

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    "'\(name)' is a block format: its elements share scales and have no codes of their own here; "
      + "'binade quantize', 'verify' and 'formats show' understand it"
  }
}
