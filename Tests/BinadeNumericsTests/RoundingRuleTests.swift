import BinadeFormats
import BinadeNumerics
import Testing

/// The truth table of `RoundingRule`'s documentation, from the definition of each rule.
@Suite struct RoundingRuleTests {
  static let table: [(RoundingRule, [Double])] = [
    (.nearestEven, [1, 1, 1.125, -1, 1.25]),
    (.nearestAway, [1, 1.125, 1.125, -1, 1.25]),
    (.towardZero, [1, 1, 1, -1, 1.125]),
    (.awayFromZero, [1.125, 1.125, 1.125, -1.125, 1.25]),
    (.up, [1.125, 1.125, 1.125, -1, 1.25]),
    (.down, [1, 1, 1, -1.125, 1.125]),
    (.toOdd, [1.125, 1.125, 1.125, -1.125, 1.125]),
  ]

  @Test("every rule follows its row of the truth table", arguments: table)
  func truthTable(rule: RoundingRule, expected: [Double]) throws {
    let format = try #require(try FormatCatalog().format(named: "float8_e4m3fn") as? BinaryFloatFormat)
    let codec = try FormatCodec(format, policy: ConversionPolicy(rounding: rule))
    let inputs = [1.03, 1.0625, 1.09, -1.03, 1.1875]
    #expect(inputs.map { Double(codec.decode(codec.encode($0))) } == expected)
    #expect(inputs.map { Double(codec.decode(codec.encode(Float($0)))) } == expected)
  }

  @Test("without a zero, rules that look at zero keep to a number's own side")
  func straddlingGap() throws {
    let signs = try CodebookFormat(info: FormatInfo(name: "sign", bitWidth: 1), values: [-1, 1])
    for rule in [RoundingRule.towardZero, .awayFromZero] {
      let codec = try FormatCodec(signs, policy: ConversionPolicy(rounding: rule))
      #expect(codec.encode(Float(0.3)) == 1)
      #expect(codec.encode(Float(-0.3)) == 0)
    }
  }

  @Test("a tie between codes of one parity goes toward zero")
  func equalParities() throws {
    // Codes 0 and 2 are neighbours.
    let book = try CodebookFormat(info: FormatInfo(name: "book", bitWidth: 2), values: [1, 8, 2, 4])
    let codec = try FormatCodec(book, policy: ConversionPolicy(rounding: .nearestEven))
    #expect(codec.encode(Float(1.5)) == 0)
    #expect(codec.encode(Float(1.5).nextUp) == 2)
  }

  @Test("overflow follows the policy, rule by rule")
  func overflow() throws {
    let float16 = try FormatCatalog().format(named: "float16")
    func code(_ value: Float, _ rule: RoundingRule, _ overflow: OverflowRule) throws -> UInt32 {
      try FormatCodec(float16, policy: ConversionPolicy(rounding: rule, overflow: overflow)).encode(value)
    }
    #expect(try code(65519.996, .nearestEven, .ieee) == 0x7BFF)
    #expect(try code(65520, .nearestEven, .ieee) == 0x7C00)
    #expect(try code(65520, .nearestEven, .saturate) == 0x7BFF)
    #expect(try code(1e9, .towardZero, .ieee) == 0x7BFF)
    #expect(try code(.infinity, .towardZero, .ieee) == 0x7C00)
    #expect(try code(.infinity, .nearestEven, .saturate) == 0x7BFF)
    #expect(try code(65504.004, .up, .ieee) == 0x7C00)
    #expect(try code(-65504.004, .up, .ieee) == 0xFBFF)
    #expect(try code(-65504.004, .down, .ieee) == 0xFC00)
    #expect(try code(1e9, .toOdd, .ieee) == 0x7BFF)
  }
}
