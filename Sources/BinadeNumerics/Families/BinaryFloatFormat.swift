/// Binary floating point by parameters: sign, exponent and significand fields, and rules for special values.
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
    /// IEEE P3109, finite domain: NaN is the code of -0, or all ones without a sign; no infinity, no -0.
    case p3109Finite
    /// IEEE P3109, extended domain: the same, and the greatest code of each sign is an infinity.
    case p3109Extended
  }

  /// What exponent field 0 means.
  public enum LowestBinade: String, Sendable, Hashable, CaseIterable {
    /// Zero and subnormals.
    case subnormal
    /// Zero only; the other codes are read as subnormals and never written.
    case zeroOnly
    /// Normal numbers `2^-bias * (1 + s / 2^M)`; there is no zero (float8_e8m0fnu).
    case normal
    /// The same, but s = 0 is zero (DLFloat).
    case normalAndZero
  }

  /// Name, width and origin.
  public let info: FormatInfo
  /// Whether there is a sign bit.
  public let isSigned: Bool
  /// Bits of the exponent field.
  public let exponentBitCount: Int
  /// Stored bits of the significand; the precision is one more.
  public let significandBitCount: Int
  /// What is subtracted from the exponent field.
  public let exponentBias: Int
  /// Which codes are infinities and NaNs.
  public let specialValues: SpecialValues
  /// What exponent field 0 means.
  public let lowestBinade: LowestBinade

  /// Creates a binary float; `info.bitWidth` is replaced by the sum of the fields, and the canonical NaN is
  /// the one with the quiet bit alone.
  ///
  /// `exponentBias`: nil means 2^(exponentBitCount - 1) - 1.
  ///
  /// Throws when the fields do not fit 2 ... 32 bits or contradict each other.
  public init(
    info: FormatInfo,
    isSigned: Bool = true,
    exponentBitCount: Int,
    significandBitCount: Int,
    exponentBias: Int? = nil,
    specialValues: SpecialValues,
    lowestBinade: LowestBinade = .subnormal
  ) throws(FormatError) {
    func refuse(_ parameter: String, _ found: String, _ allowed: String) -> FormatError {
      .invalidParameter(format: info.name, parameter: parameter, found: found, allowed: allowed)
    }
    guard (1...16).contains(exponentBitCount) else {
      throw refuse("exponentBitCount", "\(exponentBitCount)", "1 to 16")
    }
    guard (0...23).contains(significandBitCount) else {
      throw refuse("significandBitCount", "\(significandBitCount)", "0 to 23")
    }
    let width = (isSigned ? 1 : 0) + exponentBitCount + significandBitCount
    guard (2...32).contains(width) else { throw refuse("bit width", "\(width)", "2 to 32") }
    if specialValues == .ieee && (exponentBitCount < 2 || significandBitCount < 1) {
      throw refuse(
        "significandBitCount",
        "\(significandBitCount)",
        "at least 1, with at least 2 exponent bits, for specialValues 'ieee'"
      )
    }
    if specialValues == .unsignedZero && !isSigned {
      throw refuse("specialValues", "unsignedZero", "'finiteNaN' or 'p3109Finite' without a sign")
    }
    let bias = exponentBias ?? (1 << (exponentBitCount - 1)) - 1
    guard (-65536...65536).contains(bias) else {
      throw refuse("exponentBias", "\(bias)", "-65536 to 65536")
    }
    self.isSigned = isSigned
    self.exponentBitCount = exponentBitCount
    self.significandBitCount = significandBitCount
    self.exponentBias = bias
    self.specialValues = specialValues
    self.lowestBinade = lowestBinade
    var completed = info.withBitWidth(width)
    if specialValues == .ieee, completed.canonicalNaN == nil {
      let exponentOnes = UInt32((1 << exponentBitCount) - 1) << UInt32(significandBitCount)
      completed.canonicalNaN = exponentOnes | 1 << UInt32(significandBitCount - 1)
    }
    if lowestBinade == .normal { completed.lowerEnd = .closed }
    if specialValues == .p3109Finite || specialValues == .p3109Extended {
      completed.divisionByZero = .nan
    }
    self.info = completed
    // Formats that go beyond Double on both sides of 1 have a ladder in closed form.
    let spansOne = 1 - bias <= 0 && (1 << exponentBitCount) - 2 - bias >= 0
    guard isHeldByDoubles || (lowestBinade == .subnormal && spansOne) else {
      throw refuse("exponentBias", "\(bias)", "values that Doubles hold, magnitudes between 2^-900 and 2^900")
    }
  }

  var significandMask: UInt32 { (1 << UInt32(significandBitCount)) - 1 }
  var exponentMask: UInt32 { (1 << UInt32(exponentBitCount)) - 1 }
  /// The sign bit; 0 in formats without one.
  package var signBit: UInt32 { isSigned ? 1 << UInt32(bitWidth - 1) : 0 }
  /// The bits of a code that are not the sign.
  var magnitudeMask: UInt32 { exponentMask << UInt32(significandBitCount) | significandMask }

  /// Whether Doubles hold every value, and the midpoints with room to spare.
  var isHeldByDoubles: Bool {
    let highest = (1 << exponentBitCount) - 1 - exponentBias
    return highest <= 900 && 1 - exponentBias - significandBitCount >= -950
  }

  /// The meaning of the codes that are not finite numbers; nil for the others.
  private func special(_ code: UInt32) -> Double? {
    let magnitude = code & magnitudeMask
    let isNegative = code & signBit != 0
    switch specialValues {
    case .ieee:
      let exponent = magnitude >> UInt32(significandBitCount)
      guard exponent == exponentMask else { return nil }
      if magnitude & significandMask != 0 { return .nan }
      return isNegative ? -.infinity : .infinity
    case .finiteNaN:
      return magnitude == magnitudeMask ? .nan : nil
    case .finite:
      return nil
    case .unsignedZero, .p3109Finite, .p3109Extended:
      if code == (isSigned ? signBit : magnitudeMask) { return .nan }
      guard specialValues == .p3109Extended, magnitude == greatestMagnitudeCode + 1 else { return nil }
      return isNegative ? -.infinity : .infinity
    }
  }

  /// The code of the greatest finite magnitude, without the sign.
  package var greatestMagnitudeCode: UInt32 {
    switch specialValues {
    case .ieee: exponentMask << UInt32(significandBitCount) - 1
    case .finiteNaN: magnitudeMask - 1
    case .finite, .unsignedZero: magnitudeMask
    case .p3109Finite: isSigned ? magnitudeMask : magnitudeMask - 1
    case .p3109Extended: isSigned ? magnitudeMask - 1 : magnitudeMask - 2
    }
  }

  /// The value of a code; magnitudes beyond those of Double become infinity or zero.
  public func decode(_ code: UInt32) -> Double {
    if let special = special(code) { return special }
    let magnitude = finiteMagnitude(code & magnitudeMask)
    return code & signBit != 0 ? -magnitude : magnitude
  }

  private func finiteMagnitude(_ code: UInt32) -> Double {
    let (significand, exponent) = parts(code)
    return Double(sign: .plus, exponent: exponent, significand: Double(significand))
  }

  /// A magnitude as an integer significand and the exponent of its unit.
  func parts(_ code: UInt32) -> (significand: UInt32, exponent: Int) {
    let field = Int(code >> UInt32(significandBitCount))
    let significand = code & significandMask
    let isNormal =
      switch lowestBinade {
      case .subnormal, .zeroOnly: field != 0
      case .normal: true
      case .normalAndZero: code != 0
      }
    let lowest = lowestBinade == .subnormal || lowestBinade == .zeroOnly ? 1 : 0
    let hidden: UInt32 = isNormal ? 1 << UInt32(significandBitCount) : 0
    return (hidden | significand, max(field, lowest) - exponentBias - significandBitCount)
  }

  /// Whether encoding may produce a code.
  public func isEncodable(_ code: UInt32) -> Bool {
    guard lowestBinade == .zeroOnly else { return true }
    let magnitude = code & magnitudeMask
    return magnitude > significandMask || magnitude == 0
  }

  /// One ulp beyond the extreme value; where zero is the least value, the least magnitude below it.
  public func valueBeyond(_ extreme: Rung, inside neighbour: Rung) -> Double {
    // As if the exponent were unbounded: one ulp, not the last step, which is half of it below a power of two.
    if extreme.value == 0 { return -neighbour.value }
    let (_, exponent) = parts(extreme.code & magnitudeMask)
    let ulp = Double(sign: .plus, exponent: exponent, significand: 1)
    return extreme.value + (extreme.value < 0 || extreme.value < neighbour.value ? -ulp : ulp)
  }

  /// The ladder, in closed form above 16 bits and beyond the magnitudes of Double.
  public func makeLadder() throws(FormatError) -> any Ladder {
    bitWidth <= 16 && isHeldByDoubles ? try EnumeratedLadder(of: self) : try BinaryFloatLadder(self)
  }
}
