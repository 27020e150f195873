import BinadeFormats
import BinadeKernels
import BinadeNumerics
import BinadeVerification
import Testing

/// The proof runs what commands and layers run, and sees a fault in any part of it.
@Suite struct ConversionProofTests {
  static func proof(_ name: String, _ policy: ConversionPolicy = ConversionPolicy()) throws
    -> (proof: ConversionProof, codec: FormatCodec)
  {
    let format = try FormatCatalog().format(named: name)
    return (
      ConversionProof(format, steps: try OracleSteps(format, policy: policy)),
      try FormatCodec(format, policy: policy)
    )
  }

  @Test("every row of kernels that the machine has is named, and the scalar codec")
  func converters() throws {
    let codec = try FormatCodec(FormatCatalog().format(named: "int4"))
    let paths = FormatProof.converters(of: codec).map(\.path)
    #expect(paths.first == "table" && paths.last == "closed form, portable")
    #expect(paths.contains("closed form, avx2") == CPUFeatures.detected.contains(.avx2))
    #expect(paths.contains("closed form, avx512") == CPUFeatures.detected.contains(.avx512))
    let posit = FormatProof.converters(of: try FormatCodec(FormatCatalog().format(named: "posit8")))
    #expect(posit.map(\.path) == ["table", "buckets"])
  }

  /// Kernels of a row with one input encoded or rounded wrongly; what they do is set by global C functions, so the wrong
  /// input is a constant.
  static func planted(_ row: CodecRow, encode: Bool) -> CodecRow {
    var wrong = row
    if encode {
      wrong.encode = { input, count, form, scaling, bytes, codes in
        CodecRow.select(.detected).encode(input, count, form, scaling, bytes, codes)
        guard let input, let codes else { return }
        for index in 0..<count where input[index].bitPattern == 0x3F81_0045 {
          codes.assumingMemoryBound(to: UInt8.self)[index] ^= 1
        }
      }
    } else {
      wrong.round = { input, count, form, scaling, values in
        CodecRow.select(.detected).round(input, count, form, scaling, values)
        guard let input, let values else { return }
        // Wrong only next to a number that is not small: the path of mixed pieces.
        for index in 0..<count where input[index].bitPattern == 0x3F81_0045 && index > 0 && index < 256 {
          if input[0] == .infinity { values[index] = 99 }
        }
      }
    }
    return wrong
  }

  @Test(
    "a bug planted in one row of kernels turns the proof red, in encoding and in the path of mixed pieces alone"
  )
  func plantedInRow() throws {
    let (proof, codec) = try Self.proof("int4")
    let row = CodecRow.select(.detected)
    let right = BulkCodec(codec, row: row)
    let wrongCode = BulkCodec(codec, row: Self.planted(row, encode: true))
    let wrongValue = BulkCodec(codec, row: Self.planted(row, encode: false))
    let outcomes = proof.run([right, wrongCode, wrongValue], threads: 2, chunks: 0x3F00..<0x4000)
    #expect(outcomes[0].mismatchCount == 0)
    #expect(outcomes.allSatisfy { $0.encode.checkedCount == 1 << 24 })
    #expect(outcomes[1].encode.firstMismatches.first?.bits == 0x3F81_0045)
    #expect(outcomes[1].roundTrip.mismatchCount == 0 && outcomes[1].decode.mismatchCount == 0)
    #expect(outcomes[2].encode.mismatchCount == 0)
    #expect(outcomes[2].roundTrip.firstMismatches.map(\.bits) == [0x3F81_0045])
    #expect(outcomes.allSatisfy { $0.decode.checkedCount == 48 })
  }

  /// A codec that decodes one code wrongly.
  struct WrongDecoder: BulkConverter {
    let codec: BulkCodec
    var path: String { "wrong" }
    func sharedPieceLength(least: Float) -> Int? { nil }
    func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt8>) {
      codec.convert(input, into: codes)
    }
    func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt16>) {
      codec.convert(input, into: codes)
    }
    func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt32>) {
      codec.convert(input, into: codes)
    }
    func roundTrip(_ input: UnsafeBufferPointer<Float>, into values: UnsafeMutablePointer<Float>) {
      codec.roundTrip(input, into: values)
    }
    func values(of codes: [UInt32], byteCount: Int) -> [Float] {
      var values = codec.values(of: codes, byteCount: byteCount)
      if byteCount == 2 { values[5] = -values[5] }
      return values
    }
  }

  @Test("a code decoded wrongly in one width is found")
  func plantedInDecoder() throws {
    let (proof, codec) = try Self.proof("nf4", ConversionPolicy(rounding: .down))
    let outcome = proof.run(
      [WrongDecoder(codec: BulkCodec(codec))],
      threads: 2,
      chunks: 0x3F00..<0x4000
    )[0]
    #expect(outcome.encode.mismatchCount == 0 && outcome.roundTrip.mismatchCount == 0)
    #expect(outcome.decode.mismatchCount == 1 && outcome.decode.firstMismatches.first?.bits == 5)
  }

  @Test("policies that run the same code on the same tables are swept once, others each on its own")
  func shared() throws {
    let rows = try FormatProof(FormatCatalog().format(named: "nf4"), threads: 2).run(
      OverflowRule.universal.map { ConversionPolicy(rounding: .nearestEven, overflow: $0) },
      chunks: 0x3F00..<0x4000
    ).map(\.row)
    #expect(rows.map(\.overflow) == ["ieee", "saturate"])
    #expect(rows[0].converters.allSatisfy { $0.sweptUnder == nil })
    #expect(rows[1].converters.allSatisfy { $0.sweptUnder == "ieee" })
    let catalog = try FormatCatalog()
    func codec(_ name: String, _ overflow: OverflowRule) throws -> BulkCodec {
      BulkCodec(
        try FormatCodec(catalog.format(named: name), policy: ConversionPolicy(overflow: overflow))
      )
    }
    #expect(try codec("int8", .ieee).isSameConversion(as: codec("int8", .saturate)))
    #expect(try !codec("float8_e5m2", .ieee).isSameConversion(as: codec("float8_e5m2", .saturate)))
    #expect(try !codec("int8", .ieee).isSameConversion(as: codec("int7", .ieee)))
  }
}
