import BinadeKernels
import BinadeNumerics

/// The proof that the conversions of one format are right: all float32 inputs, all converters that commands and layers
/// may run on this machine.
package struct FormatProof: Sendable {
  /// One policy's part of it.
  package struct Finding: Sendable {
    /// For the certificate.
    package let row: Certificate.Row
    /// With the first mismatches.
    package let outcomes: [ConversionProof.Outcome]
  }

  private let format: any NumericFormat
  private let threads: Int

  /// Prepares the proof of `format`.
  package init(_ format: any NumericFormat, threads: Int) {
    self.format = format
    self.threads = threads
  }

  /// Whether there is such a proof of a format.
  package static func exists(for format: any NumericFormat) -> Bool {
    format.bitWidth <= 16 || WideMagnitudes(format) != nil
  }

  /// The rules among `rules` that `format` is proven under.
  package static func rules(_ rules: [RoundingRule], for format: any NumericFormat) -> [RoundingRule] {
    format.bitWidth <= 16 ? rules : rules.filter { WideConversionProof.rules.contains($0) }
  }

  /// What is run: every row of the bulk codec, and the scalar codec where that is not what the only row calls.
  package static func converters(of codec: FormatCodec) -> [any BulkConverter] {
    converters(of: codec, rows: BulkCodec.rows(of: codec))
  }

  private static func converters(of codec: FormatCodec, rows: [BulkCodec]) -> [any BulkConverter] {
    rows.contains { $0.runsCodec } ? rows : [codec] + rows
  }

  private struct Compiled {
    let policy: ConversionPolicy
    let codec: FormatCodec
    let rows: [BulkCodec]
    let steps: OracleSteps?

    func isSameConversion(as other: Compiled) -> Bool {
      steps == other.steps && codec.isSameConversion(as: other.codec) && rows.count == other.rows.count
        && zip(rows, other.rows).allSatisfy { $0.isSameConversion(as: $1) }
    }
  }

  /// Proves `policies`, each on its own or together with one before it that runs the same code on the same tables.
  ///
  /// `chunks`: upper halves of the inputs' bit patterns; all of them for a proof.
  /// `advance`: called from any thread with a number of chunks of 2^16 inputs just done, 2^16 for each policy.
  ///
  /// Throws `FormatError` for a format without a ladder, ``CertificateError`` where there is no proof.
  package func run(
    _ policies: [ConversionPolicy],
    chunks: Range<Int> = 0..<1 << 16,
    advance: @Sendable (Int) -> Void = { _ in }
  ) throws -> [Finding] {
    let compiled = try ParallelLoop.map(count: policies.count, threads: threads) { index in
      Result { try compile(policies[index]) }
    }.map { try $0.get() }
    var findings: [Finding] = []
    for (index, subject) in compiled.enumerated() {
      if let same = compiled[..<index].firstIndex(where: { subject.isSameConversion(as: $0) }) {
        let row = findings[same].row
        findings.append(
          Finding(
            row: row.repeated(under: policies[index]),
            outcomes: findings[same].outcomes
          )
        )
        advance(1 << 16)
      } else {
        findings.append(try prove(subject, chunks, advance))
      }
    }
    return findings
  }

  private func compile(_ policy: ConversionPolicy) throws -> Compiled {
    let codec = try FormatCodec(format, policy: policy)
    return Compiled(
      policy: policy,
      codec: codec,
      rows: BulkCodec.rows(of: codec),
      steps: format.bitWidth <= 16 ? try OracleSteps(format, policy: policy) : nil
    )
  }

  private func prove(
    _ subject: Compiled,
    _ chunks: Range<Int>,
    _ advance: @Sendable (Int) -> Void
  ) throws -> Finding {
    let converters = Self.converters(of: subject.codec, rows: subject.rows)
    let outcomes: [ConversionProof.Outcome]
    let fingerprint: Fingerprint
    if let steps = subject.steps {
      outcomes = ConversionProof(format, steps: steps)
        .run(converters, threads: threads, chunks: chunks, advance: advance)
      fingerprint = steps.fingerprint
    } else {
      let findings = try WideConversionProof(format, policy: subject.policy)
        .run(converters, threads: threads, chunks: chunks, advance: advance)
      (outcomes, fingerprint) = (findings.outcomes, findings.fingerprint)
    }
    let row = Certificate.Row(
      policy: subject.policy,
      stepCount: subject.steps?.steps.count,
      fingerprint: fingerprint,
      outcomes: outcomes
    )
    return Finding(row: row, outcomes: outcomes)
  }
}

extension Certificate.Row {
  /// The same findings for a policy that runs the same code on the same tables.
  fileprivate func repeated(under policy: ConversionPolicy) -> Certificate.Row {
    var row = self
    row.rounding = policy.rounding.rawValue
    row.overflow = policy.overflowName
    for index in row.converters.indices where row.converters[index].sweptUnder == nil {
      row.converters[index].sweptUnder = overflow
    }
    return row
  }
}
