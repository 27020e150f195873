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
    let reader = try CodeReader(input, format: format)
    let writer = try ArrayWriter(output, type: .float32, shape: reader.shape)
    let bar = ProgressBar(total: reader.count, label: "decoding")
    defer { bar.finish() }
    for start in stride(from: 0, to: reader.count, by: conversionChunk) {
      let values = try reader.next(min(conversionChunk, reader.count - start)).map { codec.decode($0) }
      try values.withUnsafeBytes { try writer.append($0) }
      bar.advance(values.count)
    }
    try writer.finish()
  }
}
