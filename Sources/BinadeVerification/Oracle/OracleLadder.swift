import BinadeNumerics

/// A value of a format as MPFR holds it.
struct OracleRung {
  let code: UInt32
  let value: MPFRNumber
}

/// The values of a format, worked out from its parameters by MPFR; nothing here calls the format's own code
/// except for formats that are defined by it.
protocol OracleLadder {
  var least: OracleRung { get }
  var greatest: OracleRung { get }
  /// What would come before the least and after the greatest value.
  var beforeLeast: MPFRNumber { get }
  var afterGreatest: MPFRNumber { get }
  var specials: SpecialCodes { get }
  /// Bits that hold the sum of any two neighbours exactly (or, if they are irrational, closely enough that no
  /// Double lies between the true sum and this one).
  var precision: Int { get }

  /// The neighbours of a number within the range; both the same when it is a value.
  func neighbours(of value: MPFRNumber) -> (lower: OracleRung, upper: OracleRung)

  /// Twice the point where rounding to nearest switches.
  func twiceBoundary(_ lower: OracleRung, _ upper: OracleRung) -> MPFRNumber

  /// The value that `code` stands for; NaN and infinities as Doubles.
  func meaning(of code: UInt32) -> OracleMeaning

  /// Codes around which to test, ascending in value; all of them when there are at most 65,536.
  var rungsToTest: [OracleRung] { get }
}

/// What a code stands for.
enum OracleMeaning {
  case finite(MPFRNumber, isNegativeZero: Bool)
  case infinity(isNegative: Bool)
  case nan
}

extension OracleLadder {
  func twiceBoundary(_ lower: OracleRung, _ upper: OracleRung) -> MPFRNumber {
    .sum(lower.value, upper.value, precision: precision)
  }
}
