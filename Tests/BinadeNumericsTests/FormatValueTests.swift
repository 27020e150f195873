import BinadeFormats
import BinadeNumerics
import Testing

/// Limits and codes as the standards print them (OCP OFP8, OCP MX, IEEE 754-2019, ml_dtypes), written down by hand.
@Suite struct FormatValueTests {
  struct Row: Sendable {
    let name: String
    let greatest: Double
    let leastNonzero: Double
    let negativeZero: UInt32?
    let infinity: UInt32?
    let nan: UInt32?
  }

  static let rows: [Row] = [
    Row(
      name: "float16",
      greatest: 65504,
      leastNonzero: 0x1p-24,
      negativeZero: 0x8000,
      infinity: 0x7C00,
      nan: 0x7E00
    ),
    Row(
      name: "bfloat16",
      greatest: 255 * 0x1p120,
      leastNonzero: 0x1p-133,
      negativeZero: 0x8000,
      infinity: 0x7F80,
      nan: 0x7FC0
    ),
    Row(
      name: "float8_e5m2",
      greatest: 57344,
      leastNonzero: 0x1p-16,
      negativeZero: 0x80,
      infinity: 0x7C,
      nan: 0x7E
    ),
    Row(
      name: "float8_e5m2fnuz",
      greatest: 57344,
      leastNonzero: 0x1p-17,
      negativeZero: nil,
      infinity: nil,
      nan: 0x80
    ),
    Row(
      name: "float8_e4m3fn",
      greatest: 448,
      leastNonzero: 0x1p-9,
      negativeZero: 0x80,
      infinity: nil,
      nan: 0x7F
    ),
    Row(
      name: "float8_e4m3fnuz",
      greatest: 240,
      leastNonzero: 0x1p-10,
      negativeZero: nil,
      infinity: nil,
      nan: 0x80
    ),
    Row(
      name: "float8_e4m3b11fnuz",
      greatest: 30,
      leastNonzero: 0x1p-13,
      negativeZero: nil,
      infinity: nil,
      nan: 0x80
    ),
    Row(
      name: "float8_e4m3",
      greatest: 240,
      leastNonzero: 0x1p-9,
      negativeZero: 0x80,
      infinity: 0x78,
      nan: 0x7C
    ),
    Row(
      name: "float8_e3m4",
      greatest: 15.5,
      leastNonzero: 0x1p-6,
      negativeZero: 0x80,
      infinity: 0x70,
      nan: 0x78
    ),
    Row(
      name: "float6_e3m2fn",
      greatest: 28,
      leastNonzero: 0x1p-4,
      negativeZero: 0x20,
      infinity: nil,
      nan: nil
    ),
    Row(
      name: "float6_e2m3fn",
      greatest: 7.5,
      leastNonzero: 0x1p-3,
      negativeZero: 0x20,
      infinity: nil,
      nan: nil
    ),
    Row(name: "float4_e2m1fn", greatest: 6, leastNonzero: 0.5, negativeZero: 8, infinity: nil, nan: nil),
    Row(
      name: "tf32",
      greatest: 2047 * 0x1p117,
      leastNonzero: 0x1p-136,
      negativeZero: 0x40000,
      infinity: 0x3FC00,
      nan: 0x3FE00
    ),
    Row(
      name: "float32",
      greatest: Double(Float.greatestFiniteMagnitude),
      leastNonzero: 0x1p-149,
      negativeZero: 0x8000_0000,
      infinity: 0x7F80_0000,
      nan: 0x7FC0_0000
    ),
    Row(name: "int8", greatest: 128, leastNonzero: 1, negativeZero: nil, infinity: nil, nan: nil),
    Row(name: "int8_narrow", greatest: 127, leastNonzero: 1, negativeZero: nil, infinity: nil, nan: nil),
    Row(name: "q3.4", greatest: 8, leastNonzero: 0.0625, negativeZero: nil, infinity: nil, nan: nil),
    Row(name: "q15.16", greatest: 32768, leastNonzero: 0x1p-16, negativeZero: nil, infinity: nil, nan: nil),
    Row(name: "pot4", greatest: 8, leastNonzero: 0.125, negativeZero: nil, infinity: nil, nan: 0xC),
  ]

  @Test("limits and special codes are those of the standards", arguments: rows)
  func limits(row: Row) throws {
    let limits = try FormatLimits(of: FormatCatalog().format(named: row.name))
    #expect(limits.greatestFiniteMagnitude == row.greatest)
    #expect(limits.leastNonzeroMagnitude == row.leastNonzero)
    #expect(limits.specials.negativeZero == row.negativeZero)
    #expect(limits.specials.positiveInfinity == row.infinity)
    #expect(limits.specials.nan == row.nan)
  }

  @Test("integers: the code is the low bits, clamped")
  func integers() throws {
    let codec = try FormatCodec(try FormatCatalog().format(named: "int4"), policy: ConversionPolicy())
    #expect(codec.encode(Float(-1)) == 0xF)
    #expect(codec.encode(Float(-100)) == 0x8)
    #expect(codec.encode(Float(100)) == 0x7)
    #expect(codec.encode(Float(2.5)) == 2)
    #expect(codec.encode(Float(3.5)) == 4)
    let narrow = try FormatCodec(try FormatCatalog().format(named: "int4_narrow"), policy: ConversionPolicy())
    #expect(narrow.encode(Float(-100)) == 0x9)
  }

  /// Codes worked out by hand from the 2022 standard: sign, regime, two exponent bits, fraction.
  @Test("posits: values, saturation, and nothing rounds to zero or NaR")
  func posits() throws {
    let format = try FormatCatalog().format(named: "posit8")
    let values: [(UInt32, Double)] = [
      (0x40, 1), (0x48, 2), (0x44, 1.5), (0x7F, 0x1p24), (0x01, 0x1p-24), (0xC0, -1), (0xFF, -0x1p-24),
      (0x3E, 0.875), (0x60, 16), (0x7E, 0x1p20), (0x02, 0x1p-20),
    ]
    for (code, value) in values { #expect(format.decode(code) == value, "0x\(String(code, radix: 16))") }
    #expect(format.decode(0x80).isNaN)
    for overflow in OverflowRule.universal {
      let codec = try FormatCodec(
        format,
        policy: ConversionPolicy(rounding: .nearestEven, overflow: overflow)
      )
      #expect(codec.encode(Float(1e30)) == 0x7F)
      #expect(codec.encode(Float(-1e30)) == 0x81)
      #expect(codec.encode(Float(1e-30)) == 0x01)
      #expect(codec.encode(Float(-1e-45)) == 0xFF)
      #expect(codec.encode(Float.infinity) == 0x80)
      #expect(codec.encode(Float.nan) == 0x80)
      // Between 2^20 and 2^24 the 9-bit posit is 2^22, no arithmetic midpoint.
      #expect(codec.encode(Float(0x1p22).nextDown) == 0x7E)
      #expect(codec.encode(Float(0x1p22).nextUp) == 0x7F)
    }
    let down = try FormatCodec(format, policy: ConversionPolicy(rounding: .towardZero))
    #expect(down.encode(Float(1e-30)) == 0x01)
  }

  @Test("lns: 2^(E / 2^f), nearest in the log domain, below half a step to zero")
  func logarithmic() throws {
    let format = try #require(try FormatCatalog().format(named: "lns4.3") as? LogarithmicFormat)
    #expect(format.decode(0) == 1)
    #expect(format.decode(8) == 2)
    #expect(format.decode(4) == 2.0.squareRoot())
    #expect(format.decode(0x40) == 0)
    #expect(format.decode(0xC0).isNaN)
    let codec = try FormatCodec(format, policy: ConversionPolicy())
    // 2^(-63/8) is the least positive value; half a step below, 2^(-63.5/8), is the boundary to zero.
    #expect(codec.encode(Float(0.004081)) == 0x41)
    #expect(codec.encode(Float(0.004079)) == 0x40)
    #expect(codec.encode(Float(1e9)) == 0x3F)
    #expect(codec.encode(Float.nan) == 0xC0)
  }
}
