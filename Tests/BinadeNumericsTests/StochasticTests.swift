import BinadeFormats
import BinadeNumerics
import Dispatch
import Testing

@Suite struct CounterGeneratorTests {
  @Test("the known answers of Philox4x32-10")
  func knownAnswers() {
    let ones = UInt32.max
    #expect(
      CounterGenerator.block(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
        == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)
    )
    #expect(
      CounterGenerator.block(counter: SIMD4(repeating: ones), key: SIMD2(repeating: ones))
        == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)
    )
    #expect(
      CounterGenerator.block(
        counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
        key: SIMD2(0xA409_3822, 0x299F_31D0)
      ) == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
    )
  }

  @Test("seed, tensor and element, low halves first, are all that a word depends on")
  func words() {
    let words = CounterGenerator(seed: 0x299F_31D0_A409_3822, tensor: 0x1319_8A2E)
    let block = CounterGenerator.block(
      counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0),
      key: SIMD2(0xA409_3822, 0x299F_31D0)
    )
    #expect(words.word(of: 0x85A3_08D3_243F_6A88) == block.x)
    // Counter and key of the third known answer: all four words of a block, the step among the counter's.
    let stepped = CounterGenerator(seed: 0x299F_31D0_A409_3822, tensor: 0x1319_8A2E, step: 0x0370_7344)
    #expect(
      stepped.words(ofBlock: 0x85A3_08D3_243F_6A88)
        == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
    )
    #expect(stepped.word(of: 0x85A3_08D3_243F_6A88) == 0xD16C_FE09)
    #expect(CounterGenerator().word(of: 0) == 0x6627_E8D5)
  }
}

@Suite struct StochasticCodecTests {
  static let variants = StochasticRounding.Variant.allCases

  /// Numbers of all magnitudes, and numbers in the middle of things.
  static let inputs: [Float] =
    (0..<4000).map { Float(bitPattern: UInt32(truncatingIfNeeded: $0 &* 0x9E37_79B9 &+ 77)) }
    + (0..<4000).map { (Float($0) - 2000) * 0.0137 }
    + [0, -0.0, .infinity, -.infinity, .nan, 448, 460, 464, 480, -479, 1e-30, -1e-30]

  @Test("hand-computed counts: 1.03 and 1.0625 between 1 and 1.125 of float8_e4m3fn with 2 bits")
  func byHand() throws {
    let format = try FormatCatalog().format(named: "float8_e4m3fn")
    func count(_ value: Double, _ variant: StochasticRounding.Variant) throws -> UInt64 {
      let rounding = StochasticRounding(bitCount: 2, variant: variant)
      let outcome = try StochasticCodec(format, rounding: rounding).reference.outcome(of: value)
      #expect(outcome.inner & 0x7F == 0x38 && outcome.outer & 0x7F == 0x39)
      return outcome.awayCount
    }
    // 4Δ = 0.96, 2, 1.5, 2.5 and 3.5.
    for sign in [1.0, -1] {
      #expect(try Self.variants.map { try count(sign * 1.03, $0) } == [0, 1, 1])
      #expect(try Self.variants.map { try count(sign * 1.0625, $0) } == [2, 2, 2])
      #expect(try Self.variants.map { try count(sign * (1 + 0.125 * 0.375), $0) } == [1, 2, 2])
      #expect(try Self.variants.map { try count(sign * (1 + 0.125 * 0.625), $0) } == [2, 3, 2])
      #expect(try Self.variants.map { try count(sign * (1 + 0.125 * 0.875), $0) } == [3, 4, 4])
    }
  }

  @Test("overflow, underflow, ends and special inputs")
  func edges() throws {
    let catalog = try FormatCatalog()
    let rounding = StochasticRounding(bitCount: 8)
    let e5m2 = try StochasticCodec(
      try catalog.format(named: "float8_e5m2"),
      rounding: rounding,
      overflow: .ieee
    ).reference
    // 57344 is the greatest value, 65536 would be the next.
    #expect(e5m2.outcome(of: 61440).awayCount == 128)
    #expect(e5m2.outcome(of: 61440).outer == 0x7C)
    #expect(e5m2.outcome(of: 65536).awayCount == 0 && e5m2.encode(65536, word: 0) == 0x7C)
    #expect(e5m2.encode(-1e300, word: 0) == 0xFC && e5m2.encode(.nan, word: 3) == 0x7E)
    #expect(e5m2.encode(-0x1p-40, word: 0) == 0x80 && e5m2.encode(-0.0, word: 255) == 0x80)
    let posit = try StochasticCodec(try catalog.format(named: "posit8"), rounding: rounding)
    #expect(posit.encode(1e-30, word: 0) == 1 && posit.encode(-1e-30 as Float, word: 255) == 0xFF)
    let wide = try StochasticCodec(try catalog.format(named: "float32"), rounding: rounding, overflow: .ieee)
    #expect(wide.reference.outcome(of: 1 + 0x1p-25).awayCount == 64)
    #expect(wide.reference.outcome(of: 0x1p-151).awayCount == 64)
    #expect(throws: FormatError.self) {
      try StochasticCodec(catalog.format(named: "int4"), rounding: rounding, overflow: .wrap)
    }
  }

  @Test("between neighbours of both signs the place runs from the lower to the upper one")
  func straddling() throws {
    let format = try CodebookFormat(info: FormatInfo(name: "pm", bitWidth: 1), values: [-1, 3])
    let encoder = StochasticEncoder(
      ladder: try format.makeLadder(),
      rounding: StochasticRounding(bitCount: 2, variant: .a)
    )
    #expect(encoder.outcome(of: 0).awayCount == 1)
    #expect(encoder.outcome(of: -0.5).inner == 0 && encoder.outcome(of: 2.5).outer == 1)
    #expect(encoder.outcome(of: 2.5).awayCount == 3)
  }

  @Test("magnitudes 2,000 binades apart, and places that no Double holds")
  func exactness() throws {
    let format = try CodebookFormat(
      info: FormatInfo(name: "wide", bitWidth: 2),
      values: [0x1p-900, 1, 3, 0x1p900]
    )
    let encoder = StochasticEncoder(
      ladder: try format.makeLadder(),
      rounding: StochasticRounding(bitCount: 1, variant: .a)
    )
    // Half of 1 - 2^-900 is just below 1/2, and half-way is beyond it by 2^-901: no Double in between.
    #expect(encoder.outcome(of: 0.5).awayCount == 0)
    #expect(encoder.outcome(of: 0.5.nextUp).awayCount == 1)
    #expect(encoder.outcome(of: 2.0.nextDown).awayCount == 0)
    #expect(encoder.outcome(of: 2).awayCount == 1)
    #expect(encoder.outcome(of: 0x1p899).awayCount == 0)
    #expect(encoder.outcome(of: 0x1p899.nextUp).awayCount == 1)
  }

  @Test(
    "the compiled codec equals its reference twin",
    arguments: [
      "int4", "uint8", "q3.4", "float8_e4m3fn", "float8_e8m0fnu", "float8_e5m2fnuz", "lns4.3", "nf4",
      "posit8",
      "takum8", "float16", "bfloat16", "posit16", "lns6.9", "tf32", "binary8p1uf",
    ]
  )
  func twins(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    for variant in Self.variants {
      for bits in [1, 8, 23, 32] {
        let codec = try StochasticCodec(
          format,
          rounding: StochasticRounding(bitCount: bits, variant: variant),
          overflow: .ieee
        )
        let words = CounterGenerator(seed: 5, tensor: 1)
        var wrong: [Float] = []
        for (index, value) in Self.inputs.enumerated() {
          let word = words.word(of: UInt64(index))
          let expected = codec.reference.encode(Double(value), word: word)
          if codec.encode(value, word: word) != expected
            || codec.encode(Double(value), word: word) != expected
          {
            wrong.append(value)
          }
        }
        #expect(wrong.isEmpty, "\(variant), \(bits) bits: \(wrong.count) inputs, first \(wrong.prefix(5))")
      }
    }
  }

  /// Codes of `inputs` in pieces of one size, on so many threads.
  private func codes(_ codec: StochasticCodec, _ input: [Float], piece: Int, threads: Int) -> [UInt16] {
    let words = CounterGenerator(seed: 42, tensor: 3)
    var result = [UInt16](repeating: 0, count: input.count)
    input.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { target in
        // Each piece is written by one thread.
        nonisolated(unsafe) let (source, target) = (source, target)
        let pieceCount = (source.count + piece - 1) / piece
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
          for index in stride(from: thread, to: pieceCount, by: threads) {
            let range = index * piece..<min((index + 1) * piece, source.count)
            guard let base = target.baseAddress else { return }
            codec.encode(
              UnsafeBufferPointer(rebasing: source[range]),
              words: words,
              firstElement: UInt64(range.lowerBound),
              into: base + range.lowerBound
            )
          }
        }
      }
    }
    return result
  }

  @Test(
    "the same codes on 1, 2 and 7 threads and in any pieces",
    arguments: ["float8_e4m3fn", "nf4", "float16"]
  )
  func threads(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    let codec = try StochasticCodec(format, rounding: StochasticRounding(), overflow: .ieee)
    let expected = Self.inputs.enumerated().map { index, value in
      UInt16(codec.encode(value, word: CounterGenerator(seed: 42, tensor: 3).word(of: UInt64(index))))
    }
    for threads in [1, 2, 7] {
      for piece in [1, 37, 1000, Self.inputs.count] {
        #expect(codes(codec, Self.inputs, piece: piece, threads: threads) == expected)
      }
    }
    var rounded = Self.inputs
    rounded.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      codec.roundTrip(
        UnsafeBufferPointer(buffer),
        words: CounterGenerator(seed: 42, tensor: 3),
        into: base
      )
    }
    #expect(
      zip(rounded, expected).allSatisfy { value, code in
        value == codec.decode(UInt32(code)) || value.isNaN
      }
    )
  }

  @Test("the mean of many roundings is the number")
  func mean() throws {
    let codec = try StochasticCodec(
      try FormatCatalog().format(named: "int4"),
      rounding: StochasticRounding(bitCount: 16)
    )
    let words = CounterGenerator(seed: 1)
    let total = (0..<UInt64(100_000)).reduce(0) { sum, element in
      sum + codec.decode(codec.encode(Float(2.3), word: words.word(of: element)))
    }
    // The standard deviation of the mean is 0.00145.
    #expect(abs(total / 100_000 - 2.3) < 0.007)
  }
}
