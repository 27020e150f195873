import BinadeFormats
import BinadeNumerics
import Testing

/// The limits that the interim report's value tables list.
@Suite struct P3109Tests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    /// Exponent of the least subnormal; nil when there are none.
    let leastSubnormal: Int?
    let leastNormal: Int
    let greatestExtended: Double
    let greatestFinite: Double
    var testDescription: String { name }

    init(_ name: String, _ subnormal: Int?, _ normal: Int, _ extended: Double, _ finite: Double) {
      self.name = name
      leastSubnormal = subnormal
      leastNormal = normal
      greatestExtended = extended
      greatestFinite = finite
    }
  }

  static let table = [
    Row("binary4p1s", nil, -3, 4, 8), Row("binary4p2s", -2, -1, 2, 3),
    Row("binary4p3s", -2, 0, 1.5, 1.75), Row("binary6p1s", nil, -15, 0x1p14, 0x1p15),
    Row("binary6p2s", -8, -7, 128, 192), Row("binary6p3s", -5, -3, 12, 14),
    Row("binary6p4s", -4, -1, 3.5, 3.75), Row("binary6p5s", -4, 0, 1.875, 1.9375),
    Row("binary8p1s", nil, -63, 0x1p62, 0x1p63), Row("binary8p2s", -32, -31, 0x1p31, 0x3p30),
    Row("binary8p3s", -17, -15, 49152, 57344), Row("binary8p4s", -10, -7, 224, 240),
    Row("binary8p5s", -7, -3, 15, 15.5), Row("binary8p6s", -6, -1, 3.875, 3.9375),
    Row("binary8p7s", -6, 0, 1.96875, 1.984375),
    Row("binary16p8s", -134, -127, 0x7Fp121, 0xFFp120), Row("binary16p11s", -25, -15, 65472, 65504),
    Row("binary4p1u", nil, -7, 32, 64), Row("binary4p2u", -4, -3, 6, 8),
    Row("binary4p3u", -3, -1, 2.5, 3), Row("binary4p4u", -3, 0, 1.625, 1.75),
    Row("binary6p1u", nil, -31, 0x1p29, 0x1p30), Row("binary6p2u", -16, -15, 24576, 0x1p15),
    Row("binary6p3u", -9, -7, 160, 192), Row("binary6p4u", -6, -3, 13, 14),
    Row("binary6p5u", -5, -1, 3.625, 3.75), Row("binary6p6u", -5, 0, 1.90625, 1.9375),
    Row("binary8p1u", nil, -127, 0x1p125, 0x1p126), Row("binary8p2u", -64, -63, 0x3p61, 0x1p63),
    Row("binary8p3u", -33, -31, 0x5p29, 0x3p30), Row("binary8p4u", -18, -15, 53248, 57344),
    Row("binary8p5u", -11, -7, 232, 240), Row("binary8p6u", -8, -3, 15.25, 15.5),
    Row("binary8p7u", -7, -1, 3.90625, 3.9375), Row("binary8p8u", -7, 0, 1.9765625, 1.984375),
  ]

  @Test("greatest values, least values, special codes", arguments: table)
  func limits(row: Row) throws {
    for domain in ["e", "f"] {
      let format = try FormatCatalog().format(named: row.name + domain)
      let limits = try FormatLimits(of: format)
      let (k, isSigned) = (format.bitWidth, row.name.hasSuffix("s"))
      #expect(limits.greatestFiniteMagnitude == (domain == "e" ? row.greatestExtended : row.greatestFinite))
      let least = Double(sign: .plus, exponent: row.leastSubnormal ?? row.leastNormal, significand: 1)
      #expect(limits.leastNonzeroMagnitude == least)
      #expect(format.decode(isSigned ? 1 << UInt32(k - 2) : 1 << UInt32(k - 1)) == 1)
      let specials = limits.specials
      #expect(specials.zero == 0 && specials.negativeZero == nil)
      let all = UInt32(1) << UInt32(k) - 1
      #expect(specials.nan == (isSigned ? 1 << UInt32(k - 1) : all))
      #expect(specials.positiveInfinity == (domain == "f" ? nil : isSigned ? all >> 1 : all - 1))
      #expect(specials.negativeInfinity == (domain == "f" || !isSigned ? nil : all))
    }
  }

  @Test("all 504 formats of K 3 to 16 exist, also where Doubles end")
  func all() throws {
    let catalog = try FormatCatalog()
    var count = 0
    for k in 3...16 {
      for (letter, greatest) in [("s", k - 1), ("u", k)] {
        for p in 1...greatest {
          for domain in ["e", "f"] {
            let format = try catalog.format(named: "binary\(k)p\(p)\(letter)\(domain)")
            #expect(format.bitWidth == k)
            #expect(try FormatCodec(format).encode(Float(1)) == 1 << UInt32(letter == "s" ? k - 2 : k - 1))
            count += 1
          }
        }
      }
    }
    #expect(count == 504)
  }

  @Test(
    "names out of range",
    arguments: ["binary2p1se", "binary17p3se", "binary8p8se", "binary8p0se", "binary8p9ue"]
  )
  func outOfRange(name: String) throws {
    #expect(throws: FormatError.self) { try FormatCatalog().format(named: name) }
  }

  @Test("toOdd beyond the greatest value: infinity when signed, the greatest value when unsigned")
  func toOddOverflow() throws {
    let policy = ConversionPolicy(rounding: .toOdd, overflow: .ieee)
    let catalog = try FormatCatalog()
    #expect(try FormatCodec(catalog.format(named: "binary8p4se"), policy: policy).encode(Float(1e6)) == 0x7F)
    #expect(try FormatCodec(catalog.format(named: "binary8p4ue"), policy: policy).encode(Float(1e6)) == 0xFD)
  }

  @Test("a negative number into an unsigned format is NaN, or zero where the rule points there")
  func negativeInput() throws {
    let format = try FormatCatalog().format(named: "binary8p4ue")
    for rule in RoundingRule.allCases {
      let codec = try FormatCodec(format, policy: ConversionPolicy(rounding: rule, overflow: .ieee))
      let expected: UInt32 = rule == .towardZero || rule == .up ? 0 : 0xFF
      #expect(codec.encode(Float(-5)) == expected, "\(rule)")
    }
    let saturating = try FormatCodec(format, policy: ConversionPolicy(overflow: .saturate))
    #expect(saturating.encode(Float(-5)) == 0 && saturating.encode(-Float.infinity) == 0)
  }
}
