import BinadeNumerics

extension FormatCatalog {
  /// The names of all formats, of single elements and of blocks.
  public var allNames: [String] { names + blockFormats.map(\.name) }

  /// The shapes of name that spell out parameters: those that ship with Binade, then those of providers.
  public var patterns: [String] {
    ParametricFormat.patterns + ParametricBlockFormat.patterns + providers.flatMap { $0.patterns }
  }

  /// The aliases that stand for `format` alone, in the order of the table.
  ///
  /// A format of one's own that is called like an alias takes the name: it is no alias then.
  public func aliases(of format: String) -> [String] {
    FormatAlias.all.filter { $0.meanings == [format] && !isTaken($0.name) }.map(\.name)
  }

  /// The names that stand for more than one format, which nobody may leave open.
  public var ambiguousNames: [FormatAlias] {
    FormatAlias.all.filter { $0.isAmbiguous && !isTaken($0.name) }
  }

  /// Returns the name in the catalogue that `name` stands for: itself, unless it is an alias.
  ///
  /// Throws ``AmbiguousFormatName`` for an alias of several formats.
  public func canonicalName(of name: String) throws -> String {
    guard let alias = FormatAlias.named(name), !isTaken(name) else { return name }
    guard alias.isAmbiguous else { return alias.meanings[0] }
    throw AmbiguousFormatName(
      name: name,
      meanings: try alias.meanings.map { .init(name: $0, remark: try remark(on: $0)) }
    )
  }

  private func isTaken(_ name: String) -> Bool {
    byName[name] != nil || blockFormats.contains { $0.name == name }
  }

  /// What tells a format from its namesakes: its greatest value and its infinities, or the elements of its blocks.
  private func remark(on name: String) throws -> String {
    if let block = blockFormats.first(where: { $0.name == name }) {
      return "blocks of \(block.element.name)"
    }
    guard let format = byName[name] else { return "not in the catalogue" }
    let limits = try FormatLimits(of: format)
    let greatest = limits.greatestFiniteMagnitude
    let text = greatest == greatest.rounded() && greatest < 1e6 ? "\(Int(greatest))" : "\(greatest)"
    return "greatest \(text), \(limits.specials.positiveInfinity == nil ? "no infinities" : "infinities")"
  }
}
