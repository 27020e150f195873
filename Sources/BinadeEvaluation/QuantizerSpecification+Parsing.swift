import BinadeFormats
import BinadeNumerics
import BinadeQuantization

/// Why the text of a quantizer is not understood.
public enum SpecificationError: Error, Sendable, Hashable, CustomStringConvertible {
  case tooManyParts(text: String)
  case unknownPart(kind: String, text: String, allowed: [String])

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .tooManyParts(let text):
      "'\(text)' has too many parts; expected FORMAT[:GRANULARITY[:CALIBRATION[:ROUNDING]]]"
    case .unknownPart(let kind, let text, let allowed):
      "no \(kind) '\(text)'\(NameSuggestion.sentence(for: text, among: allowed)) "
        + "(allowed: \(allowed.joined(separator: ", ")))"
    }
  }
}

extension QuantizerSpecification {
  /// Reads `FORMAT[:GRANULARITY[:CALIBRATION[:ROUNDING]]]`, as in `int8:channel:max`.
  ///
  /// `granularity`: what holds when the text does not say.
  public init(parsing text: String, catalog: FormatCatalog, granularity: Granularity) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 4 else { throw SpecificationError.tooManyParts(text: text) }
    self.init(
      format: try catalog.format(named: parts[0]),
      granularity: parts.count > 1
        ? try Self.choice("granularity", parts[1]) : granularity,
      calibration: parts.count > 2 ? try Self.calibration(parts[2]) : MSECalibration(),
      rounding: parts.count > 3 ? try Self.choice("rounding", parts[3]) : .nearestEven
    )
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
