import BinadeFormats
import BinadeKernels
import BinadeNumerics
import CBinadeKernels
import Foundation
import Testing

@Suite struct BulkBlockCodecTests {
  static let names = ((try? FormatCatalog())?.blockFormats ?? []).map(\.name)
  /// Every row that this machine has.
  static let kernels = BlockRowKernel.all.filter { CPUFeatures.detected.isSuperset(of: $0.required) }

  /// Rows of blocks over many binades: random elements, ties of small multiples, zeros of both signs, subnormals, the
  /// greatest Float, and, in some rows, infinities and NaN.
  static func rows(count: Int, length: Int, seed: UInt64) -> [Float] {
    var generator = SplitMix(state: seed)
    var values: [Float] = []
    for row in 0..<count {
      let exponent = [0, -3, 20, -60, 100, -126, -140, 127][row % 8]
      let unit = Float(sign: .plus, exponent: max(exponent, -149), significand: 1)
      for place in 0..<length {
        let bits = generator.next()
        let sign: Float = bits & 1 == 0 ? 1 : -1
        switch bits >> 1 & 7 {
        case 0: values.append(sign * 0)
        case 1, 2: values.append(sign * Float(bits >> 8 & 63) * 0.25 * unit)
        case 3: values.append(sign * unit * Float(bits >> 8 & 0xFFFF) * 0x1p-30)
        default: values.append(sign * unit * (1 + Float(bits >> 8 & 0x7F_FFFF) * 0x1p-23))
        }
        if row % 16 == 9, place == length / 2 {
          values[values.count - 1] = [.infinity, -.infinity, .nan][row % 3]
        }
        if row % 16 == 12 { values[values.count - 1] = sign * 0 }
      }
    }
    return values
  }

  struct SplitMix {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// How many elements differ from what the reference makes of each row.
  static func mismatches(
    _ bulk: BulkBlockCodec,
    _ reference: BlockCodec,
    _ input: [Float],
    length: Int,
    threads: Int = 1
  )
    -> Int
  {
    var output = [Float](repeating: 7, count: input.count)
    input.withUnsafeBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target in
        if let base = target.baseAddress {
          bulk.roundTrip(source, rowLength: length, threads: threads, into: base)
        }
      }
    }
    var wrong = 0
    for start in stride(from: 0, to: input.count, by: length) {
      let row = Array(input[start..<start + length])
      var expected = row
      row.withUnsafeBufferPointer { source in
        expected.withUnsafeMutableBufferPointer { target in
          if let base = target.baseAddress {
            reference.roundTrip(source, into: base, outerScale: bulk.outerScale)
          }
        }
      }
      wrong += (0..<length).count { output[start + $0].bitPattern != expected[$0].bitPattern }
    }
    return wrong
  }

  /// Whether codes of elements and scales are those of the reference.
  static func encodes(_ bulk: BulkBlockCodec, _ reference: BlockCodec, _ input: [Float], length: Int) -> Bool
  {
    var codes = [UInt8](repeating: 255, count: input.count)
    let blockCount = (length + reference.format.blockLength - 1) / reference.format.blockLength
    var scales = [UInt16](repeating: .max, count: input.count / length * blockCount)
    input.withUnsafeBufferPointer { bulk.encode($0, rowLength: length, codes: &codes, scales: &scales) }
    let rows = stride(from: 0, to: input.count, by: length).map {
      reference.encode(Array(input[$0..<$0 + length]), outerScale: bulk.outerScale)
    }
    return codes.map(UInt32.init) == rows.flatMap(\.codes)
      && scales.map(UInt32.init) == rows.flatMap(\.scaleCodes)
  }

  @Test("every path and row gives the bits of the reference", arguments: names)
  func references(name: String) throws {
    let format = try #require(try FormatCatalog().blockFormats.first { $0.name == name })
    for search in [BlockScaleSearch.none, .mse] {
      for rounding in [RoundingRule.nearestEven, .towardZero, .up] {
        let codec = try BlockCodec(format, rounding: rounding, search: search)
        let outer: Float = format.scale.outer == .none ? 1 : 0.37
        for length in [1, 3, 16, 33, 64] {
          let input = Self.rows(count: search == .none ? 96 : 16, length: length, seed: UInt64(length))
          for kernel in Self.kernels {
            let bulk = BulkBlockCodec(codec, outerScale: outer, kernel: kernel)
            let wrong = Self.mismatches(bulk, codec, input, length: length)
            #expect(wrong == 0, "\(bulk.path), \(rounding), \(search), rows of \(length)")
            #expect(Self.encodes(bulk, codec, input, length: length), "\(bulk.path), codes")
          }
        }
      }
    }
  }

  @Test("rules for powers of two, and threads", arguments: ScaleRule.allCases)
  func rules(rule: ScaleRule) throws {
    let catalog = try FormatCatalog()
    for name in ["mxfp4_e2m1", "mxfp8_e4m3"] {
      let format = try #require(catalog.blockFormats.first { $0.name == name }).replacing(scaleRule: rule)
      let codec = try BlockCodec(format)
      let input = Self.rows(count: 2048, length: 40, seed: 1)
      for threads in [1, 3] {
        #expect(Self.mismatches(BulkBlockCodec(codec), codec, input, length: 40, threads: threads) == 0)
      }
    }
  }

  @Test("a kernel that takes another block's scale is told from the reference")
  func plantedBug() throws {
    let format = try #require(try FormatCatalog().blockFormats.first { $0.name == "nvfp4" })
    let codec = try BlockCodec(format)
    var planted = BlockRowKernel.select(.portable)
    planted.mirror = { input, rows, scales, levels, output in
      let count = rows.row_count * ((rows.row_length + rows.block_length - 1) / rows.block_length)
      let first = Array(repeating: scales?[0] ?? 0, count: count)
      binade_block_mirror_portable(input, rows, first, levels, output)
    }
    let input = Self.rows(count: 96, length: 33, seed: 5)
    #expect(Self.mismatches(BulkBlockCodec(codec, kernel: planted), codec, input, length: 33) > 0)
  }

  @Test(
    "a search is never worse than the plain rule, and finds what trying every scale finds",
    arguments: [
      "nvfp4", "mxfp4_e2m1", "vsq4_s4",
    ]
  )
  func search(name: String) throws {
    let format = try #require(try FormatCatalog().blockFormats.first { $0.name == name })
    let plain = try BlockCodec(format)
    let searched = try BlockCodec(format, search: .mse)
    let outer: Float = format.scale.outer == .none ? 1 : 0.01
    let values = Self.rows(count: 8, length: format.blockLength, seed: 11).map { $0.isFinite ? $0 : 1 }
    func error(_ codec: BlockCodec, _ code: UInt32, _ block: UnsafeBufferPointer<Float>) -> Double {
      let scale = codec.scale(of: code, outerScale: outer)
      return block.reduce(0.0) { sum, value in
        let rest = Double(value) - Double(codec.value(of: codec.code(of: value, scale: scale), scale: scale))
        return sum + rest * rest
      }
    }
    values.withUnsafeBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: format.blockLength) {
        let block = UnsafeBufferPointer(rebasing: values[start..<start + format.blockLength])
        let found = error(searched, searched.scaleCode(of: block, outerScale: outer), block)
        let best = (0..<UInt32(1) << UInt32(format.scale.bitWidth))
          .filter { searched.scale(of: $0, outerScale: outer).isFinite }
          .map { error(searched, $0, block) }.min()
        #expect(found == best)
        #expect(found <= error(plain, plain.scaleCode(of: block, outerScale: outer), block))
      }
    }
  }

  @Test("four-over-six is refused where it means nothing")
  func fourOverSixElsewhere() throws {
    let format = try #require(try FormatCatalog().blockFormats.first { $0.name == "mxfp4_e2m1" })
    #expect(throws: FormatError.self) { try BlockCodec(format, search: .fourOverSix) }
  }

  /// The mean squared error of nvfp4 with one float32 scale above the blocks' and a rule for these.
  static func meanSquaredError(_ values: [Float], _ search: BlockScaleSearch) throws -> Double {
    let codec = try BlockCodec(FormatCatalog().blockFormat(named: "nvfp4_two_level"), search: search)
    let greatest = values.reduce(0) { max($0, abs($1)) }
    let bulk = BulkBlockCodec(codec, outerScale: codec.outerScale(greatestMagnitude: greatest))
    var rounded = values
    values.withUnsafeBufferPointer { bulk.roundTrip($0, rowLength: 4096, threads: 2, into: &rounded) }
    let sum = zip(values, rounded).reduce(0.0) { sum, pair in
      let error = Double(pair.0) - Double(pair.1)
      return sum + error * error
    }
    return sum / Double(values.count)
  }

  @Test(
    "errors of nvfp4 on Laplace data are those that others measured, 0.0171616 and 0.0135951; on normal data less"
  )
  func publishedErrors() throws {
    var generator = SplitMix(state: 27_246)
    func uniform() -> Double { (Double(generator.next() >> 11) + 0.5) * 0x1p-53 }
    let count = 1 << 18
    let laplace = (0..<count).map { _ -> Float in
      let place = uniform() - 0.5
      return Float(place < 0 ? log(1 + 2 * place) : -log(1 - 2 * place))
    }
    let normal = (0..<count).map { _ in Float((-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())) }
    for (values, search, expected) in [
      (laplace, BlockScaleSearch.none, 0.0171616), (laplace, .mse, 0.0135951),
      (laplace, .fourOverSix, 0.01518),
      (normal, .none, 0.00904), (normal, .mse, 0.00659), (normal, .fourOverSix, 0.00756),
    ] {
      let found = try Self.meanSquaredError(values, search)
      // 16,384 blocks: a standard error of about half a percent.
      #expect(abs(found / expected - 1) < 0.02, "\(search): \(found) for \(expected)")
    }
  }
}
