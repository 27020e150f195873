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
  /// What is wrong with the definition files in folders that were left out.
  public let skipped: [FormatDefinitionError]
  let byName: [String: any NumericFormat]
  let providers: [any FormatProvider.Type]

  /// The formats that ship with Binade, those of `providers`, and the definition files in `folders`.
  ///
  /// A bad file in one of `folders` is left out, and so is one that would take the place of another format:
  /// ``skipped`` says why. Throws ``FormatDefinitionError`` for a folder that cannot be read, for two formats of one
  /// name in `providers`, and for a provider's format that has a shipped one's name.
  public init(providers: [any FormatProvider.Type] = [], folders: [URL] = [])
    throws(FormatDefinitionError)
  {
    var builder = try CatalogBuilder(providers: providers)
    try builder.add(folders: folders)
    byName = builder.elements
    self.providers = providers
    formats = byName.values.sorted { Self.isOrdered($0.info, before: $1.info) }
    blockFormats = builder.blocks.values.sorted {
      ($0.element.bitWidth, $0.name) < ($1.element.bitWidth, $1.name)
    }
    skipped = builder.skipped
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
    if let format = try ParametricFormat.format(named: name) { return format }
    for provider in providers {
      if let format = try provider.format(named: name) { return format }
    }
    throw UnknownFormat(name: name, known: allNames, skipped: skipped)
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
  /// The definition files that were left out; the format may be in one of them.
  public let skipped: [FormatDefinitionError]

  init(name: String, known: [String], skipped: [FormatDefinitionError] = []) {
    self.name = name
    self.known = known
    self.skipped = skipped
  }

  /// An alias but for its case, else the nearest name of a format, else the nearest alias.
  private var suggestion: String? {
    let aliases = FormatAlias.all.map(\.name)
    let plain = name.prefix(64).lowercased()
    return aliases.first { $0 == plain } ?? NameSuggestion.nearest(to: name, among: known)
      ?? NameSuggestion.nearest(to: name, among: aliases)
  }

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    let left = skipped.count == 1 ? "1 definition file was" : "\(skipped.count) definition files were"
    return "no format '\(PrintableText.excerpt(name))'\(suggestion.map { "; did you mean '\($0)'?" } ?? "") "
      + "('binade formats list' shows all; a path to a .yaml file works too)"
      + (skipped.first.map { "; \(left) left out, the first because \($0)" } ?? "")
  }
}
