import BinadeNumerics
import Foundation

extension FormatCatalog {
  /// Returns what `name` stands for: the kinds of name that ``format(named:)`` understands, and those of block
  /// formats (``ParametricBlockFormat``).
  ///
  /// Throws ``AmbiguousFormatName`` for an alias of several formats.
  public func entry(named alias: String) throws -> TensorFormat {
    let name = try canonicalName(of: alias)
    if let format = blockFormats.first(where: { $0.name == name }) { return .block(format) }
    if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
      return try entry(definedIn: URL(filePath: name))
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

  /// Reads a definition file; its name must be its own, or the format the one that has it.
  private func entry(definedIn url: URL) throws(FormatDefinitionError) -> TensorFormat {
    let fields = try FormatDefinitionReader.fields(contentsOf: url)
    let entry: TensorFormat
    if BlockDefinitionReader.isBlock(fields) {
      entry = .block(
        try BlockDefinitionReader.format(
          from: fields,
          known: names
        ) { (name) throws(FormatError) in
          if let format = byName[name] { return format }
          return try ParametricFormat.format(named: name)
        }
      )
    } else {
      entry = .element(try FormatDefinitionReader.format(from: fields))
    }
    let known =
      byName[entry.name].map { TensorFormat.element($0) }
      ?? blockFormats.first { $0.name == entry.name }.map { TensorFormat.block($0) }
    _ = try CatalogBuilder.isNew(entry, beside: known, from: "the catalogue", file: fields.file)
    return entry
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
