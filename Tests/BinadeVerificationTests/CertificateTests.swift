import BinadeFormats
import BinadeKernels
import BinadeNumerics
import BinadeVerification
import Foundation
import Testing

/// Proofs over all inputs, and the certificates that keep them.
@Suite struct CertificateTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "certificates")

  static func certificates() throws -> [(file: String, certificate: Certificate)] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
      .map { ($0.lastPathComponent, try JSONDecoder().decode(Certificate.self, from: Data(contentsOf: $0))) }
  }

  /// Formats that certificates/README.md says are still to be certified.
  static func pending() throws -> Set<String> {
    let text = try String(contentsOf: folder.appending(path: "README.md"), encoding: .utf8)
    guard let start = text.range(of: "Still to be made:") else { return [] }
    // Names have dots: the paragraph ends at an empty line.
    let rest = text[start.upperBound...]
    let paragraph = rest[..<(rest.range(of: "\n\n")?.lowerBound ?? rest.endIndex)]
    return Set(paragraph.matches(of: /`([^`]+)`/).map { String($0.1) })
  }

  @Test(
    "formats with a file are certified to nearest even, without a mismatch, or certificates/README.md names them"
  )
  func complete() throws {
    let certified = Dictionary(
      try Self.certificates().map { ($0.certificate.format, $0.certificate) },
      uniquingKeysWith: { first, _ in first }
    )
    let names = Set(try FormatCatalog().formats.map(\.name))
    #expect(try names.subtracting(certified.keys) == Self.pending())
    for format in try FormatCatalog().formats {
      guard let certificate = certified[format.name] else { continue }
      try certificate.validate(against: format, file: format.name)
      let rules = Set(certificate.rows.map(\.rounding))
      #expect(certificate.rows.count == rules.count * OverflowRule.universal.count)
      #expect(rules.contains("nearestEven"))
      for row in certificate.rows {
        #expect(row.mismatchCount == 0 && row.checkedCount == 1 << 32)
        let paths = row.converters.map(\.path)
        #expect(Set(paths).count == paths.count)
        // Where there is a closed form, the rows of all instruction sets were swept.
        let rows = paths.filter { $0.hasPrefix("closed form") }
        #expect(rows.isEmpty || rows == ["avx512", "avx2", "portable"].map { "closed form, \($0)" })
      }
    }
  }

  @Test("a few certificates hold again: MPFR's steps, and the codec at both sides of each")
  func recheck() throws {
    let all = try Self.certificates()
    try #require(!all.isEmpty)
    // A random few, the same ones until the seed changes: a failure can be run again.
    let words = CounterGenerator(seed: 0x2026_1121)
    for index in 0..<6 {
      let word = Int(words.word(of: UInt64(index)))
      let (file, certificate) = all[word % all.count]
      let format = try FormatCatalog().format(named: certificate.format)
      guard format.bitWidth <= 16 else { continue }
      let row = certificate.rows[word / all.count % certificate.rows.count]
      let policy = try row.policy(file: file)
      let steps = try OracleSteps(format, policy: policy)
      #expect(steps.fingerprint.description == row.stepFingerprint, "\(file): \(policy)")
      for bulk in BulkCodec.rows(of: try FormatCodec(format, policy: policy)) {
        let result = ExhaustiveSweep(steps).runAtEdges(bulk)
        #expect(result.mismatchCount == 0 && result.checkedCount > 0, "\(file): \(result.firstMismatches)")
      }
    }
  }

  @Test("all 2^32 inputs of one format; the result does not depend on the number of threads")
  func exhaustive() throws {
    let format = try FormatCatalog().format(named: "posit8")
    let policy = ConversionPolicy(rounding: .nearestEven, overflow: .ieee)
    let proof = ConversionProof(format, steps: try OracleSteps(format, policy: policy))
    let codec = try FormatCodec(format, policy: policy)
    // Ties away differ at half of the boundaries between the 127 magnitudes of each sign.
    let wrong = try FormatCodec(format, policy: ConversionPolicy(rounding: .nearestAway, overflow: .ieee))
    let found = proof.run([BulkCodec(codec), BulkCodec(wrong)], threads: 2)
    #expect(found[0].encode.checkedCount == 1 << 32 && found[0].mismatchCount == 0)
    #expect(found[0].roundTrip.checkedCount == 1 << 32)
    #expect(found[1].encode.mismatchCount == 126 && found[1].roundTrip.mismatchCount == 126)
    let part = 0x3F00..<0x4000
    #expect(
      proof.run([codec, BulkCodec(wrong)], threads: 2, chunks: part)
        == proof.run([codec, BulkCodec(wrong)], threads: 7, chunks: part)
    )
  }

  @Test("the steps of MPFR and those of the codec are two derivations of one function")
  func steps() throws {
    for name in ["posit16", "float8_e8m0fnu", "takum8", "lns4.3_linear"] {
      let format = try FormatCatalog().format(named: name)
      for rule in RoundingRule.allCases {
        let policy = ConversionPolicy(rounding: rule, overflow: .ieee)
        let steps = try OracleSteps(format, policy: policy)
        #expect(steps.steps.first?.start == 0)
        #expect(
          zip(steps.steps, steps.steps.dropFirst()).allSatisfy { $0.start < $1.start && $0.code != $1.code }
        )
        #expect(ExhaustiveSweep(steps).runAtEdges(try FormatCodec(format, policy: policy)).mismatchCount == 0)
      }
    }
  }

  @Test(
    "between the steps MPFR says the same: 2^16 inputs of one format of each family",
    arguments: [
      "float8_e5m2", "int8", "q3.4", "posit16", "takum16", "lns6.9", "nf4", "binary8p3ue", "bfloat16",
    ]
  )
  func between(name: String) throws {
    for rule in [RoundingRule.nearestEven, .up, .toOdd] {
      let audit = try Audit(
        FormatCatalog().format(named: name),
        policy: ConversionPolicy(rounding: rule, overflow: .ieee)
      )
      let steps = try OracleSteps(audit.format, policy: audit.policy)
      let inputs = AuditInputs.floats(steps).filter { !$0.isNaN }
      let cases = audit.cases(
        inputs.map { Double($0) },
        found: inputs.map { steps.code(at: OracleSteps.place(of: $0)) }
      )
      #expect(cases.count > 60_000 && cases.allSatisfy { $0.found == $0.expected })
    }
  }

  @Test("what cannot be certified says so")
  func refused() throws {
    let wide = try FormatCatalog().format(named: "posit32")
    #expect(throws: CertificateError.notCertifiable(format: "posit32", bitWidth: 32)) {
      try OracleSteps(wide, policy: ConversionPolicy())
    }
    let int8 = try FormatCatalog().format(named: "int8")
    #expect(throws: CertificateError.self) {
      try OracleSteps(int8, policy: ConversionPolicy(overflow: .wrap))
    }
    var certificate = Certificate(format: int8, rows: [], command: "", binadeVersion: "")
    #expect(throws: CertificateError.self) { try certificate.validate(against: int8, file: "x.json") }
    certificate.tableFingerprint = "0"
    #expect(throws: CertificateError.self) { try certificate.validate(against: int8, file: "x.json") }
    certificate.certificateVersion = 7
    #expect(throws: CertificateError.otherVersion(file: "x.json", found: 7, known: 2)) {
      try certificate.validate(against: int8, file: "x.json")
    }
  }

  @Test("the fingerprint of an empty text and of a word, by hand")
  func fingerprint() {
    #expect(Fingerprint().description == "cbf29ce484222325")
    var word = Fingerprint()
    for byte: UInt8 in [0x66, 0x6F, 0x6F, 0x62, 0x61, 0x72] { word.add(byte: byte) }
    // The FNV-1a test vector of "foobar".
    #expect(word.description == "85944171f73967e8")
  }
}
