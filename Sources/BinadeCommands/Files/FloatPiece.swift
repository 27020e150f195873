import Binade
import Foundation

/// Some numbers of a file, of float32 or float64.
enum FloatPiece {
  case singles([Float])
  case doubles([Double])

  /// Copies the numbers: the bytes of a Data need not be aligned.
  init(_ data: Data, type: ElementType) {
    self =
      type == .float64
      ? .doubles(ArrayReader.floats(data, as: Double.self))
      : .singles(ArrayReader.floats(data, as: Float.self))
  }

  var count: Int {
    switch self {
    case .singles(let values): values.count
    case .doubles(let values): values.count
    }
  }

  var nanCount: Int {
    switch self {
    case .singles(let values): values.count { $0.isNaN }
    case .doubles(let values): values.count { $0.isNaN }
    }
  }

  /// Numbers that a thread converts at a time where each is converted for itself.
  private static let sliceLength = 1 << 14

  /// The codes of the numbers divided by `scale`: the quotient is rounded once to the type of the numbers, then once to
  /// the format.
  ///
  /// - Precondition: the format has no more bits than the codes.
  func codes<Code: FixedWidthInteger & UnsignedInteger & Sendable>(
    _ codec: BulkCodec,
    scale: Float = 1,
    threads: Int = 1
  ) -> [Code] {
    switch self {
    case .singles(let values):
      [Code](unsafeUninitializedCapacity: values.count) { buffer, count in
        count = values.count
        guard let codes = buffer.baseAddress else { return }
        values.withUnsafeBufferPointer { source in
          encode(source, codec, .tensor(scale), threads, codes)
        }
      }
    case .doubles(let values):
      [Code](unsafeUninitializedCapacity: values.count) { buffer, count in
        count = values.count
        guard let codes = buffer.baseAddress else { return }
        let sliceCount = (values.count + Self.sliceLength - 1) / Self.sliceLength
        ParallelLoop.run(count: sliceCount, threads: threads) { slice in
          let start = slice * Self.sliceLength
          for index in start..<min(start + Self.sliceLength, values.count) {
            let code = codec.codec.encode(scale == 1 ? values[index] : values[index] / Double(scale))
            codes[index] = Code(truncatingIfNeeded: code)
          }
        }
      }
    }
  }

  private func encode<Code: FixedWidthInteger>(
    _ source: UnsafeBufferPointer<Float>,
    _ codec: BulkCodec,
    _ scales: BulkScales,
    _ threads: Int,
    _ codes: UnsafeMutablePointer<Code>
  ) {
    let raw = UnsafeMutableRawPointer(codes)
    switch MemoryLayout<Code>.size {
    case 1:
      let bytes = raw.assumingMemoryBound(to: UInt8.self)
      codec.encode(source, scales: scales, threads: threads, into: bytes)
    case 2:
      let halves = raw.assumingMemoryBound(to: UInt16.self)
      codec.encode(source, scales: scales, threads: threads, into: halves)
    default:
      let words = raw.assumingMemoryBound(to: UInt32.self)
      codec.encode(source, scales: scales, threads: threads, into: words)
    }
  }
}
