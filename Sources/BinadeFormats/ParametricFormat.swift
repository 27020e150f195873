import BinadeNumerics

/// Formats named by the parameters of their family; they need no definition file.
///
/// | name         | meaning                                                    |
/// |--------------|------------------------------------------------------------|
/// | `q3.4`       | fixed point: sign, 3 integer bits, 4 fraction bits         |
/// | `uq4.4`      | the same without a sign                                    |
/// | `lns4.3`     | logarithmic: sign, exponent of 4 integer, 3 fraction bits  |
/// | `posit8`     | posit of the 2022 standard (es = 2), 3 to 16 bits            |
/// | `posit16_es1` | posit with another es                                     |
/// | `e5m10`      | IEEE-like float of 5 exponent and 10 stored significand bits |
public enum ParametricFormat {
  /// The shapes of name understood, for messages.
  public static let patterns = [
    "q<i>.<f>", "uq<i>.<f>", "lns<i>.<f>", "posit<n>", "posit<n>_es<k>", "e<X>m<Y>",
  ]

  /// Returns the format that `name` describes; nil when it has none of the shapes.
  ///
  /// Throws ``FormatError`` when the shape is right and a number is not.
  public static func format(named name: String) throws(FormatError) -> (any NumericFormat)? {
    if let (i, f) = numbers(in: name, after: "uq", separator: ".") {
      return try fixed(name, isSigned: false, i, f)
    }
    if let (i, f) = numbers(in: name, after: "q", separator: ".") {
      return try fixed(name, isSigned: true, i, f)
    }
    if let (i, f) = numbers(in: name, after: "lns", separator: ".") {
      return try LogarithmicFormat(
        info: FormatInfo(
          name: name,
          bitWidth: 0,
          family: .logarithmic,
          source: "logarithmic family, \(name)"
        ),
        integerBitCount: i,
        fractionBitCount: f
      )
    }
    if let (n, es) = numbers(in: name, after: "posit", separator: "_", second: "es") {
      return try posit(name, n, es)
    }
    if let (n, _) = numbers(in: name + ".0", after: "posit", separator: ".") {
      return try posit(name, n, 2)
    }
    if let (x, y) = numbers(in: name, after: "e", separator: "m") {
      return try BinaryFloatFormat(
        info: FormatInfo(
          name: name,
          bitWidth: 0,
          family: .binaryFloat,
          source: "IEEE 754-2019 section 3 with other widths, \(name)"
        ),
        exponentBitCount: x,
        significandBitCount: y,
        specialValues: .ieee
      )
    }
    return nil
  }

  private static func posit(_ name: String, _ width: Int, _ es: Int) throws(FormatError)
    -> any NumericFormat
  {
    try PositFormat(
      info: FormatInfo(
        name: name,
        bitWidth: width,
        family: .posit,
        source: es == 2
          ? "Posit Working Group, Standard for Posit Arithmetic, 2022"
          : "Gustafson and Yonemoto, Beating Floating Point at its Own Game, 2017, es = \(es)"
      ),
      exponentBitCount: es
    )
  }

  private static func fixed(_ name: String, isSigned: Bool, _ i: Int, _ f: Int)
    throws(FormatError) -> any NumericFormat
  {
    try FixedPointFormat(
      info: FormatInfo(
        name: name,
        bitWidth: 0,
        family: .fixedPoint,
        source: "\(isSigned ? "two's complement" : "unsigned integer") times 2^-\(f)",
        scaling: .powerOfTwo
      ),
      isSigned: isSigned,
      integerBitCount: i,
      fractionBitCount: f
    )
  }

  /// Two decimal numbers of at most three digits, as in "q3.4"; `second` stands before the second one.
  private static func numbers(
    in name: String,
    after prefix: String,
    separator: Character,
    second: String = ""
  ) -> (Int, Int)? {
    guard name.hasPrefix(prefix) else { return nil }
    let parts = name.dropFirst(prefix.count).split(
      separator: separator,
      omittingEmptySubsequences: false
    )
    guard parts.count == 2, parts[1].hasPrefix(second) else { return nil }
    let digits = [parts[0], parts[1].dropFirst(second.count)]
    guard digits.allSatisfy({ (1...3).contains($0.count) }),
      digits.allSatisfy({ $0.allSatisfy { ("0"..."9").contains($0) } }),
      let first = Int(digits[0]), let last = Int(digits[1])
    else { return nil }
    return (first, last)
  }
}
