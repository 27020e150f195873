import BinadeNumerics

/// Formats named by the parameters of their family; they need no definition file.
///
/// | name             | meaning                                                          |
/// |------------------|------------------------------------------------------------------|
/// | `int12`, `uint3` | integers of 1 to 16 bits, two's complement or unsigned           |
/// | `int5_narrow`    | without the most negative code                                   |
/// | `int4_midrise`   | odd integers without zero: -15 to 15, a mid-rise quantizer       |
/// | `q3.4`, `uq4.4`  | fixed point: (sign,) integer bits, fraction bits                 |
/// | `sm1.6`          | sign and magnitude: sign, 1 integer bit, 6 fraction bits         |
/// | `lns4.3`         | logarithmic: sign, exponent of 4 integer and 3 fraction bits     |
/// | `posit8`         | posit of the 2022 standard (es = 2), 3 to 32 bits                |
/// | `posit16_es1`    | posit with another es                                            |
/// | `takum12`        | logarithmic takum, 6 to 32 bits; `takum_linear12` the linear one |
/// | `e5m10`          | IEEE-like float of 5 exponent and 10 stored significand bits     |
/// | `binary8p4se`    | IEEE P3109: 8 bits, precision 4, signed or unsigned (s, u), extended or finite (e, f) |
public enum ParametricFormat {
  /// The shapes of name understood, for messages.
  public static let patterns = [
    "int<n>", "uint<n>", "int<n>_narrow", "int<n>_midrise", "q<i>.<f>", "uq<i>.<f>", "sm<i>.<f>",
    "lns<i>.<f>",
    "posit<n>", "posit<n>_es<k>", "takum<n>", "takum_linear<n>", "e<X>m<Y>", "binary<K>p<P>{s|u}{e|f}",
  ]

  /// Returns the format that `name` describes; nil when it has none of the shapes.
  ///
  /// Throws ``FormatError`` when the shape is right and a number is not.
  public static func format(named name: String) throws(FormatError) -> (any NumericFormat)? {
    if let match = name.wholeMatch(of: /(u?)int(\d{1,3})(_narrow|_midrise)?/) {
      return try integer(name, match.1.isEmpty, number(match.2), range(match.3))
    }
    if let match = name.wholeMatch(of: /(u?)q(\d{1,3})\.(\d{1,3})/) {
      return try fixed(name, match.1.isEmpty, number(match.2), number(match.3))
    }
    if let match = name.wholeMatch(of: /sm(\d{1,3})\.(\d{1,3})/) {
      return try signMagnitude(name, number(match.1), number(match.2))
    }
    if let match = name.wholeMatch(of: /lns(\d{1,3})\.(\d{1,3})/) {
      return try LogarithmicFormat(
        info: info(name, .logarithmic, "logarithmic family, \(name)"),
        integerBitCount: number(match.1),
        fractionBitCount: number(match.2)
      )
    }
    if let match = name.wholeMatch(of: /posit(\d{1,3})(?:_es(\d{1,3}))?/) {
      return try posit(name, number(match.1), match.2.map { number($0) } ?? 2)
    }
    if let match = name.wholeMatch(of: /takum(_linear)?(\d{1,3})/) {
      return try TakumFormat(
        info: info(name, .takum, takumSource, bitWidth: number(match.2)),
        kind: match.1 == nil ? .logarithmic : .linear
      )
    }
    if let match = name.wholeMatch(of: /e(\d{1,3})m(\d{1,3})/) {
      return try BinaryFloatFormat(
        info: info(name, .binaryFloat, "IEEE 754-2019 section 3 with other widths, \(name)"),
        exponentBitCount: number(match.1),
        significandBitCount: number(match.2),
        specialValues: .ieee
      )
    }
    if let match = name.wholeMatch(of: /binary(\d{1,3})p(\d{1,3})(s|u)(e|f)/) {
      let (isSigned, isExtended) = (match.3 == "s", match.4 == "e")
      return try p3109(name, number(match.1), number(match.2), isSigned, isExtended)
    }
    return nil
  }

  /// The names of all formats of IEEE P3109 of 3 to `greatestWidth` bits.
  public static func p3109Names(upTo greatestWidth: Int) -> [String] {
    (3...max(3, greatestWidth)).flatMap { width in
      ["s", "u"].flatMap { sign in
        (1...(sign == "s" ? width - 1 : width)).flatMap { precision in
          ["e", "f"].map { "binary\(width)p\(precision)\(sign)\($0)" }
        }
      }
    }
  }

  private static let takumSource =
    "Hunhold, Beating Posits at Their Own Game: Takum Arithmetic, CoNGA 2024"

  /// At most three digits: cannot overflow.
  private static func number(_ digits: Substring) -> Int { Int(digits) ?? 0 }

  private static func info(
    _ name: String,
    _ family: FormatFamily,
    _ source: String,
    bitWidth: Int = 0
  ) -> FormatInfo {
    FormatInfo(name: name, bitWidth: bitWidth, family: family, source: source)
  }

  private static func range(_ suffix: Substring?) -> IntegerFormat.Range {
    suffix.flatMap { IntegerFormat.Range(rawValue: String($0.dropFirst())) } ?? .full
  }

  private static func integer(
    _ name: String,
    _ isSigned: Bool,
    _ width: Int,
    _ range: IntegerFormat.Range
  ) throws(FormatError) -> any NumericFormat {
    try IntegerFormat(
      info: info(
        name,
        .integer,
        range == .midrise
          ? "Zhou et al., DoReFa-Net, 2016: 2q - 1 of levels q from 0 to 1, times their number less 1"
          : isSigned ? "two's complement integer" : "unsigned integer",
        bitWidth: width
      ),
      isSigned: isSigned,
      range: range
    )
  }

  private static func posit(_ name: String, _ width: Int, _ es: Int) throws(FormatError)
    -> any NumericFormat
  {
    try PositFormat(
      info: info(
        name,
        .posit,
        es == 2
          ? "Posit Working Group, Standard for Posit Arithmetic, 2022"
          : "Gustafson and Yonemoto, Beating Floating Point at its Own Game, 2017, es = \(es)",
        bitWidth: width
      ),
      exponentBitCount: es
    )
  }

  /// Fixed point with a sign of its own is a float with one exponent bit: of the same step with and without it.
  private static func signMagnitude(_ name: String, _ i: Int, _ f: Int) throws(FormatError)
    -> any NumericFormat
  {
    guard (2...16).contains(1 + i + f) else {
      throw .invalidParameter(
        format: name,
        parameter: "bit width",
        found: "\(1 + i + f)",
        allowed: "2 to 16"
      )
    }
    var info = info(name, .binaryFloat, "sign and magnitude, an integer of \(i + f) bits times 2^-\(f)")
    info.scaling = .powerOfTwo
    return try BinaryFloatFormat(
      info: info,
      exponentBitCount: 1,
      significandBitCount: i + f - 1,
      exponentBias: 2 - i,
      specialValues: .finite
    )
  }

  private static func fixed(_ name: String, _ isSigned: Bool, _ i: Int, _ f: Int)
    throws(FormatError) -> any NumericFormat
  {
    var info = info(
      name,
      .fixedPoint,
      "\(isSigned ? "two's complement" : "unsigned integer") times 2^-\(f)"
    )
    info.scaling = .powerOfTwo
    return try FixedPointFormat(
      info: info,
      isSigned: isSigned,
      integerBitCount: i,
      fractionBitCount: f
    )
  }

  /// A format of the IEEE P3109 draft: the bias puts 1 at the middle code.
  private static func p3109(
    _ name: String,
    _ width: Int,
    _ precision: Int,
    _ isSigned: Bool,
    _ isExtended: Bool
  ) throws(FormatError) -> any NumericFormat {
    guard (3...16).contains(width) else {
      throw .invalidParameter(format: name, parameter: "K", found: "\(width)", allowed: "3 to 16")
    }
    let greatestPrecision = isSigned ? width - 1 : width
    guard (1...greatestPrecision).contains(precision) else {
      throw .invalidParameter(
        format: name,
        parameter: "P",
        found: "\(precision)",
        allowed: "1 to \(greatestPrecision)"
      )
    }
    return try BinaryFloatFormat(
      info: info(
        name,
        .binaryFloat,
        "IEEE P3109 working group, interim report 4.0, 2026, Binary\(name.dropFirst(6))"
      ),
      isSigned: isSigned,
      exponentBitCount: isSigned ? width - precision : width - precision + 1,
      significandBitCount: precision - 1,
      exponentBias: 1 << (isSigned ? width - precision - 1 : width - precision),
      specialValues: isExtended ? .p3109Extended : .p3109Finite
    )
  }
}
