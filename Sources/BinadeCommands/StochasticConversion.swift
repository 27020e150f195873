import Binade
import Foundation

/// Converts a file with stochastic rounding: the word of an element depends on the seed and its place in the file.
struct StochasticConversion {
  let codec: StochasticCodec
  let words: CounterGenerator
  let input: String
  /// The elements that are read at most.
  let limit: Int?
  /// Whether NaN into a format that has none stops the command: unless a dialect says what it becomes.
  let refusesNaN: Bool

  /// Floats, or Doubles, to codes; packed when they have a width.
  func encode(to output: String, packedBitWidth: Int?) throws {
    let type = ElementType.code(bitWidth: codec.info.bitWidth)
    let reader = try reader()
    let writer = try ArrayWriter(
      output,
      apartFrom: [input],
      type: type,
      shape: reader.shape,
      packedBitWidth: packedBitWidth
    )
    try convert(reader, to: [writer]) { piece, first in
      try writer.append(codes: codes(piece, scale: 1, first: first), as: type)
    }
    try writer.finish()
  }

  /// Floats, or Doubles, to the values of the format, at a scale, and their codes.
  func quantize(scale: Float, to files: QuantizedFileOptions) throws {
    let reader = try reader()
    let outputs = try QuantizedElements(
      files,
      input: input,
      bitWidth: codec.info.bitWidth,
      scale: scale,
      shape: reader.shape
    )
    try convert(reader, to: outputs.writers) { piece, first in
      let codes = codes(piece, scale: scale, first: first)
      try outputs.append(codes: codes)
      try outputs.append(values: codes.map { codec.decode($0) * scale })
    }
    try outputs.finish()
  }

  private func reader() throws -> ArrayReader {
    try ArrayReader(input, types: [.float32, .float64], limit: limit)
  }

  /// Streams the file; `body` writes one piece whose first element has this place.
  private func convert(
    _ reader: ArrayReader,
    to writers: [ArrayWriter],
    _ body: (FloatPiece, UInt64) throws -> Void
  ) throws {
    let bar = ProgressBar(total: reader.count, label: "rounding")
    defer { bar.finish() }
    var missing = MissingNaN(
      path: input,
      format: codec.info.name,
      isRefused: codec.reference.ladder.specials.nan == nil && refusesNaN
    )
    var first: UInt64 = 0
    while let data = try reader.next(conversionChunk) {
      let piece = FloatPiece(data, type: reader.type)
      try missing.add(piece.nanCount, before: writers)
      try body(piece, first)
      first += UInt64(piece.count)
      bar.advance(piece.count)
    }
    try missing.check()
  }

  /// The codes of the numbers divided by the scale.
  private func codes(_ piece: FloatPiece, scale: Float, first: UInt64) -> [UInt32] {
    switch piece {
    case .singles(let values):
      let quotients = scale == 1 ? values : values.map { $0 / scale }
      return [UInt32](unsafeUninitializedCapacity: values.count) { buffer, count in
        count = values.count
        guard let codes = buffer.baseAddress else { return }
        quotients.withUnsafeBufferPointer {
          codec.encode($0, words: words, firstElement: first, into: codes)
        }
      }
    case .doubles(let values):
      return values.indices.map { index in
        let value = scale == 1 ? values[index] : values[index] / Double(scale)
        return codec.encode(value, word: words.word(of: first + UInt64(index)))
      }
    }
  }
}
