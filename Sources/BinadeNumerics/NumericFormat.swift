/// A numeric format: a finite, ordered set of real values, each with a code.
///
/// Name, bit width and ``decode(_:)`` are enough. Formats of up to 16 bits get everything else derived
/// from their values: neighbours, boundaries, every rounding rule, saturation, codec tables, kernels and
/// verification.
///
/// ```swift
/// struct Cube: NumericFormat {                       // 4 bits: the cubes -512, -343 ... 343
///   let info = FormatInfo(name: "cube4", bitWidth: 4, source: "an example")
///   func decode(_ code: UInt32) -> Double {
///     let signed = Double(Int(code) - (code >= 8 ? 16 : 0))
///     return signed * signed * signed
///   }
/// }
/// ```
///
/// The other requirements have defaults and exist for formats that differ from the rule: a boundary that
/// is not the arithmetic midpoint, codes that are never produced, more than 16 bits.
public protocol NumericFormat: Sendable {
  /// Name, bit width and origin.
  var info: FormatInfo { get }

  /// Returns the value of `code`: a finite real number, an infinity or NaN.
  ///
  /// Irrational values (logarithmic formats) are correctly rounded to Double.
  ///
  /// - Precondition: `code < 2^bitWidth`.
  func decode(_ code: UInt32) -> Double

  /// Returns what `decode(code)` leaves over of an irrational value, so that rounding can tell on which side of
  /// it a Double lies.
  ///
  /// Default: 0, the values are Doubles. With a residual, decoding and encoding again is the identity when
  /// rounding to nearest, but not under directed rules: the Double is not the value.
  func residual(_ code: UInt32) -> Double

  /// Returns whether encoding may produce `code`; decoding understands every code.
  ///
  /// Default: true. Narrow-range integers leave out the most negative code.
  func isEncodable(_ code: UInt32) -> Bool

  /// Returns the point between two neighbours where rounding to nearest switches.
  ///
  /// Default: the arithmetic midpoint, exact.
  func boundary(between lower: Rung, and upper: Rung) -> Boundary

  /// Returns the value that would follow the greatest one if the format went on.
  ///
  /// It decides where overflow begins when rounding to nearest. Default: the last step repeated.
  func valueBeyond(_ extreme: Rung, inside neighbour: Rung) -> Double

  /// Builds the ordered set of values.
  ///
  /// Default: decode all codes and sort. Formats of more than 16 bits supply a closed form.
  func makeLadder() throws(FormatError) -> any Ladder
}

extension NumericFormat {
  /// What the Double leaves over of an irrational value.
  public func residual(_ code: UInt32) -> Double { 0 }

  /// Whether encoding may produce a code.
  public func isEncodable(_ code: UInt32) -> Bool { true }

  /// Where rounding to nearest switches.
  public func boundary(between lower: Rung, and upper: Rung) -> Boundary {
    .midpoint(lower.value, upper.value)
  }

  /// One more step of the family.
  public func valueBeyond(_ extreme: Rung, inside neighbour: Rung) -> Double {
    extreme.value + (extreme.value - neighbour.value)
  }

  /// The ladder, in closed form above 16 bits.
  public func makeLadder() throws(FormatError) -> any Ladder {
    try EnumeratedLadder(of: self)
  }

  /// The name, as in ``FormatInfo/name``.
  public var name: String { info.name }

  /// The bits of one code, as in ``FormatInfo/bitWidth``.
  public var bitWidth: Int { info.bitWidth }

  /// The codes of the format, 0 ..< 2^bitWidth.
  public var codes: Range<UInt64> { 0..<(1 << UInt64(bitWidth)) }
}
