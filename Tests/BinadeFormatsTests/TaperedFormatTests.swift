import BinadeFormats
import BinadeNumerics
import Testing

/// Values worked by hand from the definitions of posits and takums.
@Suite struct TaperedFormatTests {
  @Test("32-bit posits: 1, the least and greatest values, pi of the 2022 standard's encoding")
  func posit32() throws {
    let codec = try FormatCodec(FormatCatalog().format(named: "posit32"))
    #expect(codec.encode(1.0) == 0x4000_0000)
    #expect(codec.decode(0x7FFF_FFFF) == 0x1p120)
    #expect(codec.decode(1) == 0x1p-120)
    // pi = 2·(1 + 0.5707963267948966): sign 0, regime 10, exponent 01, 27 fraction bits 0.5707963... = 0x490FDAA.
    #expect(codec.encode(Double.pi) == 0b0_10_01 << 27 | 0x0490_FDAA)
    #expect(codec.encode(-Double.pi) == UInt32(0) &- (0b0_10_01 << 27 | 0x0490_FDAA))
    #expect(codec.encode(1e-300) == 1 && codec.encode(-1e300) == 0x8000_0001)
    #expect(codec.encode(Double.infinity) == 0x8000_0000)
  }

  @Test("linear takums: the regime, the characteristic and the padding of narrow ones")
  func linearTakum() throws {
    let catalog = try FormatCatalog()
    let wide = try catalog.format(named: "takum_linear16")
    // 0 1 000 then 11 mantissa bits: c = 0.
    #expect(wide.decode(0x4000) == 1)
    #expect(wide.decode(0x4400) == 1.5)
    // 0 1 001 0: r = 1, c = 1 + 0; 0 1 001 1: c = 2.
    #expect(wide.decode(0b0_1_001_0 << 10) == 2)
    #expect(wide.decode(0b0_1_001_1 << 10) == 4)
    // 0 0 111: r = 0, c = -1. 0 0 000 with seven zeros: c = -255.
    #expect(wide.decode(0b0_0_111 << 11) == 0.5)
    #expect(wide.decode(0x0010) == 0x1p-254)
    #expect(wide.decode(0x7FFF) == 0x1p254 * (1 + 15.0 / 16))
    #expect(wide.decode(0x8000).isNaN)
    #expect(wide.decode(0xC000) == -1)
    // Eight bits: 0 0 000 001 is characteristic bits 001 and four zeros of padding: c = -255 + 16.
    let narrow = try catalog.format(named: "takum_linear8")
    #expect(narrow.decode(1) == 0x1p-239)
    #expect(narrow.decode(0x7F) == 0x1p239)
  }

  @Test("logarithmic takums: powers of the square root of e")
  func logarithmicTakum() throws {
    let format = try FormatCatalog().format(named: "takum16")
    #expect(format.decode(0x4000) == 1)
    // c = 1: sqrt(e); c = 2: e, to the last bit of a Double.
    #expect(format.decode(0b0_1_001_0 << 10) == 1.6487212707001282)
    #expect(format.decode(0b0_1_001_1 << 10) == 2.718281828459045)
    #expect(format.decode(0b0_0_111 << 11) == 0.6065306597126334)
  }

  @Test("e8m0: ties to the even code, nothing below 2^-127, no zero")
  func e8m0() throws {
    let format = try FormatCatalog().format(named: "float8_e8m0fnu")
    let ieee = try FormatCodec(format, policy: ConversionPolicy(overflow: .ieee))
    let saturating = try FormatCodec(format, policy: ConversionPolicy(overflow: .saturate))
    #expect(ieee.encode(Float(3)) == 128 && ieee.encode(Float(6)) == 130 && ieee.encode(Float(1.5)) == 128)
    for value: Float in [0, -0.0, -1, 0x1p-128, Float(0x1p-127).nextDown, .nan, -.infinity] {
      #expect(ieee.encode(value) == 255, "\(value)")
      #expect(saturating.encode(value) == (value.isNaN ? 255 : 0), "\(value)")
    }
    #expect(ieee.encode(Float(0x1p-127)) == 0)
    #expect(ieee.encode(Float(0x1.7p127)) == 254 && ieee.encode(Float(0x1.8p127)) == 254)
    #expect(ieee.encode(Float(0x1.8p127).nextUp) == 255 && saturating.encode(Float.infinity) == 254)
  }

  @Test("DLFloat: no subnormals, one symbol for NaN and infinity")
  func dlfloat() throws {
    let format = try FormatCatalog().format(named: "dlfloat16")
    #expect(format.decode(0) == 0 && format.decode(1) == 0x1p-31 * (1 + 0x1p-9))
    #expect(format.decode(0x7FFF).isNaN && format.decode(0x7FFE) == 0x1p32 * (2 - 0x1p-8))
  }

  @Test("HiFloat8: the values of each dot, and the special codes")
  func hiFloat8() throws {
    let format = try FormatCatalog().format(named: "hif8")
    // Exponent ranges and fraction bits of table 1 of the paper; powers of two alone below 2^-15.
    var expected = Set((-22 ... -16).map { Double(sign: .plus, exponent: $0, significand: 1) })
    let dots: [(exponents: [Int], fractionBitCount: Int)] = [
      ([0, 1, -1, 2, 3, -2, -3], 3), (Array(4...7) + (-7 ... -4), 2), (Array(8...15) + (-15 ... -8), 1),
    ]
    for dot in dots {
      for exponent in dot.exponents {
        for step in 0..<1 << dot.fractionBitCount {
          let significand = 1 + Double(step) / Double(1 << dot.fractionBitCount)
          expected.insert(Double(sign: .plus, exponent: exponent, significand: significand))
        }
      }
    }
    // 1.5 · 2^15 is the infinity.
    expected.remove(0x1.8p15)
    let positive = (1...0x7F).map { format.decode(UInt32($0)) }
    #expect(Set(positive.filter(\.isFinite)) == expected)
    #expect(positive.count(where: \.isFinite) == expected.count)
    for code in UInt32(1)...0x7F { #expect(format.decode(code | 0x80) == -format.decode(code)) }
    #expect(format.decode(0) == 0 && format.decode(0x80).isNaN)
    #expect(format.decode(0x6F) == .infinity && format.decode(0xEF) == -.infinity)
    // One code of each dot, read by hand: 0001|000, 001|1|100, 01|10|001, 10|011|10, 11|1111|0, 0000|001.
    let codes: [(UInt32, Double)] = [
      (0b0001_000, 1), (0b001_1_100, 0.75), (0b01_10_001, 0.28125), (0b10_011_10, 192),
      (0b11_1111_0, 0x1p-15), (0b0000_001, 0x1p-22),
    ]
    for (code, value) in codes { #expect(format.decode(code) == value, "\(code)") }
  }

  @Test("HiFloat8 overflows at 1.25 · 2^15 and rounds to the last power of two from 2^-23 on")
  func hiFloat8Ends() throws {
    let format = try FormatCatalog().format(named: "hif8")
    // Ascend rounds ties away from zero; the results are those of Huawei's en_dtypes 0.0.4.
    let codec = try FormatCodec(format, policy: ConversionPolicy(rounding: .nearestAway, overflow: .ieee))
    let cases: [(Float, UInt32)] = [
      (40960, 0x6F), (Float(40960).nextDown, 0x6E), (-1e9, 0xEF), (0x1p-23, 0x01),
      (Float(0x1p-23).nextDown, 0), (-0.0, 0), (15.5, 0x40), (0x1.8p-20, 0x04), (1.0625, 0x09), (.nan, 0x80),
    ]
    for (value, code) in cases { #expect(codec.encode(value) == code, "\(value)") }
    let even = try FormatCodec(format, policy: ConversionPolicy(overflow: .ieee))
    #expect(even.encode(Float(1.0625)) == 0x08 && even.encode(Float(40960)) == 0x6E)
    let saturating = try FormatCodec(format, policy: ConversionPolicy(overflow: .saturate))
    #expect(saturating.encode(Float(1e9)) == 0x6E)
  }

  @Test("formats of other sources, by their ends and special codes")
  func otherSources() throws {
    let catalog = try FormatCatalog()
    let e1m2 = try catalog.format(named: "float4_e1m2fn")
    #expect((0..<8).map { e1m2.decode($0) } == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75])
    let scale = try catalog.format(named: "float8_ue5m3")
    #expect(scale.decode(0xFE) == 114_688 && scale.decode(0xFF).isNaN && scale.decode(1) == 0x1p-17)
    for (name, greatest) in [("float6_e2m3", 3.75), ("float6_e3m2", 14)] {
      let limits = try FormatLimits(of: catalog.format(named: name))
      #expect(
        limits.greatestFiniteMagnitude == greatest && limits.specials.positiveInfinity != nil,
        "\(name)"
      )
    }
    #expect(try FormatLimits(of: catalog.format(named: "int5_narrow")).least == -15)
  }
}
