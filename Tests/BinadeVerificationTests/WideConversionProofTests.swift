import BinadeFormats
import BinadeKernels
import BinadeNumerics
import BinadeVerification
import Testing

/// Proofs of formats of more than 16 bits, on stretches of inputs; whole ones are certificates.
@Suite struct WideConversionProofTests {
  static let names = [
    "float32", "tf32", "q15.16", "posit32", "posit20", "takum32", "takum_linear32", "takum_linear24",
  ]

  /// Zero, the least and the greatest inputs, NaNs, 1 and both sides of powers, of both signs.
  static let places: [Float] = [
    0, 0x1p-126, 0x1p-60, 0x1p-17, 0.9999, 1, 1.5, 3.7, 0x1p7, 32767.9, 0x1p40, 0x1p119,
    .greatestFiniteMagnitude,
  ]
  static var chunks: [Int] {
    let positive = places.map { Int($0.bitPattern >> 16) } + [0x7F80, 0x7FFF]
    return positive + positive.map { $0 | 0x8000 }
  }

  @Test("stretches of every family agree with MPFR under both rules", arguments: names)
  func agrees(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    for rule in WideConversionProof.rules {
      let policy = ConversionPolicy(rounding: rule)
      let proof = try WideConversionProof(format, policy: policy)
      let converters = FormatProof.converters(of: try FormatCodec(format, policy: policy))
      for chunk in Self.chunks {
        let outcomes = try proof.run(converters, threads: 2, chunks: chunk..<chunk + 1).outcomes
        for outcome in outcomes {
          #expect(outcome.encode.checkedCount == 1 << 16 && outcome.roundTrip.checkedCount == 1 << 16)
          #expect(outcome.mismatchCount == 0, "\(rule) \(chunk): \(outcome)")
        }
      }
    }
  }

  @Test("a codec of another rule is found wrong where the rules differ, input by input", arguments: names)
  func otherRule(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    let proof = try WideConversionProof(format, policy: ConversionPolicy(rounding: .nearestEven))
    let other = try FormatCodec(format, policy: ConversionPolicy(rounding: .towardZero))
    let right = try FormatCodec(format, policy: ConversionPolicy(rounding: .nearestEven))
    for place: Float in [0x1.8p-3, -0x1.8p-3, 0x1p70] {
      let chunk = Int(place.bitPattern >> 16)
      let outcome = try proof.run([other], threads: 1, chunks: chunk..<chunk + 1).outcomes[0]
      let differing = (0..<UInt32(1 << 16)).filter {
        let input = Float(bitPattern: UInt32(chunk) << 16 | $0)
        return other.encode(input) != right.encode(input)
      }
      #expect(outcome.encode.mismatchCount == UInt64(differing.count))
      #expect(outcome.encode.firstMismatches.map { $0.bits & 0xFFFF } == Array(differing.prefix(5)))
    }
  }

  @Test(
    "wide posits and takums are cut off as the reference encoder rounds",
    arguments: ["posit32", "posit20", "takum32", "takum_linear24"]
  )
  func twins(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    var bits = stride(from: UInt64(0), to: 1 << 32, by: 1_500_007).map { UInt32($0) }
    for field in 0..<UInt32(256) {
      let start = field << 23
      bits += [start, start | 1, start | 0x8000_0001]
    }
    for rule in RoundingRule.allCases {
      let codec = try FormatCodec(format, policy: ConversionPolicy(rounding: rule))
      #expect(codec.path == "bit string")
      for bits in bits {
        let input = Float(bitPattern: bits)
        #expect(codec.encode(input) == codec.reference.encode(Double(input)), "\(rule) \(input)")
      }
    }
  }

  @Test("what has no proof says so")
  func refused() throws {
    let posit = try FormatCatalog().format(named: "posit32")
    #expect(throws: CertificateError.noWideProof(format: "posit32", rounding: "up")) {
      try WideConversionProof(posit, policy: ConversionPolicy(rounding: .up))
    }
    #expect(throws: CertificateError.notCertifiable(format: "int8", bitWidth: 8)) {
      try WideConversionProof(FormatCatalog().format(named: "int8"), policy: ConversionPolicy())
    }
    #expect(FormatProof.rules(RoundingRule.allCases, for: posit) == WideConversionProof.rules)
  }
}
