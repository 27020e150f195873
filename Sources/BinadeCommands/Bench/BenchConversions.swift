import Binade

/// Conversions as closures that run once, into memory that is there before.
enum BenchConversions {
  typealias Operation = BenchCodecCommand.Operation

  static func workload(_ operation: Operation, _ codec: FormatCodec, count: Int, threads: Int)
    -> BenchWorkload
  {
    let bulk = BulkCodec(codec)
    return switch codec.info.bitWidth {
    case ...8:
      workload(
        operation,
        bulk,
        count,
        threads,
        { bulk.encode($0, into: $1) } as Encoder<UInt8>,
        { bulk.decode($0, into: $1) }
      )
    case ...16:
      workload(
        operation,
        bulk,
        count,
        threads,
        { bulk.encode($0, into: $1) } as Encoder<UInt16>,
        { bulk.decode($0, into: $1) }
      )
    default:
      workload(
        operation,
        bulk,
        count,
        threads,
        { bulk.encode($0, into: $1) } as Encoder<UInt32>,
        { bulk.decode($0, into: $1) }
      )
    }
  }

  private typealias Encoder<Code> = (UnsafeBufferPointer<Float>, UnsafeMutablePointer<Code>) -> Void
  private typealias Decoder<Code> = (UnsafeBufferPointer<Code>, UnsafeMutablePointer<Float>) -> Void

  private static func workload<Code: FixedWidthInteger & UnsignedInteger & Sendable>(
    _ operation: Operation,
    _ codec: BulkCodec,
    _ count: Int,
    _ threads: Int,
    _ encode: @escaping Encoder<Code>,
    _ decode: @escaping Decoder<Code>
  ) -> BenchWorkload {
    let values = BenchBuffer(BenchNumbers.normal(count, tensor: 1))
    let codes = BenchBuffer([Code](repeating: 0, count: count))
    encode(UnsafeBufferPointer(start: values.start, count: count), codes.start)
    let results = BenchBuffer([Float](repeating: 0, count: operation == .encode ? 0 : count))
    let body: (Range<Int>) -> Void
    switch operation {
    case .encode:
      body = { encode(values.slice($0), codes.start + $0.lowerBound) }
    case .decode:
      body = { decode(codes.slice($0), results.start + $0.lowerBound) }
    case .roundTrip:
      body = { codec.fakeQuantize(values.slice($0), into: results.start + $0.lowerBound) }
    }
    return BenchWorkload(
      name: "\(operation.rawValue) \(count) \(codec.codec.info.name)",
      datapath: "-",
      kernel: codec.path,
      workCount: count,
      unit: .elements,
      multiplyAccumulateCount: nil,
      run: {
        split(count, threads, body)
        return operation == .encode ? Float(codes.start[count / 2]) : results.start[count / 2]
      }
    )
  }

  /// The twin of all conversions: the numbers as they are.
  static func copy(count: Int, threads: Int) -> BenchWorkload {
    let values = BenchBuffer(BenchNumbers.normal(count, tensor: 1))
    let results = BenchBuffer([Float](repeating: 0, count: count))
    return BenchWorkload(
      name: "copy \(count)",
      datapath: "-",
      kernel: "copy",
      workCount: count,
      unit: .elements,
      multiplyAccumulateCount: nil,
      run: {
        split(count, threads) { range in
          (results.start + range.lowerBound).update(
            from: values.start + range.lowerBound,
            count: range.count
          )
        }
        return results.start[count / 2]
      }
    )
  }

  /// One even share per thread.
  private static func split(_ count: Int, _ threads: Int, _ body: (Range<Int>) -> Void) {
    ParallelLoop.run(count: threads, threads: threads) { thread in
      body(thread * count / threads..<(thread + 1) * count / threads)
    }
  }
}

/// Memory that several threads write to, each to a part of its own.
final class BenchBuffer<Element> {
  let start: UnsafeMutablePointer<Element>

  init(_ elements: [Element]) {
    start = .allocate(capacity: elements.count)
    start.initialize(from: elements, count: elements.count)
  }

  deinit { start.deallocate() }

  /// A part of the memory.
  func slice(_ range: Range<Int>) -> UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: start + range.lowerBound, count: range.count)
  }
}
