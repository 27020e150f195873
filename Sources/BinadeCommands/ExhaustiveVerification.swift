import Binade
import BinadeVerification
import Foundation

/// Proofs over all 2^32 inputs: made, written as certificates, and made again from certificates.
struct ExhaustiveVerification {
  let threads: Int
  let commandLine: String

  /// What was found for one format.
  struct Outcome {
    let certificate: Certificate
    let findings: [FormatProof.Finding]
    /// Per rounding rule, with all its overflow rules.
    let secondsPerRule: [Double]
    var mismatchCount: UInt64 { findings.reduce(0) { $0 + $1.row.mismatchCount } }
  }

  /// Certifies every rule of one format; `advance` is called with chunks of 2^16 inputs done, 2^16 for each policy.
  func certify(
    _ format: any NumericFormat,
    rules: [RoundingRule],
    keeping kept: [Certificate.Row] = [],
    advance: @Sendable (Int) -> Void
  ) throws -> Outcome {
    let overflows = OverflowRule.universal
    let proof = FormatProof(format, threads: threads)
    var findings: [FormatProof.Finding] = []
    var seconds: [Double] = []
    for rule in rules {
      if kept.contains(where: { $0.rounding == rule.rawValue }) {
        advance(overflows.count << 16)
        continue
      }
      let start = ContinuousClock.now
      findings += try proof.run(
        overflows.map { ConversionPolicy(rounding: rule, overflow: $0) },
        advance: advance
      )
      let elapsed = (ContinuousClock.now - start).components
      seconds.append(Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
    }
    let certificate = Certificate(
      format: format,
      rows: Self.inOrder(kept + findings.map(\.row)),
      command: commandLine,
      binadeVersion: BinadeVersion.current
    )
    return Outcome(certificate: certificate, findings: findings, secondsPerRule: seconds)
  }

  /// Rows by rounding rule, as the rules are listed everywhere.
  private static func inOrder(_ rows: [Certificate.Row]) -> [Certificate.Row] {
    RoundingRule.allCases.flatMap { rule in rows.filter { $0.rounding == rule.rawValue } }
  }

  /// The rows of a certificate in `folder` that prove the conversions of `format` to be right, on the rows of kernels
  /// that this machine has; none where there is no such certificate.
  private func proven(_ format: any NumericFormat, in folder: OutputFolder) throws -> [Certificate.Row] {
    let path = folder.url.appending(path: "\(format.name).json").path
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let certificate: Certificate
    do {
      certificate = try Self.read(path)
      try certificate.validate(against: format, file: path)
    } catch let error as CertificateError {
      switch error {
      case .otherVersion, .changedTable: return []
      default: throw error
      }
    }
    // Which table or search converts depends on the rule.
    return try certificate.rows.filter { row in
      guard row.mismatchCount == 0, let rule = RoundingRule(rawValue: row.rounding) else { return false }
      let overflow = OverflowRule(rawValue: row.overflow) ?? .ieee
      let codec = try FormatCodec(format, policy: ConversionPolicy(rounding: rule, overflow: overflow))
      return Set(row.converters.map(\.path)) == Set(FormatProof.converters(of: codec).map(\.path))
    }
  }

  /// Certifies `formats` and prints a table; certificates go into `folder` when there is one.
  ///
  /// `resuming`: rules that certificates in the folder prove are kept.
  func run(
    _ formats: [any NumericFormat],
    rules: [RoundingRule],
    folder: OutputFolder?,
    resuming: Bool,
    json: Bool
  ) throws {
    let console = CommandContext.current.console
    let policyCount = formats.reduce(0) {
      $0 + FormatProof.rules(rules, for: $1).count * OverflowRule.universal.count
    }
    let bar = ProgressBar(total: policyCount << 16)
    var outcomes: [Outcome] = []
    for format in formats {
      bar.setLabel(format.name)
      let outcome = try certify(
        format,
        rules: FormatProof.rules(rules, for: format),
        keeping: resuming ? try folder.map { try proven(format, in: $0) } ?? [] : [],
        advance: bar.advance
      )
      try folder?.write(try JSONText.encode(outcome.certificate) + "\n", as: "\(format.name).json")
      outcomes.append(outcome)
    }
    bar.finish()
    if json {
      console.write(try JSONDocument.certificates.text(list: outcomes.map(\.certificate)))
    } else {
      write(outcomes, to: console)
      if let folder { console.write("certificates: \(folder.url.relativePath)") }
    }
    if outcomes.contains(where: { $0.mismatchCount > 0 }) { throw CheckFailure() }
  }

  private func write(_ outcomes: [Outcome], to console: Console) {
    var table = TextTable(columns: [
      .init("format", .left), .init("modes"), .init("inputs"), .init("steps"), .init("mismatches"),
      .init("s per rule"), .init("converters", .left),
    ])
    for outcome in outcomes {
      let rows = outcome.certificate.rows
      table.append([
        outcome.certificate.format, "\(rows.count)",
        "\(rows.reduce(0) { $0 + $1.checkedCount })",
        rows.compactMap(\.stepCount).max().map { "\($0)" } ?? "-",
        "\(outcome.mismatchCount)", String(format: "%.2f", Self.median(outcome.secondsPerRule)),
        rows.first?.converters.map(\.path).joined(separator: "; ") ?? "",
      ])
    }
    console.write(table.text)
    for outcome in outcomes {
      for finding in outcome.findings where finding.row.mismatchCount > 0 {
        for line in Self.faults(of: finding) {
          console.write("\(outcome.certificate.format), \(line)")
        }
      }
    }
    let all = outcomes.flatMap(\.secondsPerRule)
    let policies = outcomes.reduce(0) { $0 + $1.certificate.rows.count }
    console.write(
      "\n\(outcomes.count) formats, \(policies) rounding and overflow modes, all 4294967296 float32 inputs each, "
        + "\(outcomes.reduce(0) { $0 + $1.mismatchCount }) mismatches; per format and rule, both overflow rules: "
        + String(
          format: "median %.2f s, longest %.2f s, in all %.0f s, ",
          Self.median(all),
          all.max() ?? 0,
          all.reduce(0, +)
        )
        + "\(threads) threads"
    )
  }

  /// Proves again what a certificate says.
  func recheck(_ path: String, catalog: FormatCatalog) throws {
    let console = CommandContext.current.console
    let certificate = try Self.read(path)
    let format: any NumericFormat
    do {
      format = try catalog.format(named: certificate.format)
    } catch {
      throw CertificateError.malformed(
        file: path,
        reason:
          "its format cannot be found: \(error); --format-folder names the folder of a format of one's own"
      )
    }
    try certificate.validate(against: format, file: path)
    let bar = ProgressBar(total: certificate.rows.count << 16, label: certificate.format)
    let proof = FormatProof(format, threads: threads)
    var faults: [String] = []
    var absent: Set<String> = []
    for row in certificate.rows {
      let finding = try proof.run([try row.policy(file: path)], advance: bar.advance)[0]
      let name = "\(row.rounding), \(row.overflow)"
      if finding.row.stepFingerprint != row.stepFingerprint || finding.row.stepCount != row.stepCount {
        faults.append("\(name): MPFR's steps are not those certified")
      }
      let ran = Set(finding.row.converters.map(\.path))
      absent.formUnion(row.converters.map(\.path).filter { !ran.contains($0) })
      if finding.row.mismatchCount != row.mismatchCount {
        faults.append("\(name): \(finding.row.mismatchCount) mismatches, certified \(row.mismatchCount)")
      }
      faults += Self.faults(of: finding)
    }
    bar.finish()
    for fault in faults { console.write("\(path): \(fault)") }
    console.write(
      "\(path): \(certificate.rows.count) modes of '\(certificate.format)' run again over all 4294967296 inputs, "
        + (faults.isEmpty ? "the certificate holds" : "\(faults.count) faults")
    )
    if !absent.isEmpty {
      console.write(
        "not run again, as this machine does not run them: \(absent.sorted().joined(separator: "; "))"
      )
    }
    console.write("covers: \(certificate.covers)\ndoes not cover: \(certificate.doesNotCover)")
    if !faults.isEmpty { throw CheckFailure() }
  }

  /// Reads a certificate; files above a megabyte are none.
  static func read(_ path: String) throws -> Certificate {
    let data = try InputFile.contents(of: path, atMost: CertificateFile.greatestSize)
    return try CertificateFile.certificate(from: data, file: path)
  }

  static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    return values.sorted()[values.count / 2]
  }

  /// What is wrong with each converter, and the first mismatches.
  private static func faults(of finding: FormatProof.Finding) -> [String] {
    finding.outcomes.flatMap { outcome in
      let parts = [
        ("encode", outcome.encode), ("round trip", outcome.roundTrip), ("decode", outcome.decode),
      ]
      return parts.filter { $0.1.mismatchCount > 0 }.flatMap { part, result in
        [
          "\(finding.row.rounding), \(finding.row.overflow), \(outcome.path), \(part): "
            + "\(result.mismatchCount) wrong, the first:"
        ]
          + result.firstMismatches.map { "  \(sentence($0, part))" }
      }
    }
  }

  private static func sentence(_ mismatch: SweepResult.Mismatch, _ part: String) -> String {
    func hex(_ bits: UInt32) -> String { "0x\(String(bits, radix: 16))" }
    let isValue = part != "encode"
    func shown(_ bits: UInt32) -> String { isValue ? "\(Float(bitPattern: bits))" : hex(bits) }
    let input =
      part == "decode"
      ? "code \(hex(mismatch.bits))" : "float32 \(Float(bitPattern: mismatch.bits)) (\(hex(mismatch.bits)))"
    return "\(input): expected \(shown(mismatch.expected)), found \(shown(mismatch.found))"
  }
}
