import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

@Suite struct BulkCodecTests {
  static let names = ((try? FormatCatalog())?.formats ?? []).map(\.name)
  static let policies = RoundingRule.allCases.flatMap { rule in
    OverflowRule.universal.map { ConversionPolicy(rounding: rule, overflow: $0) }
  }
  /// Every instruction set that this machine has.
  static let rows: [CPUFeatures] = [.portable, .avx2, [.avx2, .avx512]].filter {
    CPUFeatures.detected.isSuperset(of: $0)
  }

  /// Floats spread over all 2^32, special ones, and every step of the conversion with its neighbours.
  static func inputs(of codec: FormatCodec) -> [Float] {
    var bits = stride(from: UInt64(0), to: 1 << 32, by: 65_521).map { UInt32($0) }
    bits += [0, 1, 0x7F_FFFF, 0x80_0000, 0x7F7F_FFFF, 0x7F80_0000, 0x7F80_0001, 0x7FC0_0000, 0x7FFF_FFFF]
    bits += bits.suffix(9).map { $0 | 0x8000_0000 }
    for step in codec.steps ?? [] {
      let start = step.input.bitPattern
      bits += [start &- 1, start, start &+ 1]
    }
    return bits.map { Float(bitPattern: $0) }
  }

  /// Inputs whose code or value is not the twin's.
  static func mismatches(_ bulk: BulkCodec, _ twin: FormatCodec, _ inputs: [Float]) -> [Float] {
    var codes = [UInt32](repeating: 0, count: inputs.count)
    inputs.withUnsafeBufferPointer { input in
      codes.withUnsafeMutableBufferPointer { output in
        if let base = output.baseAddress { bulk.encode(input, into: base) }
      }
    }
    let values = bulk.fakeQuantize(inputs)
    return inputs.indices.filter { index in
      let code = twin.encode(inputs[index])
      return codes[index] != code || values[index].bitPattern != twin.decode(code).bitPattern
    }.map { inputs[$0] }
  }

  @Test("every row gives the codes and values of the twin", arguments: names)
  func twins(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    // Wide formats have long tables: the rules that differ most.
    let policies =
      format.bitWidth <= 8 ? Self.policies : [Self.policies[0], Self.policies[5], Self.policies[12]]
    for policy in policies {
      let codec = try FormatCodec(format, policy: policy)
      let inputs = Self.inputs(of: codec)
      for row in Self.rows {
        let bulk = BulkCodec(codec, features: row)
        let wrong = Self.mismatches(bulk, codec, inputs)
        #expect(wrong.isEmpty, "\(bulk.path) \(policy): \(wrong.count), first \(wrong.prefix(3))")
      }
    }
  }

  @Test("dialects", arguments: ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float4_e2m1fn", "uint8"])
  func dialects(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    for dialect in Dialect.allCases {
      let codec = try FormatCodec(format, policy: ConversionPolicy(dialect: dialect))
      for row in Self.rows {
        let wrong = Self.mismatches(BulkCodec(codec, features: row), codec, Self.inputs(of: codec))
        #expect(wrong.isEmpty, "\(dialect): \(wrong.count), first \(wrong.prefix(3))")
      }
    }
  }

  @Test(
    "a codec of another rule or overflow is told from its twin",
    arguments: ["float8_e4m3fn", "int8", "posit8"]
  )
  func plantedBugs(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    for planted in RoundingRule.allCases {
      let bulk = BulkCodec(try FormatCodec(format, policy: ConversionPolicy(rounding: planted)))
      for rule in RoundingRule.allCases where rule != planted {
        let twin = try FormatCodec(format, policy: ConversionPolicy(rounding: rule))
        #expect(!Self.mismatches(bulk, twin, Self.inputs(of: twin)).isEmpty, "\(planted) for \(rule)")
      }
    }
  }

  @Test("every code decodes as the twin has it", arguments: names)
  func decoding(name: String) throws {
    let format = try FormatCatalog().format(named: name)
    let codec = try FormatCodec(format)
    let stride = format.bitWidth <= 19 ? 1 : 104_729
    let codes = Swift.stride(from: UInt64(0), to: format.codes.upperBound, by: stride).map { UInt32($0) }
    for row in Self.rows {
      let bulk = BulkCodec(codec, features: row)
      let values = [Float](unsafeUninitializedCapacity: codes.count) { output, count in
        codes.withUnsafeBufferPointer { input in
          if let base = output.baseAddress { bulk.decode(input, into: base) }
        }
        count = codes.count
      }
      let wrong = codes.indices.filter { values[$0].bitPattern != codec.decode(codes[$0]).bitPattern }
      #expect(wrong.isEmpty, "\(bulk.path): \(wrong.count), first \(wrong.prefix(3).map { codes[$0] })")
    }
  }

  @Test(
    "floats, integers and fixed point have a closed form; other ladders a table",
    arguments: [
      ("float8_e4m3fn", "closed"), ("float8_e4m3fnuz", "closed"), ("float6_e3m2fn", "closed"),
      ("float16", "closed"), ("bfloat16", "closed"), ("tf32", "closed"), ("int4", "closed"),
      ("uint8", "closed"), ("q7.8", "closed"), ("posit8", "buckets"), ("nf4", "buckets"),
      ("takum8", "buckets"), ("posit16", "lines"), ("takum16", "lines"), ("lns6.9", "lines"),
    ]
  )
  func paths(name: String, path: String) throws {
    let bulk = BulkCodec(try FormatCodec(FormatCatalog().format(named: name)))
    #expect(bulk.path.hasPrefix(path), "\(bulk.path)")
  }

  @Test("a format of one's own gets the closed form when its values have one")
  func ownFormat() throws {
    struct Halves: NumericFormat {
      let info = FormatInfo(name: "halves", bitWidth: 5)
      func decode(_ code: UInt32) -> Double { (Double(code) - 11) / 2 }
    }
    struct Uneven: NumericFormat {
      let info = FormatInfo(name: "uneven", bitWidth: 5)
      func decode(_ code: UInt32) -> Double { code == 30 ? 9.75 : (Double(code) - 11) / 2 }
    }
    for policy in Self.policies {
      for (format, path) in [(Halves() as any NumericFormat, "closed"), (Uneven(), "buckets")] {
        let codec = try FormatCodec(format, policy: policy)
        let bulk = BulkCodec(codec)
        #expect(bulk.path.hasPrefix(path))
        #expect(Self.mismatches(bulk, codec, Self.inputs(of: codec)).isEmpty, "\(policy)")
      }
    }
  }

  @Test(
    "scales: the quotient is rounded to Float32, then encoded; on 1, 2 and 7 threads",
    arguments: ["float8_e4m3fn", "int4", "nf4", "posit16", "tf32", "q15.16"]
  )
  func scales(name: String) throws {
    let codec = try FormatCodec(FormatCatalog().format(named: name))
    var numbers = TestNumbers(seed: 5)
    let (rows, rowLength) = (30, 7_001)
    let values = numbers.floats(rows * rowLength)
    func scales(_ count: Int) -> [Float] {
      (0..<count).map { $0 % 3 == 0 ? 0.25 : Float(numbers.nextInteger(1...1000)) / 333 }
    }
    let channels = scales(rows)
    let blocks = scales(rows * ((rowLength + 31) / 32))
    let innermost = scales(37)
    let cases: [(BulkScales, (Int) -> Float)] = [
      (.innermost(innermost), { innermost[$0 % 37] }),
      (.tensor(0.3), { _ in 0.3 }),
      (.channels(channels), { channels[$0 / rowLength] }),
      (
        .blocks(blocks, length: 32, rowLength: rowLength),
        { blocks[$0 / rowLength * ((rowLength + 31) / 32) + $0 % rowLength / 32] }
      ),
    ]
    for row in Self.rows {
      let bulk = BulkCodec(codec, features: row)
      for (scales, scale) in cases {
        let expected = values.indices.map { codec.decode(codec.encode(values[$0] / scale($0))) * scale($0) }
        for threads in [1, 2, 7] {
          #expect(bulk.fakeQuantize(values, scales: scales, threads: threads) == expected, "\(bulk.path)")
        }
        var codes = [UInt32](repeating: 0, count: values.count)
        var decoded = values
        values.withUnsafeBufferPointer { input in
          codes.withUnsafeMutableBufferPointer { output in
            if let base = output.baseAddress { bulk.encode(input, scales: scales, threads: 2, into: base) }
          }
        }
        codes.withUnsafeBufferPointer { input in
          decoded.withUnsafeMutableBufferPointer { output in
            if let base = output.baseAddress { bulk.decode(input, scales: scales, threads: 2, into: base) }
          }
        }
        #expect(codes == values.indices.map { codec.encode(values[$0] / scale($0)) })
        #expect(decoded == expected)
      }
    }
  }

  @Test(
    "lines by one scale are the values of the quotients in multiples of a unit, on every row",
    arguments: ["int4", "q3.4", "float8_e4m3fn", "nf4", "posit16", "takum32"]
  )
  func lines(name: String) throws {
    let codec = try FormatCodec(
      try FormatCatalog().format(named: name),
      policy: ConversionPolicy(rounding: .nearestEven, overflow: .saturate)
    )
    let input = (0..<1_037).map { Float($0 * 7_919 % 10_007) / 911 - 5 }
    for (scale, unit) in [(1, 1), (0.37, 1), (0.25, 0.125), (3.1, 0x1p-20)] as [(Float, Float)] {
      let expected = input.map { codec.decode(codec.encode($0 / scale)) / unit }
      for row in Self.rows {
        var found = [Float](repeating: .nan, count: input.count)
        input.withUnsafeBufferPointer {
          BulkCodec(codec, features: row).round($0, scale: scale, unit: unit, into: &found)
        }
        #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(row.names) \(scale) \(unit)")
      }
    }
  }

  @Test("in place, and in pieces of every length up to 300")
  func lengths() throws {
    let codec = try FormatCodec(FormatCatalog().format(named: "float8_e5m2"))
    let bulk = BulkCodec(codec)
    var numbers = TestNumbers(seed: 3)
    for count in 0...300 {
      let values = numbers.floats(count)
      var output = values
      output.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        bulk.fakeQuantize(UnsafeBufferPointer(buffer), scales: .tensor(3), into: base)
      }
      #expect(output == values.map { codec.decode(codec.encode($0 / 3)) * 3 })
    }
  }
}
