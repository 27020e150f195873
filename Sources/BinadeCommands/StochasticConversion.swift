import Binade
import Foundation

/// Converts a file with stochastic rounding: the word of an element depends on the seed and its place in the file.
struct StochasticConversion {
  let codec: StochasticCodec
  let words: CounterGenerator
  let input: String
  let output: String
  /// Whether NaN into a format that has none stops the command: unless a dialect says what it becomes.
  let refusesNaN: Bool

  /// Floats, or Doubles, to codes; packed when they have a width.
  func encode(packedBitWidth: Int?) throws {
    let type = ElementType.code(bitWidth: codec.info.bitWidth)
    try convert(types: [.float32, .float64], to: type, packedBitWidth: packedBitWidth) {
      data,
      inputType,
      first,
      writer in
      switch (inputType, type) {
      case (.float32, .code8):
        try encode(ArrayReader.floats(data, as: Float.self), writer) {
          (values, codes: UnsafeMutablePointer<UInt8>) in
          codec.encode(values, words: words, firstElement: first, into: codes)
        }
      case (.float32, .code16):
        try encode(ArrayReader.floats(data, as: Float.self), writer) {
          (values, codes: UnsafeMutablePointer<UInt16>) in
          codec.encode(values, words: words, firstElement: first, into: codes)
        }
      case (.float32, _):
        try encode(ArrayReader.floats(data, as: Float.self), writer) {
          (values, codes: UnsafeMutablePointer<UInt32>) in
          codec.encode(values, words: words, firstElement: first, into: codes)
        }
      case (_, .code8): try encode(ArrayReader.floats(data, as: Double.self), first, UInt8.self, writer)
      case (_, .code16): try encode(ArrayReader.floats(data, as: Double.self), first, UInt16.self, writer)
      case (_, _): try encode(ArrayReader.floats(data, as: Double.self), first, UInt32.self, writer)
      }
    }
  }

  /// Floats to the values of the format, at a scale.
  func quantize(scale: Float) throws {
    try convert(types: [.float32], to: .float32) { data, _, first, writer in
      var values = ArrayReader.floats(data, as: Float.self)
      let nanCount = values.count { $0.isNaN }
      for index in values.indices { values[index] /= scale }
      values.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress {
          codec.roundTrip(
            UnsafeBufferPointer(buffer),
            words: words,
            firstElement: first,
            into: base
          )
        }
      }
      for index in values.indices { values[index] *= scale }
      try values.withUnsafeBytes { try writer.append($0) }
      return nanCount
    }
  }

  /// Streams the file; `body` writes one piece and returns the number of NaNs in it.
  private func convert(
    types: [ElementType],
    to type: ElementType,
    packedBitWidth: Int? = nil,
    _ body: (Data, ElementType, UInt64, ArrayWriter) throws -> Int
  ) throws {
    let reader = try ArrayReader(input, types: types)
    let writer = try ArrayWriter(
      output,
      apartFrom: [input],
      type: type,
      shape: reader.shape,
      packedBitWidth: packedBitWidth
    )
    let bar = ProgressBar(total: reader.count, label: "rounding")
    defer { bar.finish() }
    var (nanCount, first) = (0, UInt64(0))
    while let data = try reader.next(conversionChunk) {
      let count = data.count / reader.type.size
      nanCount += try body(data, reader.type, first, writer)
      first += UInt64(count)
      bar.advance(count)
    }
    if nanCount > 0, codec.reference.ladder.specials.nan == nil, refusesNaN {
      throw ConversionError.nanWithoutCode(path: input, format: codec.info.name, count: nanCount)
    }
    try writer.finish()
  }

  private func encode<Code: FixedWidthInteger>(
    _ values: [Float],
    _ writer: ArrayWriter,
    _ encodeFloats: (UnsafeBufferPointer<Float>, UnsafeMutablePointer<Code>) -> Void
  ) throws -> Int {
    var codes = [Code](repeating: 0, count: values.count)
    values.withUnsafeBufferPointer { source in
      codes.withUnsafeMutableBufferPointer { target in
        if let base = target.baseAddress { encodeFloats(source, base) }
      }
    }
    try codes.withUnsafeBytes { try writer.append($0) }
    return values.count { $0.isNaN }
  }

  private func encode<Code: FixedWidthInteger>(
    _ values: [Double],
    _ first: UInt64,
    _ type: Code.Type,
    _ writer: ArrayWriter
  ) throws -> Int {
    let codes = values.indices.map { index in
      let word = words.word(of: first + UInt64(index))
      return Code(truncatingIfNeeded: codec.encode(values[index], word: word))
    }
    try codes.withUnsafeBytes { try writer.append($0) }
    return values.count { $0.isNaN }
  }
}
