import BinadeFormats
import BinadeNumerics
import BinadeVerification
import Foundation
import Testing

/// Block formats against MPFR.
@Suite struct BlockCheckTests {
  static let names = ((try? FormatCatalog())?.blockFormats ?? []).map(\.name)

  @Test("every block format equals MPFR's, under every scale rule", arguments: names)
  func catalogue(name: String) throws {
    let format = try FormatCatalog().blockFormat(named: name)
    let variants =
      format.scale.rule == nil
      ? [format] : try ScaleRule.allCases.map { try format.replacing(scaleRule: $0) }
    for variant in variants {
      for rounding in [RoundingRule.nearestEven, .towardZero, .toOdd] {
        let report = try BlockCheck(variant, rounding: rounding)
          .run(BlockCodec(variant, rounding: rounding))
        #expect(report.mismatchCount == 0, "\(report.format), \(rounding): \(report.counterexamples)")
        #expect(report.checkCount > 10_000)
      }
    }
  }

  @Test(
    "all roundings, with elements and scales of many widths",
    arguments: ["bfp2", "bfp11", "vsq3_s8", "vsq10_s10"]
  )
  func parametric(name: String) throws {
    let format = try FormatCatalog().blockFormat(named: name)
    for rounding in RoundingRule.allCases {
      let report = try BlockCheck(format, rounding: rounding).run(BlockCodec(format, rounding: rounding))
      #expect(report.mismatchCount == 0, "\(rounding): \(report.counterexamples)")
    }
  }

  @Test("odd but legal compositions")
  func odd() throws {
    let catalog = try FormatCatalog()
    let e4m3 = try catalog.format(named: "float8_e4m3fn")
    let e5m2 = try catalog.format(named: "float8_e5m2")
    let compositions: [(String, BlockScale, Int)] = [
      ("nf4", .powerOfTwo(.rceil), 1), ("posit8", .powerOfTwo(.ceil), 64), ("q0.7", .powerOfTwo(.floor), 3),
      ("float16", .powerOfTwo(.even), 200), ("float8_e5m2", .number(e4m3, outer: .none), 7),
      ("int4", .number(e5m2, outer: .tensor), 5), ("bfloat16", .number(e5m2, outer: .none), 2),
    ]
    for (element, scale, length) in compositions {
      let format = try BlockFormat(
        name: "odd",
        source: "a test",
        element: catalog.format(named: element),
        scale: scale,
        blockLength: length
      )
      let report = try BlockCheck(format).run(BlockCodec(format))
      #expect(report.mismatchCount == 0, "\(element): \(report.counterexamples)")
    }
  }

  @Test("the catalogue is there")
  func some() { #expect(Self.names.count >= 11) }
}

/// Bugs planted one at a time: each must be caught.
@Suite struct PlantedBlockBugTests {
  /// A codec whose steps can be replaced.
  struct Mutant: BlockSubject {
    let codec: BlockCodec
    let element: FormatCodec
    /// The greatest magnitude of a block.
    var magnitude: @Sendable ([Float]) -> Float = { block in
      block.withUnsafeBufferPointer { BlockCodec.greatestMagnitude($0) }
    }
    var scaleCode: @Sendable (Float, Float, BlockCodec) -> UInt32 = {
      $2.scaleCode(greatestMagnitude: $0, outerScale: $1)
    }
    /// The code of an element: the number, the scale without the outer one, the outer scale.
    var elementCode: @Sendable (Float, Double, Float, FormatCodec) -> UInt32 = {
      $3.encode(Double($0) / ($1 * Double($2)))
    }
    var decoded: @Sendable (BlockRow, BlockCodec) -> [Float] = { $1.decode($0) }
    var trip: (@Sendable ([Float], BlockCodec) -> [Float])?

    func encode(_ row: [Float], outerScale: Float?) -> BlockRow {
      let outer = codec.encode(row, outerScale: outerScale).outerScale
      var result = BlockRow(codes: [], scaleCodes: [], outerScale: outer)
      for start in stride(from: 0, to: row.count, by: codec.format.blockLength) {
        let block = Array(row[start..<min(start + codec.format.blockLength, row.count)])
        let code = scaleCode(magnitude(block), outer, codec)
        result.scaleCodes.append(code)
        let scale = codec.scale(of: code, outerScale: 1)
        for value in block {
          if scale.isNaN || outer.isNaN {
            result.codes.append(0)
          } else if scale == 0 || outer == 0 {
            result.codes.append(element.encode(value.isFinite ? value * 0 : 0))
          } else {
            result.codes.append(elementCode(value, scale, outer, element))
          }
        }
      }
      return result
    }

    func decode(_ row: BlockRow) -> [Float] { decoded(row, codec) }

    func roundTrip(_ row: [Float]) -> [Float] {
      trip?(row, codec) ?? decode(encode(row, outerScale: nil))
    }
  }

  func mismatches(
    _ name: String,
    _ rule: ScaleRule? = nil,
    _ plant: (inout Mutant) throws -> Void
  ) throws -> Int {
    let catalogued = try FormatCatalog().blockFormat(named: name)
    let format = try rule.map { try catalogued.replacing(scaleRule: $0) } ?? catalogued
    var mutant = Mutant(
      codec: try BlockCodec(format),
      element: try FormatCodec(format.element, policy: ConversionPolicy())
    )
    try plant(&mutant)
    return try BlockCheck(format).run(mutant).mismatchCount
  }

  @Test(
    "without a bug nothing is found",
    arguments: ["mxfp8_e5m2", "nvfp4", "nvfp4_two_level", "vsq4_s4", "bfp8"]
  )
  func none(name: String) throws {
    #expect(try mismatches(name) { _ in } == 0)
  }

  @Test("a float32 logarithm, off by one just below powers of two", arguments: ["mxfp4_e2m1", "mxint8"])
  func logarithm(name: String) throws {
    let found = try mismatches(name) { mutant in
      mutant.scaleCode = { amax, outer, codec in
        guard amax > 0 else { return codec.scaleCode(greatestMagnitude: amax, outerScale: outer) }
        let exponent = Int(floor(log2(amax))) - codec.format.greatestElementExponent
        return UInt32(max(-127, min(127, exponent)) + 127)
      }
    }
    #expect(found > 0)
  }

  @Test("one exponent wrong, at one magnitude only")
  func offByOne() throws {
    let found = try mismatches("mxfp8_e4m3") { mutant in
      mutant.scaleCode = { amax, outer, codec in
        let code = codec.scaleCode(greatestMagnitude: amax, outerScale: outer)
        return amax == Float(4).nextDown ? code + 1 : code
      }
    }
    #expect(found > 0)
  }

  @Test("the exponent not clamped: it wraps in its 8 bits")
  func noClamp() throws {
    let found = try mismatches("mxfp8_e5m2") { mutant in
      mutant.scaleCode = { amax, outer, codec in
        guard amax > 0 else { return codec.scaleCode(greatestMagnitude: amax, outerScale: outer) }
        return UInt32(truncatingIfNeeded: Int(amax.exponent) - 15 + 127) & 0xFF
      }
    }
    #expect(found > 0)
    // Beyond 127 only a ceil of an element that reaches 2 can go.
    let above = try mismatches("mxint8", .ceil) { mutant in
      mutant.scaleCode = { amax, outer, codec in
        let code = codec.scaleCode(greatestMagnitude: amax, outerScale: outer)
        return amax > 0x1p127 ? code + 1 : code
      }
    }
    #expect(above > 0)
  }

  @Test("each scale rule taken for each other", arguments: ScaleRule.allCases)
  func wrongRule(rule: ScaleRule) throws {
    for other in ScaleRule.allCases where other != rule {
      let wrong = try BlockCodec(
        FormatCatalog().blockFormat(named: "mxfp6_e2m3").replacing(scaleRule: other)
      )
      let found = try mismatches("mxfp6_e2m3", rule) { mutant in
        mutant.scaleCode = { amax, outer, _ in
          wrong.scaleCode(greatestMagnitude: amax, outerScale: outer)
        }
      }
      #expect(found > 0)
    }
  }

  @Test("rceil by a float32 reciprocal of the greatest element")
  func reciprocalOfGreatest() throws {
    // Right for the five float elements of MX, wrong just above 127 / 64 times a power of two.
    let found = try mismatches("mxint8", .rceil) { mutant in
      mutant.scaleCode = { amax, outer, codec in
        guard amax > 0, amax > 0x1p-100 else {
          return codec.scaleCode(greatestMagnitude: amax, outerScale: outer)
        }
        let quotient = amax * (1 / 1.984375 as Float)
        return UInt32(127 + Int(quotient.exponent) + (quotient.significand > 1 ? 1 : 0))
      }
    }
    #expect(found > 0)
  }

  @Test("double rounding: through float8_e4m3fn, through a float32 scale, by a reciprocal")
  func doubleRounding() throws {
    let e4m3 = try FormatCodec(
      FormatCatalog().format(named: "float8_e4m3fn"),
      policy: ConversionPolicy()
    )
    #expect(
      try mismatches("mxfp4_e2m1") { mutant in
        mutant.elementCode = { value, scale, _, element in
          element.encode(e4m3.decode(e4m3.encode(Double(value) / scale)))
        }
      } > 0
    )
    #expect(
      try mismatches("nvfp4") { mutant in
        mutant.elementCode = { value, scale, _, element in element.encode(value * Float(1 / scale)) }
      } > 0
    )
    #expect(
      try mismatches("nvfp4_two_level") { mutant in
        mutant.elementCode = { value, scale, outer, element in
          element.encode(value / outer / Float(scale))
        }
      } > 0
    )
    #expect(
      try mismatches("vsq4_s4") { mutant in
        mutant.elementCode = { value, scale, outer, element in
          element.encode(value / (Float(scale) * outer))
        }
      } > 0
    )
  }

  @Test("a block with NaN that is not lost, and one with an infinity")
  func poison() throws {
    for name in ["mxfp4_e2m1", "mxfp8_e5m2", "nvfp4"] {
      #expect(
        try mismatches(name) { mutant in
          mutant.magnitude = { $0.filter { !$0.isNaN }.map(abs).max() ?? 0 }
          mutant.scaleCode = { amax, outer, codec in
            codec.scaleCode(greatestMagnitude: amax.isInfinite ? .nan : amax, outerScale: outer)
          }
          mutant.elementCode = { $3.encode($0.isNaN ? 0 : Double($0) / $1) }
        } > 0
      )
      #expect(
        try mismatches(name) { mutant in
          mutant.magnitude = { block in
            block.contains(where: \.isNaN)
              ? .nan : min(block.map(abs).max() ?? 0, .greatestFiniteMagnitude)
          }
        } > 0
      )
    }
  }

  @Test("a carry out that wraps, and a most negative code left out")
  func carry() throws {
    #expect(
      try mismatches("bfp8") { mutant in
        mutant.elementCode = { value, scale, _, _ in
          let magnitude = (abs(Double(value)) / scale * 64).rounded(.toNearestOrEven)
          return UInt32(magnitude) & 0x7F | (value.sign == .minus ? 0x80 : 0)
        }
      } > 0
    )
    #expect(
      try mismatches("mxint8") { mutant in
        mutant.elementCode = { value, scale, _, element in
          max(-127 / 64, Double(value) / scale) == -127 / 64
            ? 0x81 : element.encode(Double(value) / scale)
        }
      } > 0
    )
  }

  @Test("subnormals taken for zero, in the input and in the scale")
  func flush() throws {
    #expect(
      try mismatches("mxint8") { mutant in
        mutant.elementCode = { $3.encode($0.isSubnormal ? 0 : Double($0) / $1) }
      } > 0
    )
    #expect(
      try mismatches("nvfp4") { mutant in
        mutant.scaleCode = { amax, outer, codec in
          let code = codec.scaleCode(greatestMagnitude: amax, outerScale: outer)
          return code < 8 ? 0 : code
        }
      } > 0
    )
  }

  @Test("decoding: the NaN code as a number, code 0 as zero, a round trip that differs")
  func decoding() throws {
    #expect(
      try mismatches("mxfp8_e4m3") { mutant in
        mutant.decoded = { row, codec in
          var row = row
          row.scaleCodes = row.scaleCodes.map { $0 == 255 ? 254 : $0 }
          return codec.decode(row)
        }
      } > 0
    )
    #expect(
      try mismatches("mxfp8_e4m3") { mutant in
        mutant.decoded = { row, codec in
          let length = codec.format.blockLength
          return codec.decode(row).enumerated().map { row.scaleCodes[$0 / length] == 0 ? 0 : $1 }
        }
      } > 0
    )
    #expect(
      try mismatches("nvfp4") { $0.trip = { row, codec in codec.roundTrip(row).map { $0 + 0 } } } > 0
    )
  }
}
