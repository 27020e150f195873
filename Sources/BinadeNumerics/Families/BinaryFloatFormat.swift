/// Binary floating point by parameters: sign, exponent and significand fields, and a rule for special values.
///
/// With exponent field e and significand field s of M bits, the value is
/// `2^(e - bias) * (1 + s / 2^M)` for e > 0 and `2^(1 - bias) * s / 2^M` for e = 0.
public struct BinaryFloatFormat: NumericFormat {
  /// Which codes are infinities and NaNs.
  public enum SpecialValues: String, Sendable, Hashable, CaseIterable {
    /// All-ones exponent: infinity when the significand is zero, else NaN (IEEE 754).
    case ieee
    /// All-ones exponent and significand: NaN. No infinity (OCP E4M3; the `fn` of ml_dtypes).
    case finiteNaN
    /// Every code is a finite number (OCP FP6 and FP4).
    case finite
    /// The code of -0 is NaN; no infinity, no -0 (`fnuz`).
    case unsignedZero
  }

  /// Name, width and origin.
  public let info: FormatInfo
  /// Bits of the exponent field.
  public let exponentBitCount: Int
  /// Stored bits of the significand; the precision is one more.
  public let significandBitCount: Int
  /// What is subtracted from the exponent field.
  public let exponentBias: Int
  /// Which codes are infinities and NaNs.
  public let specialValues: SpecialValues
  /// Whether exponent field 0 holds subnormals; otherwise zero only.
  public let hasSubnormals: Bool

  /// Creates a binary float; `info.bitWidth` is replaced by the sum of the fields, and the canonical NaN is
  /// the one with the quiet bit alone.
  ///
  /// `exponentBias`: nil means 2^(exponentBitCount - 1) - 1.
  ///
  /// Throws when the fields do not fit 2 ... 32 bits, or when a magnitude would leave 2^-960 ... 2^960.
  public init(
    info: FormatInfo,
    exponentBitCount: Int,
    significandBitCount: Int,
    exponentBias: Int? = nil,
    specialValues: SpecialValues,
    hasSubnormals: Bool = true
  ) throws(FormatError) {
    func refuse(_ parameter: String, _ found: Int, _ allowed: String) -> FormatError {
      .invalidParameter(
        format: info.name,
        parameter: parameter,
        found: "\(found)",
        allowed: allowed
      )
    }
    guard (1...10).contains(exponentBitCount) else {
      throw refuse("exponentBitCount", exponentBitCount, "1 to 10")
    }
    guard (0...23).contains(significandBitCount) else {
      throw refuse("significandBitCount", significandBitCount, "0 to 23")
    }
    let width = 1 + exponentBitCount + significandBitCount
    guard width <= 32 else { throw refuse("bit width", width, "at most 32") }
    if specialValues == .ieee && (exponentBitCount < 2 || significandBitCount < 1) {
      throw refuse(
        "significandBitCount",
        significandBitCount,
        "at least 1, with at least 2 exponent bits, for specialValues 'ieee'"
      )
    }
    let bias = exponentBias ?? (1 << (exponentBitCount - 1)) - 1
    guard (-2000...900).contains(bias) else {
      throw refuse("exponentBias", bias, "magnitudes between 2^-900 and 2^900")
    }
    let highest = (1 << exponentBitCount) - 1 - bias
    guard bias <= 900, highest <= 900 else {
      throw refuse("exponentBias", bias, "magnitudes between 2^-900 and 2^900")
    }
    self.exponentBitCount = exponentBitCount
    self.significandBitCount = significandBitCount
    self.exponentBias = bias
    self.specialValues = specialValues
    self.hasSubnormals = hasSubnormals
    var completed = info.withBitWidth(width)
    if specialValues == .ieee, completed.canonicalNaN == nil {
      let exponentOnes = UInt32((1 << exponentBitCount) - 1) << UInt32(significandBitCount)
      completed.canonicalNaN = exponentOnes | 1 << UInt32(significandBitCount - 1)
    }
    self.info = completed
  }

  var significandMask: UInt32 { (1 << UInt32(significandBitCount)) - 1 }
  var exponentMask: UInt32 { (1 << UInt32(exponentBitCount)) - 1 }
  var signBit: UInt32 { 1 << UInt32(bitWidth - 1) }

  /// The value of a code.
  public func decode(_ code: UInt32) -> Double {
    let isNegative = code & signBit != 0
    let exponent = code >> UInt32(significandBitCount) & exponentMask
    let significand = code & significandMask
    switch specialValues {
    case .ieee where exponent == exponentMask:
      if significand != 0 { return .nan }
      return isNegative ? -.infinity : .infinity
    case .finiteNaN where exponent == exponentMask && significand == significandMask:
      return .nan
    case .unsignedZero where code == signBit:
      return .nan
    default:
      let magnitude = finiteMagnitude(exponent: exponent, significand: significand)
      return isNegative ? -magnitude : magnitude
    }
  }

  private func finiteMagnitude(exponent: UInt32, significand: UInt32) -> Double {
    if exponent == 0 && !hasSubnormals { return 0 }
    let hidden: UInt32 = exponent == 0 ? 0 : 1 << UInt32(significandBitCount)
    let scale = max(Int(exponent), 1) - exponentBias - significandBitCount
    return Double(hidden | significand) * Double(sign: .plus, exponent: scale, significand: 1)
  }

  /// Whether encoding may produce a code.
  public func isEncodable(_ code: UInt32) -> Bool {
    if hasSubnormals { return true }
    let exponent = code >> UInt32(significandBitCount) & exponentMask
    return exponent != 0 || code & significandMask == 0
  }

  /// One ulp beyond the extreme value.
  public func valueBeyond(_ extreme: Rung, inside neighbour: Rung) -> Double {
    // As if the exponent were unbounded: one ulp, not the last step, which is half of it below a power of two.
    let exponent = max(Int(extreme.value.exponent), 1 - exponentBias) - significandBitCount
    let ulp = Double(sign: .plus, exponent: exponent, significand: 1)
    return extreme.value + (extreme.value < 0 ? -ulp : ulp)
  }

  /// The ladder, in closed form above 16 bits.
  public func makeLadder() throws(FormatError) -> any Ladder {
    bitWidth <= 16 ? try EnumeratedLadder(of: self) : try BinaryFloatLadder(self)
  }
}
