import ArgumentParser
import Binade
import Foundation

/// Floats to codes.
struct EncodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Encode a file of float32 (or float64) into codes of a format.",
    discussion: """
      One code per element: 1 byte for formats of up to 8 bits, 2 up to 16, 4 up to 32, little-endian. Float64
      input (.f64, or .npy of '<f8') is rounded once, not through float32. The file is streamed.

      With --packed, codes of up to 8 bits are written without gaps: code i takes bits i * width and up of a stream whose
      bit b is bit b % 8 of byte b / 8. Two 4-bit codes share a byte, the first in the low half; four 6-bit codes take
      three bytes. The last byte is filled with zero bits.

      EXAMPLES
        binade encode --format float8_e4m3fn --input x.f32 --output y.bin
        binade encode --format float4_e2m1fn --packed --input x.f32 --output y.bin
        binade encode --format int4 --rounding towardZero --overflow saturate --input x.npy --output y.npy
        binade encode --format bfloat16 --rounding stochastic --random-bits 8 --seed 7 --input x.f32 --output y.bin
      """
  )

  @OptionGroup var conversion: ConversionOptions
  @Flag(help: "Write codes of up to 8 bits without gaps between them.") var packed = false
  @OptionGroup var formatOptions: FormatOptions

  func run() throws {
    if let stochastic = try conversion.stochasticConversion(formatOptions) {
      return try stochastic.encode(packedBitWidth: packedBitWidth(stochastic.codec.info))
    }
    let codec = BulkCodec(try conversion.codec(formatOptions))
    let info = codec.codec.info
    let reader = try ArrayReader(conversion.input, types: [.float32, .float64])
    let type = ElementType.code(bitWidth: info.bitWidth)
    let writer = try ArrayWriter(
      conversion.output,
      apartFrom: [conversion.input],
      type: type,
      shape: reader.shape,
      packedBitWidth: packedBitWidth(info)
    )
    let bar = ProgressBar(total: reader.count, label: "encoding")
    defer { bar.finish() }
    var nanCount = 0
    while let data = try reader.next(conversionChunk) {
      let count = data.count / reader.type.size
      switch type {
      case .code8:
        nanCount += try encode(data, codec, reader.type, count, writer) {
          (floats, codes: UnsafeMutablePointer<UInt8>) in
          codec.encode(floats, into: codes)
        }
      case .code16:
        nanCount += try encode(data, codec, reader.type, count, writer) {
          (floats, codes: UnsafeMutablePointer<UInt16>) in
          codec.encode(floats, into: codes)
        }
      default:
        nanCount += try encode(data, codec, reader.type, count, writer) {
          (floats, codes: UnsafeMutablePointer<UInt32>) in
          codec.encode(floats, into: codes)
        }
      }
      bar.advance(count)
    }
    try conversion.requireCodesForNaN(nanCount, codec.codec)
    try writer.finish()
  }

  /// The width of packed codes; nil for whole bytes.
  private func packedBitWidth(_ info: FormatInfo) throws -> Int? {
    guard packed else { return nil }
    guard PackedCodes.bitWidths.contains(info.bitWidth) else {
      throw ValidationError(
        "--packed is for codes of up to 8 bits; those of '\(info.name)' have \(info.bitWidth) and are written whole"
      )
    }
    guard !conversion.output.hasSuffix(".npy") else {
      throw ValidationError("--packed writes a bit stream, which .npy has no type for; name the output .bin")
    }
    return info.bitWidth
  }

  /// Encodes and writes one piece; returns the number of NaNs in it.
  private func encode<Code: FixedWidthInteger & UnsignedInteger>(
    _ data: Data,
    _ codec: BulkCodec,
    _ type: ElementType,
    _ count: Int,
    _ writer: ArrayWriter,
    _ encodeFloats: (UnsafeBufferPointer<Float>, UnsafeMutablePointer<Code>) -> Void
  ) throws -> Int {
    var codes = [Code](repeating: 0, count: count)
    let nanCount: Int
    if type == .float32 {
      let values = ArrayReader.floats(data, as: Float.self)
      values.withUnsafeBufferPointer { source in
        codes.withUnsafeMutableBufferPointer { target in
          if let base = target.baseAddress { encodeFloats(source, base) }
        }
      }
      nanCount = values.count { $0.isNaN }
    } else {
      let values = ArrayReader.floats(data, as: Double.self)
      for index in 0..<count { codes[index] = Code(truncatingIfNeeded: codec.codec.encode(values[index])) }
      nanCount = values.count { $0.isNaN }
    }
    try codes.withUnsafeBytes { try writer.append($0) }
    return nanCount
  }
}
