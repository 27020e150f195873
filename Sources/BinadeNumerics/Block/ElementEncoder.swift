/// Encodes scaled elements: Doubles, rounded once.
struct ElementEncoder: Sendable {
  let codec: FormatCodec
  /// The value of each code.
  let values: [Double]
  private let fitsFloat: Bool

  init(_ format: any NumericFormat, values: ElementValues, rounding: RoundingRule)
    throws(FormatError)
  {
    codec = try FormatCodec(format, policy: ConversionPolicy(rounding: rounding, overflow: .saturate))
    self.values = format.codes.map { format.decode(UInt32($0)) }
    fitsFloat = values.fitsFloat
  }

  /// Returns the code of `value`, rounded once.
  ///
  /// - Precondition: `value` is finite.
  @inline(__always)
  func encode(_ value: Double) -> UInt32 {
    fitsFloat ? codec.encode(Self.narrowed(value)) : codec.encode(value)
  }

  /// A Float on the same side of every Float of fewer than 24 bits and of magnitude 2^-125 to 2^126 as `value`.
  ///
  /// What is cut off is kept as an odd last bit (rounding to odd), so that rounding the result rounds `value`.
  ///
  /// - Source: Boldo and Melquiond, Emulation of FMA and correctly rounded sums: proved algorithms using rounding to
  ///   odd, IEEE Transactions on Computers 57(4), 2008.
  @inline(__always)
  static func narrowed(_ value: Double) -> Float {
    let magnitude = abs(value)
    if magnitude == 0 { return Float(value) }
    if magnitude >= 0x1p127 { return value < 0 ? -0x1p127 : 0x1p127 }
    if magnitude <= 0x1p-126 { return value < 0 ? -0x1p-126 : 0x1p-126 }
    let cut = UInt64(1) << 29
    let bits = value.bitPattern
    let isInexact = bits & (cut - 1) != 0
    return Float(Double(bitPattern: bits & ~(cut - 1) | (isInexact ? cut : 0)))
  }
}
