import BinadeFormats
import BinadeNumerics
import Testing

@Suite struct PrecisionProfileTests {
  func profile(_ name: String, isNonnegative: Bool = false) throws -> PrecisionProfile {
    try PrecisionProfile(
      FormatCatalog().format(named: name).makeLadder(),
      isNonnegative: isNonnegative
    )
  }

  /// By hand: the binades of most fraction bits end at 2^(2^es) for posits, at 2 (about √e) for takums.
  @Test(
    "tapered formats of every width are anchored where their precise binades end",
    arguments: [
      ("posit8", 16), ("posit16", 16), ("posit20", 16), ("posit24", 16), ("posit28", 16), ("posit32", 16),
      ("posit16_es1", 4), ("posit16_es3", 256), ("posit24_es3", 256), ("takum8", 2), ("takum16", 2),
      ("takum32", 2), ("takum_linear8", 2), ("takum_linear16", 2), ("takum_linear24", 2),
      ("takum_linear32", 2),
    ]
  )
  func tapered(name: String, anchor: Double) throws {
    for isNonnegative in [false, true] {
      let profile = try profile(name, isNonnegative: isNonnegative)
      #expect(profile.anchor == anchor)
      #expect(!profile.isUniform && profile.headroomInBinades >= 4)
    }
  }

  @Test(
    "what does not taper keeps its greatest value, of the side that ends first",
    arguments: [
      ("int8", 127.0, true), ("int8_narrow", 127.0, true), ("q3.4", 127.0 / 16, true), ("int2", 1.0, true),
      ("q15.16", 32767 + 65535.0 / 65536, true), ("float8_e4m3fn", 448.0, false),
      ("float8_e5m2", 57344.0, false), ("float6_e3m2fn", 28.0, false), ("float4_e2m1fn", 6.0, false),
      ("nf4", 1.0, false), ("pot4", 1.0, false), ("e5m18", 65535.875, false),
    ]
  )
  func greatest(name: String, anchor: Double, isUniform: Bool) throws {
    let profile = try profile(name)
    #expect(profile.isUniform == isUniform)
    if name != "pot4" { #expect(profile.anchor == anchor) }
    let ladder = try FormatCatalog().format(named: name).makeLadder()
    #expect(profile.anchor == min(-ladder.least.value, ladder.greatest.value))
  }

  @Test("a plateau that leaves float32 is left before: at 2 for 8 exponent bits, products stay within")
  func wideFloats() throws {
    for (exponentBits, significandBits) in [(8, 7), (8, 3), (8, 15), (8, 23), (7, 8), (11, 4), (11, 20)] {
      for values in [BinaryFloatFormat.SpecialValues.finite, .ieee, .finiteNaN] {
        let format = try BinaryFloatFormat(
          info: FormatInfo(name: "wide", bitWidth: 0),
          exponentBitCount: exponentBits,
          significandBitCount: significandBits,
          specialValues: values
        )
        let profile = try PrecisionProfile(format.makeLadder(), isNonnegative: false)
        #expect(profile.anchor == 2, "e\(exponentBits)m\(significandBits) \(values)")
        #expect(profile.headroomInBinades >= 16)
      }
    }
  }

  @Test("the whole catalogue has an anchor among its values or powers of two, normal in float32")
  func catalogue() throws {
    for format in try FormatCatalog().formats where format.info.scaling != .none {
      let ladder = try format.makeLadder()
      // int1 has -1 and 0: nothing for numbers that are never negative, and quantizers refuse it.
      guard ladder.greatest.value > 0 else { continue }
      let profile = PrecisionProfile(ladder, isNonnegative: true)
      #expect(Float(profile.anchor).isNormal, "\(format.name)")
      #expect(profile.anchor <= max(ladder.greatest.value, -ladder.least.value), "\(format.name)")
    }
  }

  @Test(
    "neighbours by interpolation are those by bisection",
    arguments: ["posit32", "takum32", "takum_linear32", "posit20", "takum24"]
  )
  func neighbours(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    let ladder = try format.makeLadder()
    let half = Int64(1) << Int64(format.bitWidth - 1)
    func rung(_ signedCode: Int64) -> Rung {
      let code = UInt32(truncatingIfNeeded: signedCode) & (UInt32.max >> UInt32(32 - format.bitWidth))
      return Rung(code: code, value: format.decode(code), residual: format.residual(code))
    }
    func bisected(_ value: Double) -> (Rung, Rung) {
      var (low, high) = (-half + 1, half - 1)
      while low < high {
        let middle = (low + high + 1) >> 1
        if rung(middle).position(of: value) == .belowBoundary { high = middle - 1 } else { low = middle }
      }
      let lower = rung(low)
      return lower.position(of: value) == .atBoundary ? (lower, lower) : (lower, rung(low + 1))
    }
    var generator = SystemRandomNumberGenerator.seeded(7)
    var values: [Double] = [0, 1, -1, 0x1p-100, -0x1p100, Double.leastNormalMagnitude]
    for _ in 0..<3000 {
      let code = Int64.random(in: -half + 1...half - 1, using: &generator)
      let value = rung(code).value
      values += [
        value, value.nextUp, value.nextDown, value * Double.random(in: 0.9...1.1, using: &generator),
      ]
    }
    values = values.filter { ladder.least.value < $0 && $0 < ladder.greatest.value }
    let wrong = values.filter { value in
      let (found, expected) = (ladder.neighbours(of: value), bisected(value))
      return found.lower != expected.0 || found.upper != expected.1
    }
    #expect(wrong.isEmpty, "\(wrong.count) of \(values.count), \(wrong.prefix(5))")
  }
}

extension SystemRandomNumberGenerator {
  /// Knuth's 64-bit linear congruential generator: the same numbers every time.
  fileprivate static func seeded(_ seed: UInt64) -> some RandomNumberGenerator {
    struct Generator: RandomNumberGenerator {
      var state: UInt64
      mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 31
      }
    }
    return Generator(state: seed)
  }
}
