import BinadeFormats
import BinadeNumerics
import Testing

/// Vectors worked by hand from the definitions.
@Suite struct BlockFormatTests {
  private func codec(
    _ name: String,
    _ rounding: RoundingRule = .nearestEven,
    rule: ScaleRule? = nil
  ) throws -> BlockCodec {
    let format = try FormatCatalog().blockFormat(named: name)
    return try BlockCodec(
      try rule.map { try format.replacing(scaleRule: $0) } ?? format,
      rounding: rounding
    )
  }

  // MARK: OCP MX

  @Test("mxfp4_e2m1: exponent floor(log2 12) - 2 = 1, elements x / 2 to nearest even")
  func mxfp4() throws {
    let row: [Float] = [12, 1, 0.5, 1.5, -3, 5, 7, -0.0]
    let codes = try codec("mxfp4_e2m1").encode(row)
    #expect(codes.scaleCodes == [128])
    // 6, 0.5, 0.25 (tie, to 0), 0.75 (tie, to 1), -1.5, 2.5 (tie, to 2), 3.5 (tie, to 4), -0.
    #expect(codes.codes == [0x7, 0x1, 0x0, 0x2, 0xB, 0x4, 0x6, 0x8])
    #expect(try codec("mxfp4_e2m1").decode(codes) == [12, 1, 0, 2, -3, 4, 8, -0.0])
  }

  @Test("the greatest elements saturate under floor: 957 is 896 in mxfp8_e4m3, 960 under rceil")
  func clipping() throws {
    #expect(try codec("mxfp8_e4m3").roundTrip([957, -957, 1]) == [896, -896, 1])
    #expect(try codec("mxfp8_e4m3", rule: .rceil).roundTrip([957]) == [960])
    #expect(try codec("mxfp8_e4m3", rule: .ceil).roundTrip([957]) == [960])
  }

  @Test("emax of the six MX formats, by a block of ones")
  func greatestExponents() throws {
    let expected = [
      "mxfp8_e4m3": 8, "mxfp8_e5m2": 15, "mxfp6_e2m3": 2, "mxfp6_e3m2": 4, "mxfp4_e2m1": 2, "mxint8": 0,
    ]
    for (name, emax) in expected {
      let codec = try codec(name)
      #expect(codec.format.greatestElementExponent == emax)
      #expect(codec.format.blockLength == 32)
      #expect(codec.encode([1, 1, -1]).scaleCodes == [UInt32(127 - emax)])
      #expect(codec.roundTrip([1, 1, -1]) == [1, 1, -1])
    }
  }

  @Test("mxint8 is two's complement times 2^-6; -2.0 is used, +2.0 saturates")
  func mxint8() throws {
    let codes = try codec("mxint8").encode([-1.999, 1.999, 1, -0.015625, 0.0078125, 0.0234375])
    #expect(codes.scaleCodes == [127])
    // -128, 127, 64, -1, 0.5 (tie, to 0), 1.5 (tie, to 2).
    #expect(codes.codes == [0x80, 0x7F, 0x40, 0xFF, 0x00, 0x02])
    #expect(try codec("mxint8").decode(codes) == [-2, 1.984375, 1, -0.015625, 0, 0.03125])
  }

  @Test("each scale rule around the greatest element and powers of two", arguments: ScaleRule.allCases)
  func rules(rule: ScaleRule) throws {
    let codec = try codec("mxfp4_e2m1", rule: rule)
    let inputs: [Float] = [
      4, Float(4).nextUp, 6, Float(6).nextUp, Float(7).nextDown, 7, 7.5, Float(8).nextDown, 8,
    ]
    let expected: [UInt32] =
      switch rule {
      case .floor: [127, 127, 127, 127, 127, 127, 127, 127, 128]
      case .ceil: [127, 128, 128, 128, 128, 128, 128, 128, 128]
      case .rceil: [127, 127, 127, 128, 128, 128, 128, 128, 128]
      case .even: [127, 127, 127, 127, 127, 128, 128, 128, 128]
      }
    #expect(inputs.map { codec.encode([$0]).scaleCodes[0] } == expected)
  }

  @Test("the exponent is read off the bits at every power of two, subnormals among them")
  func powersOfTwo() throws {
    let codec = try codec("mxint8")
    for exponent in -149...127 {
      let power = Float(sign: .plus, exponent: exponent, significand: 1)
      #expect(codec.encode([power]).scaleCodes == [UInt32(max(exponent, -127) + 127)])
      #expect(codec.encode([-power.nextDown]).scaleCodes == [UInt32(max(exponent - 1, -127) + 127)])
    }
  }

  @Test("exponents are clamped to -127 ... 127")
  func clamping() throws {
    let tiny = try codec("mxfp8_e5m2").encode([0x1p-112, 0x1p-149])
    #expect(tiny.scaleCodes == [0])
    #expect(tiny.codes == [0x78, 0x00])
    let least = try codec("mxfp8_e5m2").encode([0x1p-140])
    #expect(least.scaleCodes == [0])
    #expect(least.codes == [0x08])  // 2^-13
    let huge = try codec("mxint8", rule: .ceil).encode([.greatestFiniteMagnitude])
    #expect(huge.scaleCodes == [254])
    #expect(huge.codes == [0x7F])
  }

  /// Codes of a row, as a function that throws once.
  private func codes(_ name: String, _ row: [Float]) throws -> BlockRow {
    try codec(name).encode(row)
  }

  @Test("zeros: the least scale and elements zero, with their signs where the element has -0")
  func zeros() throws {
    #expect(try codes("mxfp4_e2m1", [0, -0.0]) == BlockRow(codes: [0, 8], scaleCodes: [0]))
    #expect(try codes("mxint8", [0, -0.0]) == BlockRow(codes: [0, 0], scaleCodes: [0]))
    #expect(try codes("nvfp4", [0, -0.0]) == BlockRow(codes: [0, 8], scaleCodes: [0]))
    #expect(
      try codes("nvfp4_two_level", [0]) == BlockRow(codes: [0], scaleCodes: [0], outerScale: 0)
    )
    let zeros = try codec("nvfp4_two_level").roundTrip([0, -0.0])
    #expect(zeros[0].sign == .plus)
    #expect(zeros[1].sign == .minus)
    #expect(try codes("mxfp8_e4m3", []) == BlockRow(codes: [], scaleCodes: []))
  }

  @Test(
    "a block with NaN or an infinity is NaN whole, its neighbours are not",
    arguments: [Float.nan, -.infinity]
  )
  func poison(value: Float) throws {
    var row = [Float](repeating: 1, count: 70)
    row[40] = value
    for name in ["mxfp8_e5m2", "mxfp4_e2m1", "mxint8"] {
      let codec = try codec(name)
      #expect(codec.encode(row).scaleCodes[1] == 0xFF)
      let decoded = codec.roundTrip(row)
      #expect(decoded[32..<64].count { $0.isNaN } == 32)
      #expect((decoded[..<32] + decoded[64...]).allSatisfy { $0 == 1 })
    }
    let nvfp4 = try codec("nvfp4_two_level")
    #expect(nvfp4.encode(row).scaleCodes == [0x7E, 0x7E, 0x7F, 0x7E, 0x7E])
    #expect(nvfp4.roundTrip(row)[32..<48].count { $0.isNaN } == 16)
    // An integer scale has no NaN: the row's scale says it.
    #expect(try codec("vsq4_s4").encode(row).outerScale.isNaN)
    #expect(try codec("vsq4_s4").roundTrip(row).count { $0.isNaN } == 70)
  }

  // MARK: Block floating point

  @Test("a carry out of the significand saturates: 7.9999995 is 7.5 with 4 bits of magnitude")
  func carry() throws {
    for rounding in RoundingRule.allCases {
      #expect(try codec("bfp5", rounding).roundTrip([7.9999995, -7.9999995]) == [7.5, -7.5])
    }
    // MSFP12: steps of 2^-2 below 2; ties to even.
    #expect(try codec("bfp4").roundTrip([1.75, 1.99, 0.125, 0.375, -0.0]) == [1.75, 1.75, 0, 0.5, -0.0])
    #expect(try codec("bfp4").encode([1.75, -0.25]).codes == [0x7, 0x9])
  }

  // MARK: NVFP4

  @Test("nvfp4: the scale is amax / 6 to nearest even in E4M3, subnormals kept")
  func nvfp4Scales() throws {
    let codec = try codec("nvfp4")
    func scale(_ amax: Float) -> UInt32 { codec.encode([amax]).scaleCodes[0] }
    #expect(scale(6) == 0x38)
    // 1.0625 is half-way between 1 and 1.125: to the even code.
    #expect(scale(6.375) == 0x38)
    #expect(scale(Float(6.375).nextUp) == 0x39)
    #expect(scale(2688) == 0x7E)
    #expect(scale(.greatestFiniteMagnitude) == 0x7E)
    #expect(scale(6 * 0x1p-9) == 0x01)
    // Half the least scale is a tie, to zero; then all elements are zero.
    #expect(scale(6 * 0x1p-10) == 0x00)
    #expect(codec.encode([6 * 0x1p-10, -1e-4]).codes == [0x0, 0x8])
    #expect(codec.roundTrip([6 * 0x1p-10, -1e-4]) == [0, -0.0])
    #expect(scale((6 * 0x1p-10 as Float).nextUp) == 0x01)
  }

  @Test("nvfp4: quotients by a scale that is no power of two, at their ties")
  func nvfp4Ties() throws {
    // Scale 3: the boundaries 0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5 times 3.
    let ties: [Float] = [18, 0.75, 2.25, 3.75, 5.25, 7.5, 10.5, 15]
    let codec = try codec("nvfp4")
    #expect(codec.encode(ties).scaleCodes == [0x44])
    #expect(codec.encode(ties).codes == [7, 0, 2, 2, 4, 4, 6, 6])
    #expect(codec.encode([18] + ties.dropFirst().map(\.nextDown)).codes == [7, 0, 1, 2, 3, 4, 5, 6])
    #expect(codec.encode([18] + ties.dropFirst().map(\.nextUp)).codes == [7, 1, 2, 3, 4, 5, 6, 7])
  }

  @Test("nvfp4_two_level: a float32 scale of amax / 2688 above the blocks")
  func twoLevels() throws {
    let codec = try codec("nvfp4_two_level")
    var row = [Float](repeating: 0, count: 32)
    row[0] = 2688 * 4
    row[16] = -24
    row[17] = 10
    let codes = codec.encode(row)
    #expect(codes.outerScale == 4)
    #expect(codes.scaleCodes == [0x7E, 0x38])
    #expect(codes.codes[0] == 0x7)
    // 10 / 4 = 2.5 is a tie, to 2.
    #expect(codes.codes[16...17] == [0xF, 0x4])
    // The tensor's scale can come from outside.
    #expect(codec.encode([24], outerScale: 4) == BlockRow(codes: [7], scaleCodes: [0x38], outerScale: 4))
  }

  // MARK: VS-Quant

  @Test("vsq4_s4: the integer scales and the error of the worked example")
  func vectorScaled() throws {
    let row = (0..<256).map { Float(Self.sine(Double($0)) * Double(1 + $0 / 16)) }
    let codec = try codec("vsq4_s4")
    #expect(codec.encode(row).scaleCodes == [1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 10, 11, 12, 13, 14, 15])
    let error = zip(row, codec.roundTrip(row)).map { Double($0 - $1) * Double($0 - $1) }
    let meanSquaredError = error.reduce(0, +) / 256
    #expect(abs(meanSquaredError / 1.84780e-1 - 1) < 1e-3)
  }

  /// The sine by its series, after whole turns are taken off.
  private static func sine(_ x: Double) -> Double {
    let y = x - (x / (2 * .pi)).rounded() * 2 * .pi
    var term = y
    var sum = y
    for n in 1...20 {
      term *= -y * y / Double(2 * n * (2 * n + 1))
      sum += term
    }
    return sum
  }

  // MARK: Composition

  @Test("decoding what was encoded equals the round trip, for every length of the last block")
  func lengths() throws {
    for format in try FormatCatalog().blockFormats {
      let codec = try BlockCodec(format)
      for count in 0...2 * format.blockLength + 1 {
        let row = (0..<count).map { Float(($0 * 37) % 101) * 0.37 - 18 }
        let codes = codec.encode(row)
        #expect(codes.scaleCodes.count == (count + format.blockLength - 1) / format.blockLength)
        #expect(codec.decode(codes) == codec.roundTrip(row))
        #expect(codec.roundTrip(codec.roundTrip(row)).count == count)
      }
    }
  }

  @Test("an element of one's own, of more bits than a table of Floats can hold, is rounded once")
  func customElement() throws {
    struct Tiny: NumericFormat {
      let info = FormatInfo(name: "tiny", bitWidth: 3, source: "a test")
      // -3 ... 3 and -0 times 2^-140: no Float is normal there.
      func decode(_ code: UInt32) -> Double {
        Double(code & 3) * (code & 4 == 0 ? 0x1p-140 : -0x1p-140)
      }
    }
    let format = try BlockFormat(
      name: "blocks",
      source: "a test",
      element: Tiny(),
      scale: .powerOfTwo(.floor),
      blockLength: 4
    )
    #expect(format.greatestElementExponent == -139)
    #expect(try BlockCodec(format).encode([0x1.8p-139, -0x1p-140]).codes == [3, 5])
    #expect(try BlockCodec(format).encode([0x1.8p-139, -0x1p-140]).scaleCodes == [127])
  }

  @Test("what cannot be a block format says why")
  func refused() throws {
    let catalog = try FormatCatalog()
    func message(_ element: String, _ scale: BlockScale, _ length: Int = 16) throws -> String {
      let format = try catalog.format(named: element)
      do {
        _ = try BlockFormat(name: "x", source: "a test", element: format, scale: scale, blockLength: length)
        return "no error"
      } catch {
        return "\(error)"
      }
    }
    let floor = BlockScale.powerOfTwo(.floor)
    #expect(try message("int8", floor) == "no error")
    #expect(try message("int8", floor, 0) == "format 'x': 'blockLength' is 0; allowed: 1 to 65536")
    #expect(try message("int8", floor, 65537).contains("'blockLength' is 65537"))
    #expect(
      try message("uint4", floor)
        == "format 'x': 'element' is uint4; allowed: formats with negative values, zero and positive values"
    )
    #expect(try message("float32", floor).contains("'element' is float32; allowed: formats of up to 16 bits"))
    #expect(try message("lns3.2", floor).contains("rational values"))
    #expect(
      try message("nf4", .powerOfTwo(.even)).contains("'scaleRule' is even; allowed: floor, ceil, rceil")
    )
    let uint4 = try catalog.format(named: "uint4")
    #expect(try message("int4", .number(uint4, outer: .none)).contains("formats with NaN"))
    let int16 = try catalog.format(named: "int16")
    #expect(try message("posit16", .number(int16, outer: .row)).contains("formats of fewer bits"))
    #expect(throws: FormatError.self) {
      try catalog.blockFormat(named: "nvfp4").replacing(scaleRule: .ceil)
    }
  }
}
