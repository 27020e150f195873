import BinadeFormats
import BinadeNumerics
import Testing

@Suite struct CodecTests {
  static let catalog = try? FormatCatalog()
  static var formats: [any NumericFormat] { catalog?.formats ?? [] }

  static let policies = RoundingRule.allCases.flatMap { rule in
    OverflowRule.universal.map { ConversionPolicy(rounding: rule, overflow: $0) }
  }

  @Test("the catalogue is there")
  func catalogue() {
    #expect(Self.formats.count >= 46)
  }

  /// The law holds where values are Floats; an irrational value's Float is not the value, and directed rules
  /// know on which side of it it lies.
  @Test("decode then encode is the identity", arguments: formats.map(\.name))
  func roundTrip(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    let isExact = format.info.family != .logarithmic
    for policy in Self.policies where isExact || policy.rounding == .nearestEven {
      let codec = try FormatCodec(format, policy: policy)
      let stride = format.bitWidth <= 16 ? 1 : 104_729
      var wrong: [UInt32] = []
      for code in Swift.stride(from: UInt64(0), to: format.codes.upperBound, by: stride) {
        let code = UInt32(code)
        let value = format.decode(code)
        guard value.isFinite, format.isEncodable(code), value == Double(Float(value)) || !isExact else {
          continue
        }
        let back = codec.encode(value)
        if back != code || codec.encode(Float(value)) != code { wrong.append(code) }
      }
      #expect(wrong.isEmpty, "\(policy): \(wrong.count) codes, first \(wrong.prefix(5))")
    }
  }

  /// Three inputs of each of the 65,536 ranges that share their upper bits.
  @Test(
    "the table codec equals its reference twin on inputs of every binade",
    arguments: [
      "int4", "uint8", "q3.4", "float8_e4m3fn", "float8_e5m2fnuz", "lns4.3", "nf4", "float16", "tf32",
    ]
  )
  func tableAgainstReference(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    for policy in Self.policies {
      let codec = try FormatCodec(format, policy: policy)
      var wrong: [Float] = []
      for upper in UInt32(0)..<65_536 {
        for lower in [UInt32(0), 0x7FFF, 0xC3A1] {
          let value = Float(bitPattern: upper << 16 | lower)
          if codec.encode(value) != codec.reference.encode(Double(value)) { wrong.append(value) }
        }
      }
      #expect(wrong.isEmpty, "\(policy): \(wrong.count) inputs, first \(wrong.prefix(5))")
    }
  }

  @Test("bulk conversions equal single ones", arguments: ["int8", "float8_e4m3fn", "float16", "lns6.9"])
  func bulk(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    let codec = try FormatCodec(format, policy: ConversionPolicy())
    let input = (0..<1000).map { Float($0 - 500) * 0.37 }
    var codes = [UInt16](repeating: 0, count: input.count)
    var rounded = input
    input.withUnsafeBufferPointer { source in
      codes.withUnsafeMutableBufferPointer { target in
        if let base = target.baseAddress { codec.encode(source, into: base) }
      }
      rounded.withUnsafeMutableBufferPointer { target in
        if let base = target.baseAddress { codec.roundTrip(source, into: base) }
      }
    }
    #expect(codes.map(UInt32.init) == input.map { codec.encode($0) })
    #expect(rounded == input.map { codec.decode(codec.encode($0)) })
  }

  @Test(
    "closed-form ladders equal enumerated ones",
    arguments: ["float16", "bfloat16", "e4m9", "q7.8", "uq4.4"]
  )
  func closedForms(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    let enumerated = try FormatCodec(format, policy: ConversionPolicy()).reference.ladder
    let closed: any Ladder
    if let float = format as? BinaryFloatFormat {
      closed = try BinaryFloatLadder(float)
    } else {
      closed = UniformLadder(try #require(format as? FixedPointFormat))
    }
    #expect(closed.least == enumerated.least)
    #expect(closed.greatest == enumerated.greatest)
    #expect(closed.afterGreatest.value == enumerated.afterGreatest.value)
    #expect(closed.specials == enumerated.specials)
    #expect(closed.overflowTarget == enumerated.overflowTarget)
    var wrong = 0
    for code in format.codes {
      let value = format.decode(UInt32(code))
      guard value.isFinite else { continue }
      for input in [value.nextDown, value, value.nextUp]
      where enumerated.least.value <= input && input <= enumerated.greatest.value {
        let (a, b) = (closed.neighbours(of: input), enumerated.neighbours(of: input))
        if a.lower != b.lower || a.upper != b.upper { wrong += 1 }
      }
    }
    #expect(wrong == 0)
  }

  @Test("a tally counts saturation, underflow and NaN")
  func tally() throws {
    let codec = try FormatCodec(
      try FormatCatalog().format(named: "float4_e2m1fn"),
      policy: ConversionPolicy()
    )
    let input: [Float] = [0, 0.1, -0.2, 5.9, 6.5, -100, .nan, .infinity]
    var tally = ConversionTally()
    input.withUnsafeBufferPointer { source in
      var rounded = input
      rounded.withUnsafeMutableBufferPointer { target in
        guard let base = target.baseAddress else { return }
        codec.roundTrip(source, into: base)
        codec.tally(source, roundedTo: base, into: &tally)
      }
    }
    #expect(tally.elementCount == 8)
    #expect(tally.saturatedCount == 3)
    #expect(tally.underflowedCount == 2)
    #expect(tally.nanCount == 1)
    #expect(tally.nanWithoutCode == 1)
  }

  @Test("a format given by name, width and decode alone works, and bad ones say why")
  func formatOfOnesOwn() throws {
    struct Cube: NumericFormat {
      let info = FormatInfo(name: "cube4", bitWidth: 4)
      func decode(_ code: UInt32) -> Double {
        let signed = Double(Int(code) - (code >= 8 ? 16 : 0))
        return signed * signed * signed
      }
    }
    let codec = try FormatCodec(Cube(), policy: ConversionPolicy())
    #expect(codec.decode(codec.encode(Float(30))) == 27)
    #expect(codec.decode(codec.encode(Float(-600))) == -512)
    #expect(codec.path == "table")

    struct Constant: NumericFormat {
      let info: FormatInfo
      func decode(_ code: UInt32) -> Double { 1 }
    }
    #expect(
      throws: FormatError.duplicateValue(format: "same", value: 1, codes: [0, 1])
    ) { try FormatCodec(Constant(info: FormatInfo(name: "same", bitWidth: 2))) }
    #expect(throws: FormatError.needsClosedForm(format: "wide", bitWidth: 20)) {
      try FormatCodec(Constant(info: FormatInfo(name: "wide", bitWidth: 20)))
    }
    #expect(throws: FormatError.tooFewValues(format: "nan", count: 0)) {
      try FormatCodec(CodebookFormat(info: FormatInfo(name: "nan", bitWidth: 1), values: [.nan, .nan]))
    }
  }

  @Test("midpoints are exact even when no Double holds them")
  func boundaries() {
    let boundary = Boundary.midpoint(1, 1 + 0x1p-52)
    #expect(boundary.position(of: 1) == .belowBoundary)
    #expect(boundary.position(of: 1 + 0x1p-52) == .aboveBoundary)
    let wide = Boundary.midpoint(0x1p-900, 1)
    #expect(wide.position(of: 0.5) == .belowBoundary)
    #expect(wide.position(of: 0.5.nextUp) == .aboveBoundary)
    #expect(Boundary.midpoint(1, 3).position(of: 2) == .atBoundary)
  }
}
