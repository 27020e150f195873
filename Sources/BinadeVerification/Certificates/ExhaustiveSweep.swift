import BinadeKernels
import BinadeNumerics

/// Something that turns Float32 inputs into codes, many at a time.
public protocol BulkConverter {
  /// Writes the code of each input.
  ///
  /// - Shape: `codes` holds `input.count` elements.
  func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt16>)
}

extension FormatCodec: BulkConverter {
  /// Encodes each input.
  public func convert(_ input: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<UInt16>) {
    encode(input, into: codes)
  }
}

/// What a comparison with MPFR's steps found.
public struct SweepResult: Sendable, Hashable {
  /// An input whose code is wrong.
  public struct Mismatch: Sendable, Hashable {
    /// The input's bit pattern.
    public let bits: UInt32
    /// What MPFR says.
    public let expected: UInt32
    /// What was found.
    public let found: UInt32
  }

  /// Inputs compared.
  public var checkedCount: UInt64 = 0
  /// Inputs with a wrong code.
  public var mismatchCount: UInt64 = 0
  /// The first five by bit pattern.
  public var firstMismatches: [Mismatch] = []

  /// Nothing compared yet.
  public init() {}

  /// Adds one comparison.
  public mutating func record(bits: UInt32, expected: UInt32, found: UInt32) {
    checkedCount += 1
    guard expected != found else { return }
    mismatchCount += 1
    if firstMismatches.count < 5 {
      firstMismatches.append(Mismatch(bits: bits, expected: expected, found: found))
    }
  }

  /// Adds the outcome of inputs that come later in order.
  public static func += (total: inout SweepResult, part: SweepResult) {
    total.checkedCount += part.checkedCount
    total.mismatchCount += part.mismatchCount
    total.firstMismatches = Array((total.firstMismatches + part.firstMismatches).prefix(5))
  }
}

/// Runs a converter over all 2^32 Float32 inputs and compares every code with MPFR's.
public struct ExhaustiveSweep {
  /// Inputs converted at a time; they fit the second-level cache with their codes.
  public static let chunkSize = 1 << 16

  private let steps: OracleSteps

  /// Prepares a comparison with `steps`.
  public init(_ steps: OracleSteps) { self.steps = steps }

  /// Compares all inputs, in chunks shared out among threads; the result does not depend on their number.
  ///
  /// - Complexity: 2^32 conversions; 0.4 MB of memory per thread.
  public func run(_ converter: some BulkConverter, threads: Int) -> SweepResult {
    // Each piece of 64 chunks allocates its buffers once.
    let pieces = ParallelLoop.map(count: 1024, threads: threads) { piece in
      Self.withBuffers { input, codes in
        var result = SweepResult()
        for chunk in 64 * piece..<64 * (piece + 1) {
          let firstBits = UInt32(chunk) << 16
          for offset in 0..<Self.chunkSize {
            input[offset] = Float(bitPattern: firstBits | UInt32(truncatingIfNeeded: offset))
          }
          converter.convert(UnsafeBufferPointer(input), into: codes)
          compare(UnsafePointer(codes), firstBits: firstBits, into: &result)
        }
        return result
      }
    }
    return pieces.reduce(into: SweepResult()) { $0 += $1 }
  }

  private static func withBuffers<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>, UnsafeMutablePointer<UInt16>) -> Result
  ) -> Result {
    let input = UnsafeMutableBufferPointer<Float>.allocate(capacity: chunkSize)
    let codes = UnsafeMutablePointer<UInt16>.allocate(capacity: chunkSize)
    defer {
      input.deallocate()
      codes.deallocate()
    }
    return body(input, codes)
  }

  /// Compares the codes of one chunk stretch by stretch: within a step all must be the same.
  public func compare(_ codes: UnsafePointer<UInt16>, firstBits: UInt32, into result: inout SweepResult) {
    compareCodes(codes, firstBits: firstBits, into: &result)
  }

  /// The same for codes of which some may be none of the format.
  public func compare(_ codes: UnsafePointer<UInt32>, firstBits: UInt32, into result: inout SweepResult) {
    compareCodes(codes, firstBits: firstBits, into: &result)
  }

  @inline(__always)
  private func compareCodes<Code: FixedWidthInteger & UnsignedInteger>(
    _ codes: UnsafePointer<Code>,
    firstBits: UInt32,
    into result: inout SweepResult
  ) {
    let isNegative = firstBits >> 31 == 1
    var offset = 0
    while offset < Self.chunkSize {
      let bits = firstBits | UInt32(offset)
      let place = OracleSteps.place(of: Float(bitPattern: bits))
      let index = steps.index(of: place)
      let expected = Code(truncatingIfNeeded: steps.steps[index].code)
      // Negative inputs descend: the stretch ends where the step starts.
      let remaining: UInt32
      if isNegative {
        remaining = place - steps.steps[index].start + 1
      } else {
        let next = index + 1 < steps.steps.count ? UInt64(steps.steps[index + 1].start) : 1 << 32
        remaining = UInt32(min(next - UInt64(place), UInt64(Self.chunkSize)))
      }
      let count = min(Int(remaining), Self.chunkSize - offset)
      var differences: Code = 0
      for position in offset..<offset + count { differences |= codes[position] ^ expected }
      result.checkedCount += UInt64(count)
      if differences != 0 {
        for position in offset..<offset + count where codes[position] != expected {
          result.mismatchCount += 1
          if result.firstMismatches.count < 5 {
            result.firstMismatches.append(
              .init(
                bits: firstBits | UInt32(position),
                expected: UInt32(expected),
                found: UInt32(codes[position])
              )
            )
          }
        }
      }
      offset += count
    }
  }

  /// Compares the first and last input of every step only: seconds become milliseconds, a proof becomes a check.
  public func runAtEdges(_ converter: some BulkConverter) -> SweepResult {
    var result = SweepResult()
    let starts = steps.steps.map(\.start)
    let places = starts + starts.dropFirst().map { $0 - 1 } + [UInt32.max]
    let inputs = places.map { OracleSteps.input(at: $0) }
    var codes = [UInt16](repeating: 0, count: inputs.count)
    inputs.withUnsafeBufferPointer { input in
      codes.withUnsafeMutableBufferPointer { codes in
        if let base = codes.baseAddress { converter.convert(input, into: base) }
      }
    }
    for (place, (input, code)) in zip(places, zip(inputs, codes)) {
      result.record(bits: input.bitPattern, expected: steps.code(at: place), found: UInt32(code))
    }
    return result
  }
}
