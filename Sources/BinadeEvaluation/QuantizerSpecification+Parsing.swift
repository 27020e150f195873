import BinadeFormats
import BinadeNumerics
import BinadeQuantization

/// Why the text of a quantizer is not understood.
public enum SpecificationError: Error, Sendable, Hashable, CustomStringConvertible {
  case tooManyParts(text: String)
  case noPair(text: String)
  case unknownPart(kind: String, text: String, allowed: [String])

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .tooManyParts(let text):
      "'\(text)' has too many parts; expected FORMAT[:GRANULARITY[:CALIBRATION[:ROUNDING]]], or "
        + "FORMAT[:SCALES[:ROUNDING]] for block formats"
    case .noPair(let text):
      "'\(text)': expected FORMAT or WEIGHTS/ACTIVATIONS"
    case .unknownPart(let kind, let text, let allowed):
      "no \(kind) '\(text)'\(NameSuggestion.sentence(for: text, among: allowed)) "
        + "(allowed: \(allowed.joined(separator: ", ")))"
    }
  }
}

extension QuantizerSpecification {
  /// Reads `FORMAT[:GRANULARITY[:CALIBRATION[:ROUNDING]]]`, as in `int8:channel:max`, and `FORMAT[:SCALES[:ROUNDING]]` for
  /// block formats, as in `nvfp4:mse`.
  ///
  /// `granularity`: what holds when the text does not say.
  public init(parsing text: String, catalog: FormatCatalog, granularity: Granularity) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 4 else { throw SpecificationError.tooManyParts(text: text) }
    let format: any NumericFormat
    switch try catalog.entry(named: parts[0]) {
    case .block(let blocks):
      self = try Self.blocks(blocks, parts.dropFirst(), text: text)
      return
    case .element(let element): format = element
    }
    let isStochastic = parts.count > 3 && parts[3] == Self.stochastic
    self.init(
      format: format,
      granularity: parts.count > 1
        ? try Self.choice("granularity", parts[1]) : granularity,
      calibration: parts.count > 2 ? try Self.calibration(parts[2]) : MSECalibration(),
      rounding: parts.count > 3 && !isStochastic ? try Self.rounding(parts[3]) : .nearestEven
    )
    if isStochastic { words = RandomWords() }
  }

  /// Reads `FORMAT` for weights and activations, or `WEIGHTS/ACTIVATIONS`; scales are per channel and per tensor where the
  /// text does not say.
  public static func pair(parsing text: String, catalog: FormatCatalog) throws -> (
    weights: QuantizerSpecification, activations: QuantizerSpecification
  ) {
    // The path of a definition file has slashes of its own and stands for weights and activations.
    let isPath = text.contains(".yaml") || text.contains(".yml")
    let parts =
      isPath ? [text] : text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 1 || parts.count == 2 else { throw SpecificationError.noPair(text: text) }
    return (
      try QuantizerSpecification(parsing: parts[0], catalog: catalog, granularity: .channel),
      try QuantizerSpecification(parsing: parts[parts.count - 1], catalog: catalog, granularity: .tensor)
    )
  }

  /// What stands after the name of a block format: the rule for its powers of two (`floor`, ...), `max` for the rule that it
  /// has, or a search (`mse`, `four-over-six`); then the rounding.
  private static func blocks(_ format: BlockFormat, _ parts: ArraySlice<String>, text: String) throws -> Self
  {
    guard parts.count <= 2 else { throw SpecificationError.tooManyParts(text: text) }
    let name = parts.first ?? "max"
    guard let choice = BlockScaleChoice(name: name) else {
      throw SpecificationError.unknownPart(
        kind: "rule for scales of blocks",
        text: name,
        allowed: BlockScaleChoice.names
      )
    }
    let (format, search) = try choice.applied(to: format)
    return Self(
      blocks: format,
      search: search,
      rounding: parts.count > 1 ? try Self.choice("rounding", parts[parts.startIndex + 1]) : .nearestEven
    )
  }

  private static func rounding(_ name: String) throws -> RoundingRule {
    guard let rule = RoundingRule(rawValue: name) else {
      throw SpecificationError.unknownPart(
        kind: "rounding",
        text: name,
        allowed: RoundingRule.allCases.map(\.rawValue) + [stochastic]
      )
    }
    return rule
  }

  private static func calibration(_ name: String) throws -> any Calibration {
    guard let calibration = Calibrations.named(name) else {
      throw SpecificationError.unknownPart(
        kind: "calibration",
        text: name,
        allowed: Calibrations.names
      )
    }
    return calibration
  }

  private static func choice<T: RawRepresentable & CaseIterable>(_ kind: String, _ text: String)
    throws -> T where T.RawValue == String
  {
    guard let value = T(rawValue: text) else {
      throw SpecificationError.unknownPart(
        kind: kind,
        text: text,
        allowed: T.allCases.map(\.rawValue)
      )
    }
    return value
  }
}
