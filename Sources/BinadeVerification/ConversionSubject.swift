import BinadeNumerics

/// Something that converts between reals and codes, to be checked.
package protocol ConversionSubject {
  /// The code of a Float, rounded once.
  func encode(_ value: Float) -> UInt32
  /// The code of a Double, rounded once.
  func encode(_ value: Double) -> UInt32
  /// The value of a code.
  func decode(_ code: UInt32) -> Float
}

extension FormatCodec: ConversionSubject {}
