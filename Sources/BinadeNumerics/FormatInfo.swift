/// What a format says about itself besides its values.
public struct FormatInfo: Sendable, Hashable {
  /// Lower-case name; ml_dtypes' where it has the format.
  public var name: String
  /// Bits of one code, 1 to 32.
  public var bitWidth: Int
  /// The family whose rules produce the values; a package may name its own.
  public var family: FormatFamily
  /// The standard or paper that defines the format.
  public var source: String
  /// How a tensor is scaled before it is encoded.
  public var scaling: Scaling
  /// The code that NaN becomes; nil means the first NaN code there is.
  public var canonicalNaN: UInt32?
  /// What overflow gives under ``OverflowRule/ieee``; nil means infinity, else NaN, else the extreme value.
  public var overflowTarget: OverflowTarget?
  /// What an infinite input becomes under every overflow rule; nil means what overflow gives.
  public var infinityTarget: OverflowTarget?
  /// What a number too small for the format becomes.
  public var underflow: UnderflowTarget = .nearest
  /// Whether numbers below the least value are rounded before they overflow.
  public var lowerEnd: RangeEnd = .open
  /// What a nonzero number divided by zero becomes; nil means infinity, else NaN, else the extreme value.
  public var divisionByZero: OverflowTarget?

  /// Creates a description; only name and width are required.
  public init(
    name: String,
    bitWidth: Int,
    family: FormatFamily = .custom,
    source: String = "",
    scaling: Scaling = .fitted,
    canonicalNaN: UInt32? = nil,
    overflowTarget: OverflowTarget? = nil
  ) {
    self.name = name
    self.bitWidth = bitWidth
    self.family = family
    self.source = source
    self.scaling = scaling
    self.canonicalNaN = canonicalNaN
    self.overflowTarget = overflowTarget
  }
}

/// A family of formats: those that ship with Binade, or one that a package names itself.
public struct FormatFamily: RawRepresentable, Sendable, Hashable {
  /// The name, in camel case.
  public let rawValue: String

  /// A family called `rawValue`.
  public init(rawValue: String) {
    self.rawValue = rawValue
  }

  /// Whole numbers, two's complement or unsigned.
  public static let integer = FormatFamily(rawValue: "integer")
  /// Whole numbers times a fixed power of two.
  public static let fixedPoint = FormatFamily(rawValue: "fixedPoint")
  /// Floating point with fields of fixed widths.
  public static let binaryFloat = FormatFamily(rawValue: "binaryFloat")
  /// Posits.
  public static let posit = FormatFamily(rawValue: "posit")
  /// Takums, logarithmic and linear.
  public static let takum = FormatFamily(rawValue: "takum")
  /// HiFloat8.
  public static let hiFloat = FormatFamily(rawValue: "hiFloat")
  /// Signed powers of a base near 1.
  public static let logarithmic = FormatFamily(rawValue: "logarithmic")
  /// Lists of values.
  public static let codebook = FormatFamily(rawValue: "codebook")
  /// Formats in code that name no family.
  public static let custom = FormatFamily(rawValue: "custom")

  /// The families that ship with Binade, in the order of lists.
  public static let known: [FormatFamily] = [
    integer, fixedPoint, binaryFloat, posit, takum, hiFloat, logarithmic, codebook, custom,
  ]
}

/// How tensors are scaled before they are encoded.
public enum Scaling: String, Sendable, Hashable, CaseIterable {
  /// A calibrated scale maps the clipping threshold to the greatest value.
  case fitted
  /// The same with the scale rounded up to a power of two: the binary point moves, as hardware with fixed
  /// point does it.
  case powerOfTwo
  /// The scale is 1: the format has range enough (float32, bfloat16, float16).
  case none
}

/// What a nonzero number between zero and its neighbours becomes.
public enum UnderflowTarget: String, Sendable, Hashable, CaseIterable {
  /// Zero or its neighbour, as the rounding rule says.
  case nearest
  /// Always the least magnitude: no number but zero becomes zero (posits).
  case leastMagnitude
}

/// How the range of a format ends below.
public enum RangeEnd: String, Sendable, Hashable, CaseIterable {
  /// As if there were one more value: what rounds to the least value is not overflow.
  case open
  /// Everything below the least value is overflow, whatever the rounding rule (float8_e8m0fnu).
  case closed
}

/// What a finite value beyond the greatest one becomes.
public enum OverflowTarget: String, Sendable, Hashable, CaseIterable {
  case infinity, nan, extreme
}
