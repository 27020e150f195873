import BinadeFormats
import BinadeKernels
import BinadeNumerics
import Testing

/// Codes left by a convolution, against encoding its float32 results afterwards.
@Suite struct RequantizedOutputTests {
  /// Datapaths: bytes, int16, float32 or bfloat16; the last has NaN codes, which int16 finds apart.
  static let formats = ["int8", "int4", "posit8", "float8_e4m3fn", "nf4", "float8_e3m4"]

  @Test("codes equal those of the float32 results, residual and special values included", arguments: formats)
  func codes(name: String) throws {
    let catalog = try FormatCatalog()
    let codec = try FormatCodec(catalog.format(named: name))
    let next = BulkCodec(try FormatCodec(catalog.format(named: "float8_e4m3fn")))
    let values = (0..<UInt32(1) << UInt32(codec.info.bitWidth)).map { codec.decode($0) }
    for shape in RoundedConvolutionTests.shapes {
      var numbers = TestNumbers(seed: 61)
      let imageCount = 3
      let convolution = CodedConvolution(
        shape: shape,
        activations: OperandValues(codec),
        weights: OperandValues(codec),
        weightCodes: ExactConvolutionTests.codes(
          values,
          shape.outputChannels * shape.depth,
          isFinite: true,
          &numbers
        )
      )
      let images = ExactConvolutionTests.codes(
        values,
        imageCount * shape.inputCount,
        isFinite: name != "float8_e3m4",
        &numbers
      ).map { UInt8($0) }
      let greatest = values.filter(\.isFinite).max() ?? 1
      let epilogue = Epilogue(
        scales: [Float](
          repeating: Float(convolution.unit) / (greatest * greatest),
          count: shape.outputChannels
        ),
        bias: numbers.floats(shape.outputChannels),
        appliesReLU: false
      )
      let addend = numbers.floats(imageCount * shape.outputCount)
      let scratch = UnsafeMutableRawPointer.allocate(
        byteCount: convolution.scratchByteCount(imageCount: imageCount),
        alignment: 64
      )
      defer { scratch.deallocate() }
      let results = CodedConvolutionTests.run(
        convolution,
        images,
        imageCount: imageCount,
        epilogue: epilogue,
        addend: addend
      )
      for (scales, expected) in Self.scales(shape.outputChannels, results, next) {
        var found = [UInt8](repeating: 0xaa, count: results.count)
        found.withUnsafeMutableBufferPointer { found in
          guard let base = found.baseAddress else { return }
          convolution.run(
            images,
            imageCount: imageCount,
            scratch: scratch,
            epilogue: epilogue,
            addend: addend,
            into: RequantizedOutput(base, codec: next, scales: scales)
          )
        }
        #expect(found == expected, "\(convolution.datapath) \(shape)")
        #expect(Set(expected).count > 4, "too few codes to tell a fault")
      }
    }
  }

  /// Scales with the codes that results have by definition: one, one per channel, and these with limits.
  private static func scales(_ channels: Int, _ results: [Float], _ next: BulkCodec) -> [(
    BulkScales, [UInt8]
  )] {
    let scales = (0..<channels).map { 0.02 + 0.01 * Float($0) }
    let greatest = (0..<channels).map { Float(20 + 10 * ($0 % 3)) }
    func codes(_ quotient: (Float, Int) -> Float) -> [UInt8] {
      results.enumerated().map { UInt8(next.codec.encode(quotient($1, $0 % channels))) }
    }
    return [
      (.tensor(0.03), codes { value, _ in value / 0.03 }),
      (.innermost(scales), codes { $0 / scales[$1] }),
      (
        .innermost(scales, least: greatest.map { -$0 / 2 }, greatest: greatest),
        codes { value, channel in
          let quotient = value / scales[channel]
          if quotient < -greatest[channel] / 2 { return -greatest[channel] / 2 }
          return quotient > greatest[channel] ? greatest[channel] : quotient
        }
      ),
    ]
  }
}
