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
}
