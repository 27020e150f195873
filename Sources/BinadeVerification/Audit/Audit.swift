import BinadeNumerics

/// What somebody else's converter made of some inputs, compared with MPFR.
package struct Audit {
  /// An input, what it must become, and what it became.
  package struct Case: Sendable, Hashable {
    /// The input; float32 inputs as the Double they are, of NaNs with the payload (see ``Audit/widened(_:)``).
    package let input: Double
    /// The code that MPFR says.
    package let expected: UInt32
    /// The code that was found, or one above 2^31 for what is no code of the format.
    package let found: UInt32

    /// Creates a case.
    package init(input: Double, expected: UInt32, found: UInt32) {
      self.input = input
      self.expected = expected
      self.found = found
    }
  }

  /// A float32 as the Double it is; a NaN keeps its payload and stays signalling, which a conversion would change.
  package static func widened(_ value: Float) -> Double {
    guard value.isNaN else { return Double(value) }
    let bits = UInt64(value.bitPattern)
    return Double(bitPattern: (bits >> 31) << 63 | 0x7FF0_0000_0000_0000 | (bits & 0x7F_FFFF) << 29)
  }

  /// The bit pattern of the float32 that was widened.
  package static func singleBits(_ value: Double) -> UInt32 {
    guard value.isNaN else { return Float(value).bitPattern }
    let bits = value.bitPattern
    return UInt32(bits >> 63) << 31 | 0x7F80_0000 | UInt32(bits >> 29 & 0x7F_FFFF)
  }

  /// The format.
  package let format: any NumericFormat
  /// What the converter is meant to do.
  package let policy: ConversionPolicy
  /// The codec that does it, for codes and their values.
  package let codec: FormatCodec
  private let oracle: MPFROracle
  private let canonicalCodes: [UInt32]
  private let codesByValue: [UInt32: UInt32]

  /// Prepares the oracle.
  ///
  /// Throws `FormatError` or ``CertificateError`` for formats of more than 16 bits.
  package init(_ format: any NumericFormat, policy: ConversionPolicy) throws {
    guard format.bitWidth <= 16 else {
      throw CertificateError.notCertifiable(format: format.name, bitWidth: format.bitWidth)
    }
    self.format = format
    self.policy = policy
    codec = try FormatCodec(format, policy: policy)
    oracle = try MPFROracle(format, policy: policy)
    let nan = codec.reference.ladder.specials.nan
    canonicalCodes = format.codes.map { code in
      format.decode(UInt32(code)).isNaN ? nan ?? UInt32(code) : UInt32(code)
    }
    var codesByValue: [UInt32: UInt32] = [:]
    for code in format.codes.map({ UInt32($0) }).reversed() where format.isEncodable(code) {
      codesByValue[codec.decode(code).bitPattern] = code
    }
    self.codesByValue = codesByValue
  }

  /// A code with every NaN made the canonical one: which NaN a converter picks is its own affair.
  package func canonical(_ code: UInt32) -> UInt32 {
    code < canonicalCodes.count ? canonicalCodes[Int(code)] : code
  }

  /// The code of a value that a converter returned instead of a code; nil when it is no value of the format.
  package func code(ofValue value: Float) -> UInt32? {
    if value.isNaN { return codec.reference.ladder.specials.nan }
    // A zero of either sign is the zero of a format that has one.
    return codesByValue[value.bitPattern] ?? (value == 0 ? codec.reference.ladder.specials.zero : nil)
  }

  /// Whether NaN inputs are left out: the format has no code for them, and no dialect says what they become.
  package var leavesOutNaN: Bool {
    codec.reference.ladder.specials.nan == nil && policy.refusesMissingNaN
  }

  /// Compares the codes of some inputs with MPFR's, one by one.
  package func cases(_ inputs: [Double], found: [UInt32]) -> [Case] {
    zip(inputs, found).filter { !leavesOutNaN || !$0.0.isNaN }.map { input, found in
      Case(input: input, expected: oracle.expectedCode(for: input), found: canonical(found))
    }
  }
}
