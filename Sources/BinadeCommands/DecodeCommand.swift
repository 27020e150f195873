import ArgumentParser
import Binade
import Foundation

/// Codes to floats.
struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Decode a file of codes into float32.",
    discussion: """
      EXAMPLE
        binade decode --format float8_e4m3fn --input y.bin --output x.f32
      """
  )

  @Option(help: "The format: a name, or the path of a definition file.") var format: String
  @Option(help: "The codes: 1, 2 or 4 bytes each, raw or .npy.") var input: String
  @Option(help: "The float32 file to write.") var output: String
  @OptionGroup var formatOptions: FormatOptions

  func run() throws {
    let format = try formatOptions.catalog().format(named: format)
    let codec = try FormatCodec(format)
    let type = ElementType.code(bitWidth: format.bitWidth)
    let reader = try ArrayReader(input, types: [type])
    let writer = try ArrayWriter(output, type: .float32, shape: reader.shape)
    let bar = ProgressBar(total: reader.count, label: "decoding")
    defer { bar.finish() }
    var start = 0
    while let data = try reader.next(conversionChunk) {
      let count = data.count / type.size
      let values = try data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws -> [Float] in
        try (0..<count).map { index in
          let code = Self.code(bytes, index, type)
          guard UInt64(code) >> UInt64(format.bitWidth) == 0 else {
            throw ConversionError.codeOutOfRange(
              path: input,
              format: format.name,
              index: start + index,
              code: code,
              bitWidth: format.bitWidth
            )
          }
          return codec.decode(code)
        }
      }
      try values.withUnsafeBytes { try writer.append($0) }
      start += count
      bar.advance(count)
    }
    try writer.finish()
  }

  private static func code(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ type: ElementType)
    -> UInt32
  {
    switch type {
    case .code8: UInt32(bytes[index])
    case .code16:
      UInt32(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
    default: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
    }
  }
}
