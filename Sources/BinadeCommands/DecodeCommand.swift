import ArgumentParser
import Binade
import Foundation

/// Codes to floats.
struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Decode a file of codes into float32.",
    discussion: """
      With --packed the file is a stream of codes without gaps, as 'encode --packed' writes it. A stream that ends within
      a byte does not tell how many codes it has: --count does. Without it, all codes that are whole are decoded.

      Codes in .npy files are unsigned integers, or elements of NumPy types that NumPy has no name for: arrays of
      ml_dtypes.

      Block formats need the file of their scales, and those with float32 scales above them the file of these, as 'encode' and
      'quantize' write them; rows are those of the last axis, a raw file is one row.

      \(StreamOptions.help)

      EXAMPLES
        binade decode --format float8_e4m3fn --input y.bin --output x.f32
        binade decode --format float4_e2m1fn --packed --count 1001 --input y.bin --output x.f32
        binade decode --format nvfp4 --input codes.npy --scales scales.npy --output x.npy
      """
  )

  @Option(help: "The format: a name, or the path of a definition file.", completion: NameCompletion.format)
  var format: String
  @Option(
    help: "The codes: 1, 2 or 4 bytes each, raw or .npy; packed: raw; - for standard input.",
    completion: .file()
  )
  var input: String
  @Option(help: "The float32 file to write; - for standard output.", completion: .file())
  var output: String
  @Flag(help: "The codes are packed, without gaps between them.") var packed = false
  @Option(help: "With --packed: the number of codes.") var count: Int?
  @OptionGroup var blockFiles: BlockFileOptions
  @OptionGroup var stream: StreamOptions
  @OptionGroup var formatOptions: FormatOptions

  func validate() throws {
    guard count == nil || packed else { throw ValidationError("--count needs --packed") }
    if let count, count < 0 { throw ValidationError("--count must not be negative, found \(count)") }
  }

  func run() throws {
    let format: any NumericFormat
    switch try formatOptions.catalog().entry(named: self.format) {
    case .block(let blocks): return try decode(blocks)
    case .element(let element): format = element
    }
    try blockFiles.refuse(for: format.name)
    let codec = BulkCodec(try FormatCodec(format))
    if packed { return try decodePacked(codec) }
    let reader = try CodeReader(input, format: format, limit: stream.limit)
    let writer = try ArrayWriter(output, apartFrom: [input], type: .float32, shape: reader.shape)
    let bar = ProgressBar(total: reader.count, label: "decoding")
    defer { bar.finish() }
    while case let codes = try reader.next(conversionChunk), !codes.isEmpty {
      try writer.append(decoded: codes.count) { values in
        codes.withUnsafeBufferPointer { codec.decode($0, into: values) }
      }
      bar.advance(codes.count)
    }
    try writer.finish()
  }

  private func decode(_ format: BlockFormat) throws {
    guard !packed else {
      throw ValidationError("--packed is for formats of single elements; '\(format.name)' is a block format")
    }
    try BlockDecoding(
      codec: BlockCodec(format),
      codes: input,
      scales: blockFiles.scales(of: format, besides: input),
      outerScales: blockFiles.outerScales,
      output: output,
      limit: stream.limit
    ).run()
  }

  private func decodePacked(_ codec: BulkCodec) throws {
    let reader = try PackedCodeReader(input, info: codec.codec.info, count: count, limit: stream.limit)
    let shape = reader.count.map { [$0] }
    let writer = try ArrayWriter(output, apartFrom: [input], type: .float32, shape: shape)
    let bar = ProgressBar(total: reader.count, label: "decoding")
    defer { bar.finish() }
    while let codes = try reader.next() {
      try writer.append(decoded: codes.count) { values in
        codes.withUnsafeBufferPointer { codec.decode($0, into: values) }
      }
      bar.advance(codes.count)
    }
    try writer.finish()
  }
}

extension ArrayWriter {
  /// Appends so many floats that `decode` fills in.
  fileprivate func append(decoded count: Int, _ decode: (UnsafeMutablePointer<Float>) -> Void) throws {
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { decode(base) }
      initialized = count
    }
    try values.withUnsafeBytes { try append($0) }
  }
}
