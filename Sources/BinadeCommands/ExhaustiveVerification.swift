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
    let results: [SweepResult]
    /// Per rounding rule, with all its overflow rules.
    let secondsPerRule: [Double]
    var mismatchCount: UInt64 { results.reduce(0) { $0 + $1.mismatchCount } }
  }

  /// Certifies every rule of one format; `advance` is called once per rule.
  func certify(
    _ format: any NumericFormat,
    rules: [RoundingRule],
    overflows: [OverflowRule] = OverflowRule.universal,
    advance: () -> Void
  ) throws -> Outcome {
    var rows: [Certificate.Row] = []
    var results: [SweepResult] = []
    var seconds: [Double] = []
    for rule in rules {
      let start = ContinuousClock.now
      let policies = overflows.map { ConversionPolicy(rounding: rule, overflow: $0) }
      let functions = ParallelLoop.map(count: policies.count, threads: threads) { index in
        Result { try OracleSteps(format, policy: policies[index]) }
      }
      for (policy, function) in zip(policies, functions) {
        let steps = try function.get()
        let codec = try FormatCodec(format, policy: policy)
        let result = ExhaustiveSweep(steps).run(codec, threads: threads)
        results.append(result)
        rows.append(
          Certificate.Row(policy: policy, steps: steps, result: result, codecPath: codec.path)
        )
      }
      let elapsed = (ContinuousClock.now - start).components
      seconds.append(Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
      advance()
    }
    let certificate = Certificate(
      format: format,
      rows: rows,
      command: commandLine,
      binadeVersion: BinadeVersion.current
    )
    return Outcome(certificate: certificate, results: results, secondsPerRule: seconds)
  }

  /// Certifies `formats` and prints a table; certificates go into `folder` when there is one.
  func run(_ formats: [any NumericFormat], rules: [RoundingRule], folder: OutputFolder?, json: Bool) throws {
    let console = CommandContext.current.console
    let bar = ProgressBar(total: formats.count * rules.count)
    var outcomes: [Outcome] = []
    for format in formats {
      bar.setLabel(format.name)
      let outcome = try certify(format, rules: rules) { bar.advance(1) }
      try folder?.write(try JSONText.encode(outcome.certificate) + "\n", as: "\(format.name).json")
      outcomes.append(outcome)
    }
    bar.finish()
    if json {
      console.write(try JSONText.encode(outcomes.map(\.certificate)))
    } else {
      write(outcomes, to: console)
      if let folder { console.write("certificates: \(folder.url.relativePath)") }
    }
    if outcomes.contains(where: { $0.mismatchCount > 0 }) { throw CheckFailure() }
  }

  private func write(_ outcomes: [Outcome], to console: Console) {
    var table = TextTable(columns: [
      .init("format", .left), .init("policies"), .init("inputs"), .init("steps"),
      .init("mismatches"), .init("s per rule"),
    ])
    for outcome in outcomes {
      let rows = outcome.certificate.rows
      table.append([
        outcome.certificate.format, "\(rows.count)",
        "\(rows.reduce(0) { $0 + $1.checkedCount })", "\(rows.map(\.stepCount).max() ?? 0)",
        "\(outcome.mismatchCount)", String(format: "%.2f", Self.median(outcome.secondsPerRule)),
      ])
    }
    console.write(table.text)
    for outcome in outcomes where outcome.mismatchCount > 0 {
      for (row, result) in zip(outcome.certificate.rows, outcome.results) where result.mismatchCount > 0 {
        console.write(
          "\n\(outcome.certificate.format), \(row.rounding), \(row.overflow): \(result.mismatchCount) wrong, the first:"
        )
        for mismatch in result.firstMismatches { console.write("  \(Self.sentence(mismatch))") }
      }
    }
    let all = outcomes.flatMap(\.secondsPerRule)
    let policies = outcomes.reduce(0) { $0 + $1.certificate.rows.count }
    console.write(
      "\n\(outcomes.count) formats, \(policies) policies, all 4294967296 float32 inputs each, "
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
    let bar = ProgressBar(total: certificate.rows.count, label: certificate.format)
    var faults: [String] = []
    for row in certificate.rows {
      let policy = try row.policy(file: path)
      let steps = try OracleSteps(format, policy: policy)
      let codec = try FormatCodec(format, policy: policy)
      let result = ExhaustiveSweep(steps).run(codec, threads: threads)
      bar.advance(1)
      let name = "\(row.rounding), \(row.overflow)"
      if steps.fingerprint.description != row.stepFingerprint || steps.steps.count != row.stepCount {
        faults.append("\(name): MPFR's steps are not those certified")
      }
      if codec.path != row.codecPath {
        faults.append("\(name): the codec takes the path '\(codec.path)', certified '\(row.codecPath)'")
      }
      if result.mismatchCount != row.mismatchCount {
        faults.append("\(name): \(result.mismatchCount) mismatches, certified \(row.mismatchCount)")
      }
      faults += result.firstMismatches.map { "\(name): \(Self.sentence($0))" }
    }
    bar.finish()
    for fault in faults { console.write("\(path): \(fault)") }
    console.write(
      "\(path): \(certificate.rows.count) policies of '\(certificate.format)' run again over all 4294967296 inputs, "
        + (faults.isEmpty ? "the certificate holds" : "\(faults.count) faults")
    )
    console.write("covers: \(certificate.covers)\ndoes not cover: \(certificate.doesNotCover)")
    if !faults.isEmpty { throw CheckFailure() }
  }

  /// Reads a certificate; files above a megabyte are none.
  static func read(_ path: String) throws -> Certificate {
    let data = try InputFile.contents(of: path, atMost: 1 << 20)
    struct Version: Decodable { let certificateVersion: Int }
    do {
      // The version first: another layout need not decode.
      let version = try JSONDecoder().decode(Version.self, from: data).certificateVersion
      guard version == Certificate.currentVersion else {
        throw CertificateError.otherVersion(file: path, found: version, known: Certificate.currentVersion)
      }
      let certificate = try JSONDecoder().decode(Certificate.self, from: data)
      guard !certificate.rows.isEmpty else {
        throw CertificateError.malformed(file: path, reason: "it has no rows")
      }
      return certificate
    } catch let error as CertificateError {
      throw error
    } catch DecodingError.keyNotFound(let key, _) {
      throw CertificateError.malformed(file: path, reason: "the key '\(key.stringValue)' is missing")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw CertificateError.malformed(file: path, reason: "'\(place)' has the wrong type")
    } catch {
      throw CertificateError.malformed(
        file: path,
        reason: "it is no whole JSON document, or a number is out of range"
      )
    }
  }

  static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    return values.sorted()[values.count / 2]
  }

  private static func sentence(_ mismatch: SweepResult.Mismatch) -> String {
    let input = Float(bitPattern: mismatch.bits)
    let bits = String(mismatch.bits, radix: 16)
    return "float32 \(input) (0x\(bits)): expected 0x\(String(mismatch.expected, radix: 16)), "
      + "found 0x\(String(mismatch.found, radix: 16))"
  }
}
