import BinadeFormats
import BinadeKernels
import BinadeNumerics

extension AccumulatorFormat {
  /// Reads `FORMAT[:OVERFLOW][:ROUNDING]`, as in `q15.16:wrap`, `int32:saturate` or `bfloat16:towardZero`.
  ///
  /// Besides the catalogue's formats there are integers and fixed point of up to 62 bits: `int24`, `uint32`, `q31.16`.
  public init(parsing text: String, catalog: FormatCatalog) throws {
    let name = try AccumulatorText(text)
    self = try name.accumulator(
      catalog,
      policy: ConversionPolicy(rounding: name.rounding ?? .nearestEven, overflow: name.overflow ?? .ieee)
    )
  }
}

/// The parts of an accumulator's name.
public struct AccumulatorText: Sendable, Hashable {
  /// The format.
  public let formatName: String
  /// What was said about overflow; nil for nothing.
  public private(set) var overflow: OverflowRule?
  /// What was said about rounding; nil for nothing.
  public private(set) var rounding: RoundingRule?

  /// Takes `FORMAT[:OVERFLOW][:ROUNDING]` apart.
  ///
  /// Throws ``SpecificationError`` for parts that are neither.
  public init(_ text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    formatName = parts[0]
    for part in parts.dropFirst() {
      if overflow == nil, let rule = OverflowRule(rawValue: part) {
        overflow = rule
      } else if rounding == nil, let rule = RoundingRule(rawValue: part) {
        rounding = rule
      } else {
        throw SpecificationError.unknownPart(
          kind: "overflow or rounding of accumulator '\(formatName)'",
          text: part,
          allowed: OverflowRule.allCases.map(\.rawValue) + RoundingRule.allCases.map(\.rawValue)
        )
      }
    }
  }

  /// The accumulator that is named: an integer or fixed point of more bits than the catalogue's, or one of its formats.
  ///
  /// `policy`: all that the accumulator does, whatever the text says.
  public func accumulator(_ catalog: FormatCatalog, policy: ConversionPolicy) throws -> AccumulatorFormat {
    guard let wide = try wide else {
      return try AccumulatorFormat(catalog.format(named: formatName), policy: policy)
    }
    guard wide.bitWidth <= 32 else { return try AccumulatorFormat(wide, policy: policy) }
    // With codes, as the catalogue's are.
    let format = try FixedPointFormat(
      info: FormatInfo(
        name: formatName,
        bitWidth: wide.bitWidth,
        family: .fixedPoint,
        source: wide.isSigned ? "two's complement integer" : "unsigned integer"
      ),
      isSigned: wide.isSigned,
      integerBitCount: wide.bitWidth - (wide.isSigned ? 1 : 0),
      fractionBitCount: 0
    )
    return try AccumulatorFormat(format, policy: policy)
  }

  private var wide: WideFixedPoint? {
    get throws {
      if let match = formatName.wholeMatch(of: /(u?)int(\d{1,3})/), let width = Int(match.2), width > 16 {
        return try WideFixedPoint(
          name: formatName,
          isSigned: match.1.isEmpty,
          bitWidth: width,
          fractionBitCount: 0
        )
      }
      if let match = formatName.wholeMatch(of: /(u?)q(\d{1,3})\.(\d{1,3})/), let whole = Int(match.2),
        let fraction = Int(match.3)
      {
        let width = (match.1.isEmpty ? 1 : 0) + whole + fraction
        guard width > 32 else { return nil }
        return try WideFixedPoint(
          name: formatName,
          isSigned: match.1.isEmpty,
          bitWidth: width,
          fractionBitCount: fraction
        )
      }
      return nil
    }
  }
}
