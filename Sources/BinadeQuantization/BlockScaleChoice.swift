import BinadeNumerics

/// How the scales of blocks are found, by name: a rule for shared powers of two, or a search.
public enum BlockScaleChoice: Sendable, Hashable {
  /// From the greatest magnitude, as the format says: `max`.
  case greatest
  /// From the greatest magnitude by another rule: `floor`, `ceil`, `rceil`, `even`.
  case rule(ScaleRule)
  /// By the error: `mse`, `four-over-six`.
  case search(BlockScaleSearch)

  /// Reads a name.
  public init?(name: String) {
    if name == "max" {
      self = .greatest
    } else if let rule = ScaleRule(rawValue: name) {
      self = .rule(rule)
    } else if let search = BlockScaleSearch(rawValue: name), search != .none {
      self = .search(search)
    } else {
      return nil
    }
  }

  /// All names.
  public static let names =
    ["max"] + ScaleRule.allCases.map(\.rawValue)
    + BlockScaleSearch.allCases.filter { $0 != .none }.map(\.rawValue)

  /// The format with the rule, and the search.
  ///
  /// Throws where the format has no shared power of two or a search is not for its elements.
  public func applied(to format: BlockFormat) throws(FormatError) -> (
    format: BlockFormat, search: BlockScaleSearch
  ) {
    switch self {
    case .greatest: return (format, .none)
    case .rule(let rule): return (try format.replacing(scaleRule: rule), .none)
    case .search(let search):
      try search.check(format)
      return (format, search)
    }
  }
}
