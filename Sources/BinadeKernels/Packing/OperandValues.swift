import BinadeNumerics

/// Integers shifted into unsigned bytes, per code.
public struct ShiftedBytes: Sendable {
  /// The integer of a code plus `zero`.
  public let values: [UInt8]
  /// The byte that stands for 0.
  public let zero: UInt8
  /// The greatest byte.
  public let greatest: Int

  /// Shifts `integers` so that the least is 0; nil when they span more than 255.
  init?(_ integers: [Int16]) {
    let zero = -Int(integers.min() ?? 0)
    let shift = max(zero, 0)
    let greatest = Int(integers.max() ?? 0) + shift
    guard greatest <= 255 else { return nil }
    values = integers.map { UInt8(Int($0) + shift) }
    self.zero = UInt8(shift)
    self.greatest = greatest
  }
}

/// The values of a codec as a kernel sees them, and which datapaths hold them exactly.
public struct OperandValues: Sendable {
  /// `value / quantum` per code, when every value is an integer multiple of one quantum within int16.
  public let integers: [Int16]?
  /// What one unit of `integers` is worth.
  public let quantum: Float
  /// `value / floatUnit` per code; nil for formats of more than 16 bits.
  public let floats: [Float]?
  /// What one unit of `floats` is worth, a power of two.
  ///
  /// It brings the values near 1 that data are scaled to, those below `PrecisionProfile.anchor`, so that neither their
  /// products nor scales times units leave float32. In formats that do not taper these are the greatest values.
  public let floatUnit: Float
  /// `floats` as bfloat16, when they are.
  let bfloat16s: BFloat16Values?
  /// The greatest |integer|; 0 without integers.
  public let greatestInteger: Int
  /// `integers` as signed bytes, when they are.
  public let signedBytes: [Int8]?
  /// `integers` shifted into unsigned bytes, when they fit.
  public let unsignedBytes: ShiftedBytes?
  /// Significant bits of the value that needs most.
  public let precision: Int
  /// f, where the format is logarithmic: its values are signed powers of 2^(1/2^f); nil for others.
  public let fractionBitCount: Int?

  /// Looks at every value of `codec`.
  public init(_ codec: FormatCodec) {
    fractionBitCount = (codec.format as? LogarithmicFormat)?.fractionBitCount
    let ladder = codec.reference.ladder
    let greatest = max(abs(ladder.least.value), abs(ladder.greatest.value))
    // Unscaled formats keep their own range: pulling bfloat16 to 1 would make its least values subnormal.
    floatUnit =
      codec.info.scaling == .none
      ? 1
      : Self.unit(below: PrecisionProfile(ladder, isNonnegative: false).anchor)
    guard let rungs = codec.rungs else {
      integers = nil
      signedBytes = nil
      unsignedBytes = nil
      floats = nil
      bfloat16s = nil
      quantum = 1
      greatestInteger = 0
      precision = 24
      return
    }
    let unit = floatUnit
    let floats = (0..<UInt32(1 << codec.info.bitWidth)).map { codec.decode($0) / unit }
    self.floats = floats
    bfloat16s = BFloat16Values(floats)
    precision = rungs.map { $0.value.significandWidth + 1 }.max() ?? 1
    let lowestExponent =
      rungs.lazy.filter { $0.value != 0 }
      .map { Int($0.value.exponent) - $0.value.significandWidth }.min() ?? 0
    let quantum = Double(sign: .plus, exponent: lowestExponent, significand: 1)
    guard greatest / quantum <= 32767 else {
      integers = nil
      signedBytes = nil
      unsignedBytes = nil
      self.quantum = 1
      greatestInteger = 0
      return
    }
    self.quantum = Float(quantum)
    greatestInteger = Int(greatest / quantum)
    // Integers have neither NaN nor infinities: 0 here, and products and convolutions of codes look for them apart.
    let integers = (0..<UInt32(1 << codec.info.bitWidth)).map { code in
      Int16(exactly: Double(codec.decode(code)) / quantum) ?? 0
    }
    self.integers = integers
    signedBytes = integers.allSatisfy { Int8(exactly: $0) != nil } ? integers.map { Int8($0) } : nil
    unsignedBytes = ShiftedBytes(integers)
  }

  /// The power of two not above `anchor`, of those that are normal numbers.
  private static func unit(below anchor: Double) -> Float {
    let exponent = Float(anchor).exponent
    return Float(sign: .plus, exponent: max(-126, min(126, exponent)), significand: 1)
  }
}
