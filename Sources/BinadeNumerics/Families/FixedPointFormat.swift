/// Fixed point `q<i>.<f>`: an integer times 2^-f, of 1 sign bit (or none), i integer and f fraction bits.
public struct FixedPointFormat: NumericFormat {
  /// Name, width and origin.
  public let info: FormatInfo
  /// Two's complement when true.
  public let isSigned: Bool
  /// Bits before the binary point, the sign not counted.
  public let integerBitCount: Int
  /// Bits after the binary point; one step is 2^-fractionBitCount.
  public let fractionBitCount: Int

  /// Creates a fixed-point format; `info.bitWidth` is replaced by the sum of the parts.
  ///
  /// Throws when a part is negative or the whole is not 1 ... 32 bits.
  public init(info: FormatInfo, isSigned: Bool, integerBitCount: Int, fractionBitCount: Int)
    throws(FormatError)
  {
    for (parameter, count) in [
      ("integerBitCount", integerBitCount), ("fractionBitCount", fractionBitCount),
    ] where !(0...32).contains(count) {
      throw .invalidParameter(
        format: info.name,
        parameter: parameter,
        found: "\(count)",
        allowed: "0 to 32"
      )
    }
    let width = (isSigned ? 1 : 0) + integerBitCount + fractionBitCount
    guard (1...32).contains(width) else {
      throw .invalidParameter(
        format: info.name,
        parameter: "integerBitCount + fractionBitCount",
        found: "\(integerBitCount + fractionBitCount)",
        allowed: "1 to 32 bits with the sign"
      )
    }
    self.info = info.withBitWidth(width)
    self.isSigned = isSigned
    self.integerBitCount = integerBitCount
    self.fractionBitCount = fractionBitCount
  }

  /// The distance between neighbours.
  public var quantum: Double { Double(sign: .plus, exponent: -fractionBitCount, significand: 1) }

  /// The value of a code.
  public func decode(_ code: UInt32) -> Double {
    Double(isSigned ? code.signExtended(from: bitWidth) : Int64(code)) * quantum
  }

  /// The ladder, in closed form above 16 bits.
  public func makeLadder() throws(FormatError) -> any Ladder {
    bitWidth <= 16 ? try EnumeratedLadder(of: self) : UniformLadder(self)
  }
}

extension FormatInfo {
  /// The same description with another width.
  func withBitWidth(_ width: Int) -> FormatInfo {
    var copy = self
    copy.bitWidth = width
    return copy
  }
}
