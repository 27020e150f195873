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

  /// The shapes of name that ``format(named:)`` understands, for messages: `sinh<n>_a<k>`.
  ///
  /// Default: none.
  static var patterns: [String] { get }

  /// Returns the format whose parameters `name` spells out; nil when it has none of the shapes.
  ///
  /// Names of the catalogue and of the families that ship with Binade go before. Throws ``FormatError`` when the shape
  /// is right and a number is not. Default: nil.
  static func format(named name: String) throws -> (any NumericFormat)?
}

extension FormatProvider {
  /// No formats but those of ``format(named:)``.
  public static var formats: [any NumericFormat] { [] }

  /// No shapes of name.
  public static var patterns: [String] { [] }

  /// No format by parameters.
  public static func format(named name: String) throws -> (any NumericFormat)? { nil }
}

/// All formats by name: definition files, formats given in code, and families named by their parameters.
public struct FormatCatalog: Sendable {
  /// Formats in the order of their names.
  public let formats: [any NumericFormat]
  /// Block formats in the order of their elements' widths and their names.
  public let blockFormats: [BlockFormat]
  let byName: [String: any NumericFormat]
  let providers: [any FormatProvider.Type]

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
    self.providers = providers
    formats = byName.values.sorted { Self.isOrdered($0.info, before: $1.info) }
    blockFormats = try Self.blockFormats(from: blocks, elements: byName, files: found.mapValues(\.origin))
  }

  /// The names of all formats of single elements.
  public var names: [String] { formats.map(\.name) }

  /// Returns the format called `name`.
  ///
  /// Four kinds of name are understood: one in the catalogue; an alias of one (``FormatAlias``); one that gives the
  /// parameters of a family (``ParametricFormat``, ``FormatProvider/format(named:)``); the path of a definition file,
  /// ending in `.yaml`.
  ///
  /// Throws ``BlockFormatNotElementwise`` for the name of a block format and ``AmbiguousFormatName`` for an alias of
  /// several formats.
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
    for provider in providers {
      if let format = try provider.format(named: name) { return format }
    }
    throw UnknownFormat(name: name, known: allNames)
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
    let order = FormatFamily.known
    func place(_ info: FormatInfo) -> (Int, String, Int, String) {
      // Families of packages come last, each by itself.
      (order.firstIndex(of: info.family) ?? order.count, info.family.rawValue, info.bitWidth, info.name)
    }
    return place(a) < place(b)
  }
}

/// A name that no format has.
public struct UnknownFormat: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was asked for.
  public let name: String
  /// What there is.
  public let known: [String]

  /// An alias but for its case, else the nearest name of a format, else the nearest alias.
  private var suggestion: String? {
    let aliases = FormatAlias.all.map(\.name)
    let plain = name.prefix(64).lowercased()
    return aliases.first { $0 == plain } ?? NameSuggestion.nearest(to: name, among: known)
      ?? NameSuggestion.nearest(to: name, among: aliases)
  }

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    "no format '\(name)'\(suggestion.map { "; did you mean '\($0)'?" } ?? "") "
      + "('binade formats list' shows all; a path to a .yaml file works too)"
  }
}
