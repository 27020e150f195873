import BinadeNumerics

/// A record that the conversions of one format were proven: what was covered, what was found, and the fingerprints by
/// which a later run can tell whether it still holds.
public struct Certificate: Codable, Sendable, Hashable {
  /// The layout of the file; files of another version are refused.
  public static let currentVersion = 2

  /// One converter that was run over all inputs.
  public struct Converter: Codable, Sendable, Hashable {
    /// Which code ran: the scalar codec's path, or the bulk codec's with its row of kernels.
    public var path: String
    /// Inputs whose code was wrong.
    public var encodeMismatchCount: UInt64
    /// Inputs that were rounded to a wrong value.
    public var roundTripMismatchCount: UInt64
    /// Codes decoded wrongly.
    public var decodeMismatchCount: UInt64
    /// The overflow rule under which the same code ran with the same tables and parameters; nil where it ran under this
    /// one.
    public var sweptUnder: String?

    /// What was found of a converter.
    package init(_ outcome: ConversionProof.Outcome) {
      path = outcome.path
      encodeMismatchCount = outcome.encode.mismatchCount
      roundTripMismatchCount = outcome.roundTrip.mismatchCount
      decodeMismatchCount = outcome.decode.mismatchCount
    }
  }

  /// One rounding rule with one overflow rule.
  public struct Row: Codable, Sendable, Hashable {
    /// A rounding rule by name.
    public var rounding: String
    /// An overflow rule or a dialect by name.
    public var overflow: String
    /// Inputs compared, of each converter: 2^32.
    public var checkedCount: UInt64
    /// Wrong results of all converters.
    public var mismatchCount: UInt64
    /// Steps of the function that MPFR decided; nil for formats of more than 16 bits, whose steps are not listed.
    public var stepCount: Int?
    /// The fingerprint of those steps, or of the codes at both ends of every chunk of inputs.
    public var stepFingerprint: String
    /// What ran.
    public var converters: [Converter]

    /// A row for a conversion that was found to be as `outcomes` say.
    package init(
      policy: ConversionPolicy,
      stepCount: Int?,
      fingerprint: Fingerprint,
      outcomes: [ConversionProof.Outcome]
    ) {
      rounding = policy.rounding.rawValue
      overflow = policy.overflowName
      checkedCount = outcomes.map(\.encode.checkedCount).min() ?? 0
      mismatchCount = outcomes.reduce(0) { $0 + $1.mismatchCount }
      self.stepCount = stepCount
      stepFingerprint = fingerprint.description
      converters = outcomes.map { Converter($0) }
    }
  }

  /// The layout of the file.
  public var certificateVersion: Int
  /// The format's name.
  public var format: String
  /// The fingerprint of its code table.
  public var tableFingerprint: String
  /// What the rows cover, in words.
  public var covers: String
  /// What they do not, in words.
  public var doesNotCover: String
  /// The command that wrote the file.
  public var command: String
  /// Binade's version.
  public var binadeVersion: String
  /// MPFR's version.
  public var mpfrVersion: String
  /// One per rounding and overflow rule.
  public var rows: [Row]

  private static func covers(_ format: any NumericFormat) -> String {
    "all 4294967296 float32 bit patterns, zeros, subnormals, infinities and every NaN payload among them, encoded and "
      + "rounded to values by each converter listed: the scalar codec and the bulk codec that commands and layers run, on "
      + "every row of kernels of the machine, also with neighbours that change an element's path; "
      + (format.bitWidth <= 16
        ? "every code decoded in each width that holds it; MPFR decides the code on both sides of every place where it can "
          + "change, and rounding is monotone between"
        : "MPFR decides both ends of every 65536 inputs, and every input between lies between the values or boundaries next "
          + "to the code it was given")
  }

  private static func doesNotCover(_ format: any NumericFormat) -> String {
    let hasNaN = (try? format.makeLadder())?.specials.nan != nil
    return
      "float64 inputs are not enumerated (they are checked next to every value and boundary by 'binade verify'); "
      + "stochastic rounding; arithmetic; the division by a scale before"
      + (format.bitWidth <= 16 ? "" : "; codes that no float32 becomes are not decoded")
      + (hasNaN ? "" : "; NaN has no code here: what the codec gives for it is refused by the commands")
  }

  /// Creates a certificate of `format` with the rows that were found.
  public init(format: any NumericFormat, rows: [Row], command: String, binadeVersion: String) {
    certificateVersion = Self.currentVersion
    self.format = format.name
    tableFingerprint = Fingerprint.table(of: format).description
    covers = Self.covers(format)
    doesNotCover = Self.doesNotCover(format)
    self.command = command
    self.binadeVersion = binadeVersion
    mpfrVersion = MPFRNumber.libraryVersion
    self.rows = rows
  }

  /// Throws ``CertificateError`` when the certificate is of another layout or of another table than `format`'s.
  public func validate(against format: any NumericFormat, file: String) throws(CertificateError) {
    guard certificateVersion == Self.currentVersion else {
      throw .otherVersion(file: file, found: certificateVersion, known: Self.currentVersion)
    }
    let now = Fingerprint.table(of: format).description
    guard tableFingerprint == now else {
      throw .changedTable(file: file, format: format.name, certified: tableFingerprint, now: now)
    }
    guard covers == Self.covers(format), doesNotCover == Self.doesNotCover(format) else {
      throw .malformed(file: file, reason: "'covers' or 'doesNotCover' is not what this program proves")
    }
    guard Set(rows.map { [$0.rounding, $0.overflow] }).count == rows.count, !rows.isEmpty else {
      throw .malformed(file: file, reason: "it has no rows, or two for one policy")
    }
    for row in rows where row.checkedCount != 1 << 32 || row.converters.isEmpty {
      throw .malformed(
        file: file,
        reason:
          "\(row.rounding), \(row.overflow): \(row.checkedCount) inputs and \(row.converters.count) converters; "
          + "a proof has 4294967296 inputs and at least one converter"
      )
    }
  }
}

extension Certificate.Row {
  /// The policy by its names.
  public func policy(file: String) throws(CertificateError) -> ConversionPolicy {
    guard let rounding = RoundingRule(rawValue: rounding) else {
      throw .malformed(file: file, reason: "no rounding rule '\(self.rounding)'")
    }
    if let dialect = Dialect(rawValue: overflow) {
      return ConversionPolicy(rounding: rounding, dialect: dialect)
    }
    guard let overflow = OverflowRule(rawValue: overflow) else {
      throw .malformed(file: file, reason: "no overflow rule '\(self.overflow)'")
    }
    guard overflow != .wrap else {
      throw .malformed(file: file, reason: "overflow 'wrap' is not monotone and cannot be certified")
    }
    return ConversionPolicy(rounding: rounding, overflow: overflow)
  }
}

/// Why a proof cannot be made or a certificate not be used.
public enum CertificateError: Error, Sendable, Hashable, CustomStringConvertible {
  case notCertifiable(format: String, bitWidth: Int)
  case noWideProof(format: String, rounding: String)
  case notMonotone(format: String, place: Float)
  case malformed(file: String, reason: String)
  case otherVersion(file: String, found: Int, known: Int)
  case changedTable(file: String, format: String, certified: String, now: String)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .notCertifiable(let format, let bitWidth):
      "'\(format)' has \(bitWidth) bits; conversions that do not wrap can be decided for all inputs: of formats of up to "
        + "16 bits, and of signed floats, fixed point, posits and takums of up to 32"
    case .noWideProof(let format, let rounding):
      "'\(format)' has more than 16 bits; such conversions are decided for all inputs under "
        + "\(WideConversionProof.rules.map(\.rawValue).joined(separator: " and ")), not under \(rounding)"
    case .notMonotone(let format, let place):
      "the conversion to '\(format)' is not monotone near \(place): its boundaries are not between the values"
    case .malformed(let file, let reason):
      "\(file): not a certificate: \(reason)"
    case .otherVersion(let file, let found, let known):
      "\(file): certificate version \(found); this Binade reads version \(known)"
    case .changedTable(let file, let format, let certified, let now):
      "\(file): the code table of '\(format)' has changed since: certified \(certified), now \(now)"
    }
  }
}
