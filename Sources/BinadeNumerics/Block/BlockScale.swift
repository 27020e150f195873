/// What the elements of a block share.
public enum BlockScale: Sendable {
  /// 2^e in 8 bits, code e + 127; 255 is NaN (float8_e8m0fnu of OCP MX).
  case powerOfTwo(ScaleRule)
  /// A number of a format, nearest even to `amax / greatest element`; with an outer scale, to that divided by it.
  case number(any NumericFormat, outer: OuterScale)

  /// Bits of one scale.
  public var bitWidth: Int {
    switch self {
    case .powerOfTwo: 8
    case .number(let format, _): format.bitWidth
    }
  }

  /// The format of the scale, by name.
  public var formatName: String {
    switch self {
    case .powerOfTwo: Self.powerOfTwoName
    case .number(let format, _): format.name
    }
  }

  /// The rule, of powers of two.
  public var rule: ScaleRule? {
    if case .powerOfTwo(let rule) = self { rule } else { nil }
  }

  /// The second level; none for powers of two.
  public var outer: OuterScale {
    if case .number(_, let outer) = self { outer } else { .none }
  }

  /// What definition files call a shared power of two.
  public static let powerOfTwoName = "float8_e8m0fnu"
}

/// A float32 scale above those of the blocks, `amax / (greatest element * greatest block scale)`.
public enum OuterScale: String, Sendable, Hashable, CaseIterable {
  /// There is none.
  case none
  /// One for each row, the vector along the last axis (a channel of VS-Quant).
  case row
  /// One for the tensor (NVFP4).
  case tensor
}
