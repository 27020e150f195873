/// The limits of a format, derived from its values.
public struct FormatLimits: Sendable, Hashable {
  /// The value closest to minus infinity.
  public let least: Double
  /// The greatest finite value.
  public let greatestFiniteMagnitude: Double
  /// The least magnitude above zero.
  public let leastNonzeroMagnitude: Double
  /// The least value above 1 minus 1; nil when 1 is not a value or has none above it.
  public let ulpOfOne: Double?
  /// Finite values, zero counted once; nil for formats of more than 16 bits.
  public let finiteValueCount: Int?
  /// Codes of zeros, infinities and the canonical NaN.
  public let specials: SpecialCodes

  /// Derives the limits of `format`.
  public init(of format: any NumericFormat) throws(FormatError) {
    let ladder = try format.makeLadder()
    guard ladder.greatest.value.isFinite, format.decode(ladder.greatest.code).isFinite,
      !Self.reachesBelowDouble(format)
    else {
      throw .invalidParameter(
        format: format.name,
        parameter: "magnitudes",
        found: "beyond those of Double",
        allowed: "2^-1022 to 2^1023 for limits and arithmetic; encoding and decoding work"
      )
    }
    least = ladder.least.value
    greatestFiniteMagnitude = max(abs(ladder.least.value), abs(ladder.greatest.value))
    specials = ladder.specials
    finiteValueCount = (ladder as? EnumeratedLadder)?.rungs.count
    leastNonzeroMagnitude = Self.leastMagnitude(ladder)
    ulpOfOne = Self.ulp(ladder, at: 1)
  }

  private static func reachesBelowDouble(_ format: any NumericFormat) -> Bool {
    (format as? BinaryFloatFormat).map { 1 - $0.exponentBias - $0.significandBitCount < -1022 } ?? false
  }

  private static func leastMagnitude(_ ladder: any Ladder) -> Double {
    if let enumerated = ladder as? EnumeratedLadder {
      return enumerated.rungs.lazy.map { abs($0.value) }.filter { $0 > 0 }.min() ?? 0
    }
    return ladder.neighbours(of: Double.leastNormalMagnitude).upper.value
  }

  private static func ulp(_ ladder: any Ladder, at value: Double) -> Double? {
    guard ladder.least.value <= value, value < ladder.greatest.value else { return nil }
    let here = ladder.neighbours(of: value)
    guard here.lower.code == here.upper.code else { return nil }
    return ladder.neighbours(of: value.nextUp).upper.value - value
  }
}
