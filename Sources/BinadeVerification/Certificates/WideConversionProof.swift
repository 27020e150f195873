import BinadeKernels
import BinadeNumerics

/// The conversion of all 2^32 Float32 inputs to a format of more than 16 bits, compared with MPFR.
///
/// Steps of such conversions cannot be listed: a 32-bit posit has hundreds of millions. Inputs are taken in chunks of
/// 2^16 neighbours. MPFR decides the codes of the first and the last of a chunk. Where they are the same, monotonicity
/// makes the chunk constant. Otherwise each input must lie within the stretch that rounds to the code it was given,
/// between values and boundaries of ``WideMagnitudes``; chunks at the ends of the range, at zero and at infinity are
/// halved until MPFR has decided every step.
package struct WideConversionProof: Sendable {
  /// The rules there are proofs for.
  package static let rules: [RoundingRule] = [.nearestEven, .towardZero]

  private let format: any NumericFormat
  private let policy: ConversionPolicy

  /// Prepares the comparison of conversions to `format`.
  ///
  /// Throws ``CertificateError`` for formats and rules without such a proof.
  package init(_ format: any NumericFormat, policy: ConversionPolicy) throws {
    guard format.bitWidth > 16, policy.dialect != nil || policy.overflow != .wrap,
      WideMagnitudes(format) != nil
    else { throw CertificateError.notCertifiable(format: format.name, bitWidth: format.bitWidth) }
    guard Self.rules.contains(policy.rounding) else {
      throw CertificateError.noWideProof(format: format.name, rounding: policy.rounding.rawValue)
    }
    _ = try MPFROracle(format, policy: policy)
    self.format = format
    self.policy = policy
  }

  /// What was found.
  package struct Findings: Sendable {
    /// Of each converter; decoding is compared on the codes that inputs become, as part of the round trip.
    package var outcomes: [ConversionProof.Outcome]
    /// Chunks' first and last codes, by MPFR.
    package var fingerprint: Fingerprint
  }

  /// Runs every converter over all inputs; the result does not depend on the number of threads.
  ///
  /// `chunks`: upper halves of the inputs' bit patterns; all of them for a proof.
  /// `advance`: called from any thread with a number of chunks of 2^16 inputs just done.
  package func run(
    _ converters: [any BulkConverter],
    threads: Int,
    chunks: Range<Int> = 0..<1 << 16,
    advance: @Sendable (Int) -> Void = { _ in }
  ) throws -> Findings {
    let pieceLength = 64
    let pieces = (chunks.count + pieceLength - 1) / pieceLength
    let parts = ParallelLoop.map(count: pieces, threads: threads) { piece in
      Result {
        let sweep = try WideSweep(format, policy: policy, converters: converters)
        let first = chunks.lowerBound + piece * pieceLength
        for chunk in first..<min(first + pieceLength, chunks.upperBound) { sweep.run(chunk: chunk) }
        advance(pieceLength)
        return (sweep.outcomes, sweep.ends)
      }
    }
    var findings = Findings(
      outcomes: converters.map { ConversionProof.Outcome(path: $0.path) },
      fingerprint: Fingerprint()
    )
    for part in parts {
      let (outcomes, ends) = try part.get()
      for (index, outcome) in outcomes.enumerated() {
        findings.outcomes[index].encode += outcome.encode
        findings.outcomes[index].roundTrip += outcome.roundTrip
      }
      for end in ends { findings.fingerprint.add(UInt64(end)) }
    }
    return findings
  }
}
