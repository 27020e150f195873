import BinadeNumerics

/// The dialects a second time, as the table reads.
enum DialectOracle {
  enum Event { case overflow, infinity }

  /// Columns: with infinities; NaN and -0; NaN without -0; neither; below an unsigned format.
  private static let table: [Dialect: String] = [
    .ocpSat: "max/max max/max max/max max/max max/max",
    .ocpNoSat: "inf/inf nan/nan nan/nan max/max nan/nan",
    .mlDtypes: "inf/inf nan/nan nan/nan max/max nan/nan",
    .torch: "inf/inf max/max nan/nan max/max nan/nan",
    .onnxSat: "max/max max/max max/nan max/max max/max",
    .onnxNoSat: "inf/inf nan/nan nan/nan max/max nan/nan",
    .p3109SatFinite: "max/max max/max max/max max/max max/max",
    .p3109SatPropagate: "max/inf max/max max/max max/max max/max",
    .p3109SatNone: "inf/inf max/max max/max max/max nan/nan",
  ]

  static func code(
    _ dialect: Dialect,
    _ event: Event,
    _ isNegative: Bool,
    _ ladder: any OracleLadder
  ) -> UInt32 {
    let specials = ladder.specials
    let isUnsigned = ladder.least.value.sign >= 0
    let column: Int
    if isNegative && isUnsigned {
      column = 4
    } else if specials.positiveInfinity != nil {
      column = 0
    } else if specials.nan == nil {
      column = 3
    } else {
      column = specials.negativeZero != nil ? 1 : isUnsigned && dialect == .onnxSat ? 1 : 2
    }
    let cell = (table[dialect] ?? "").split(separator: " ")[column].split(separator: "/")
    switch cell[event == .overflow ? 0 : 1] {
    case "inf": return (isNegative ? specials.negativeInfinity : specials.positiveInfinity) ?? 0
    case "nan": return specials.nan ?? extreme(isNegative, ladder)
    default: return extreme(isNegative, ladder)
    }
  }

  /// The extreme value of one side; -0 where zero is the least value and has a sign.
  static func extreme(_ isNegative: Bool, _ ladder: any OracleLadder) -> UInt32 {
    guard isNegative else { return ladder.greatest.code }
    let isZero = ladder.least.value.isZero
    return isZero ? ladder.specials.negativeZero ?? ladder.least.code : ladder.least.code
  }
}
