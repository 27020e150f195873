import BinadeFormatFiles
import BinadeNumerics
import Foundation

/// Formats that come from code instead of definition files.
///
/// A package lists its formats in a provider and passes it to the catalogue (or to
/// `BinadeCommand.main(providers:)`); they then work in every command.
public protocol FormatProvider: Sendable {
  /// The formats, with names of their own.
  static var formats: [any NumericFormat] { get }
}

/// All formats by name: definition files, formats given in code, and families named by their parameters.
public struct FormatCatalog: Sendable {
  /// Formats in the order of their names.
  public let formats: [any NumericFormat]
  /// Block formats in the order of their elements' widths and their names.
  public let blockFormats: [BlockFormat]
  private let byName: [String: any NumericFormat]

  /// The formats that ship with Binade, those of `providers`, and the definition files in `folders`.
  ///
  /// Throws ``FormatDefinitionError`` for a bad file and for a name defined twice.
  public init(providers: [any FormatProvider.Type] = [], folders: [URL] = [])
    throws(FormatDefinitionError)
  {
    var found: [String: (format: any NumericFormat, origin: String)] = [:]
    func add(_ format: any NumericFormat, from origin: String) throws(FormatDefinitionError) {
      if let other = found[format.name] {
        throw .duplicateName(name: format.name, files: [other.origin, origin])
      }
      found[format.name] = (format, origin)
    }
    var blocks: [DefinitionFields] = []
    for folder in [FormatFiles.folder] + folders {
      for file in try Self.definitionFiles(in: folder) {
        let fields = try FormatDefinitionReader.fields(contentsOf: file)
        if BlockDefinitionReader.isBlock(fields) {
          blocks.append(fields)
        } else {
          try add(try FormatDefinitionReader.format(from: fields), from: fields.file)
        }
      }
    }
    for provider in providers {
      for format in provider.formats { try add(format, from: "\(provider)") }
    }
    byName = found.mapValues(\.format)
    formats = byName.values.sorted { Self.isOrdered($0.info, before: $1.info) }
    blockFormats = try Self.blockFormats(from: blocks, elements: byName, files: found.mapValues(\.origin))
  }

  /// The names of all formats of single elements.
  public var names: [String] { formats.map(\.name) }

  /// Returns the format called `name`.
  ///
  /// Three kinds of name are understood: one in the catalogue; one that gives the parameters of a family
  /// (``ParametricFormat``); the path of a definition file, ending in `.yaml`.
  ///
  /// Throws ``BlockFormatNotElementwise`` for the name of a block format.
  public func format(named name: String) throws -> any NumericFormat {
    switch try entry(named: name) {
    case .element(let format): return format
    case .block(let format): throw BlockFormatNotElementwise(name: format.name)
    }
  }

  func elementFormat(named name: String) throws -> any NumericFormat {
    if let format = byName[name] { return format }
    if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
      let format = try FormatDefinitionReader.read(contentsOf: URL(filePath: name))
      if let known = byName[format.name], String(reflecting: known) != String(reflecting: format) {
        throw FormatDefinitionError.duplicateName(name: format.name, files: ["the catalogue", name])
      }
      return format
    }
    if let format = try ParametricFormat.format(named: name) { return format }
    throw UnknownFormat(name: name, known: names + blockFormats.map(\.name))
  }

  private static func definitionFiles(in folder: URL) throws(FormatDefinitionError) -> [URL] {
    do {
      return try FileManager.default.contentsOfDirectory(
        at: folder,
        includingPropertiesForKeys: nil
      ).filter { ["yaml", "yml"].contains($0.pathExtension) }
        .sorted { $0.lastPathComponent < $1.lastPathComponent }
    } catch {
      throw .unreadable(file: folder.relativePath, reason: "not a folder of definition files")
    }
  }

  private static func isOrdered(_ a: FormatInfo, before b: FormatInfo) -> Bool {
    let order = FormatFamily.allCases
    let (x, y) = (order.firstIndex(of: a.family) ?? 0, order.firstIndex(of: b.family) ?? 0)
    return (x, a.bitWidth, a.name) < (y, b.bitWidth, b.name)
  }
}

/// A name that no format has.
public struct UnknownFormat: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was asked for.
  public let name: String
  /// What there is.
  public let known: [String]

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    "no format '\(name)'\(NameSuggestion.sentence(for: name, among: known)) "
      + "('binade formats list' shows all; a path to a .yaml file works too)"
  }
}
