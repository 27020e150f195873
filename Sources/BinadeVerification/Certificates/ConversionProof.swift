import BinadeKernels
import BinadeNumerics

/// All that runs when a format of up to 16 bits is converted under one policy, compared with MPFR over all 2^32 inputs:
/// encoding and round trip of the scalar codec and of every row of kernels, and the decoding of every code.
package struct ConversionProof: Sendable {
  /// What was found of one converter.
  package struct Outcome: Sendable, Hashable {
    /// The converter's path.
    package let path: String
    /// Codes of all inputs.
    package var encode = SweepResult()
    /// Values that all inputs are rounded to.
    package var roundTrip = SweepResult()
    /// Codes decoded wrongly, as inputs their numbers, in each width that holds them.
    package var decode = SweepResult()

    /// Wrong results of all three.
    package var mismatchCount: UInt64 {
      encode.mismatchCount + roundTrip.mismatchCount + decode.mismatchCount
    }
  }

  private let sweep: ExhaustiveSweep
  private let bitWidth: Int
  private let values: [Float]

  /// Prepares the comparison of conversions to `format`, which MPFR has decided as `steps`.
  ///
  /// - Complexity: an MPFR number for each code.
  package init(_ format: any NumericFormat, steps: OracleSteps) {
    bitWidth = format.bitWidth
    values = Self.values(of: format)
    sweep = ExhaustiveSweep(steps, values: values)
  }

  /// What each code stands for, rounded once to Float32 by MPFR.
  static func values(of format: any NumericFormat) -> [Float] {
    (UInt32(0)..<1 << UInt32(format.bitWidth)).map { code in
      switch OracleMeanings.meaning(of: code, in: format) {
      case .nan: .nan
      case .infinity(let isNegative): isNegative ? -.infinity : .infinity
      case .finite(_, isNegativeZero: true): -0.0
      case .finite(let value, isNegativeZero: false): value.nearestFloat
      }
    }
  }

  /// Runs every converter over all inputs, chunk by chunk; the result does not depend on the number of threads.
  ///
  /// `chunks`: upper halves of the inputs' bit patterns; all of them for a proof.
  /// `advance`: called from any thread with a number of chunks of 2^16 inputs just done.
  ///
  /// - Complexity: 2^32 conversions and round trips for each converter, twice where neighbours decide together.
  package func run(
    _ converters: [any BulkConverter],
    threads: Int,
    chunks: Range<Int> = 0..<1 << 16,
    advance: @Sendable (Int) -> Void = { _ in }
  ) -> [Outcome] {
    let pieceLength = 64
    let pieceCount = (chunks.count + pieceLength - 1) / pieceLength
    let pieces = ParallelLoop.map(count: pieceCount, threads: threads) { piece in
      let buffers = SweepBuffers()
      var outcomes = converters.map { Outcome(path: $0.path) }
      let first = chunks.lowerBound + piece * pieceLength
      let end = min(first + pieceLength, chunks.upperBound)
      for chunk in first..<end {
        let firstBits = UInt32(chunk) << 16
        buffers.fill(from: firstBits)
        for (index, converter) in converters.enumerated() {
          compare(converter, firstBits, buffers, &outcomes[index])
        }
      }
      advance(end - first)
      return outcomes
    }
    var total = converters.map { Outcome(path: $0.path) }
    for piece in pieces {
      for (index, part) in piece.enumerated() {
        total[index].encode += part.encode
        total[index].roundTrip += part.roundTrip
      }
    }
    for (index, converter) in converters.enumerated() { total[index].decode = decoding(by: converter) }
    return total
  }

  private func compare(
    _ converter: any BulkConverter,
    _ firstBits: UInt32,
    _ buffers: SweepBuffers,
    _ outcome: inout Outcome
  ) {
    let input = UnsafeBufferPointer(buffers.input)
    compare(converter, input, firstBits, buffers, &outcome, restore: false)
    guard let length = converter.sharedPieceLength(least: Float(bitPattern: firstBits)) else { return }
    // The same inputs with an infinity in each piece take the other path; as inputs they count once.
    let (encoded, rounded) = (outcome.encode.checkedCount, outcome.roundTrip.checkedCount)
    compare(converter, buffers.mixed(pieceLength: length), firstBits, buffers, &outcome, restore: true)
    outcome.encode.checkedCount = encoded
    outcome.roundTrip.checkedCount = rounded
  }

  private func compare(
    _ converter: any BulkConverter,
    _ input: UnsafeBufferPointer<Float>,
    _ firstBits: UInt32,
    _ buffers: SweepBuffers,
    _ outcome: inout Outcome,
    restore: Bool
  ) {
    if bitWidth <= 8 {
      converter.convert(input, into: buffers.bytes)
      if restore { buffers.takeOutInfinities(of: buffers.bytes) }
      sweep.compareCodes(UnsafePointer(buffers.bytes), firstBits: firstBits, into: &outcome.encode)
    } else {
      converter.convert(input, into: buffers.words)
      if restore { buffers.takeOutInfinities(of: buffers.words) }
      sweep.compareCodes(UnsafePointer(buffers.words), firstBits: firstBits, into: &outcome.encode)
    }
    converter.roundTrip(input, into: buffers.values)
    if restore { buffers.takeOutInfinities(of: buffers.values) }
    sweep.compareValues(UnsafePointer(buffers.values), firstBits: firstBits, into: &outcome.roundTrip)
  }

  private func decoding(by converter: any BulkConverter) -> SweepResult {
    var result = SweepResult()
    let codes = [UInt32](0..<UInt32(1) << UInt32(bitWidth))
    for byteCount in [1, 2, 4] where 8 * byteCount >= bitWidth {
      for (code, found) in zip(codes, converter.values(of: codes, byteCount: byteCount)) {
        let expected = values[Int(code)]
        let isSame = expected.isNaN ? found.isNaN : found.bitPattern == expected.bitPattern
        result.record(
          bits: code,
          expected: expected.bitPattern,
          found: isSame ? expected.bitPattern : found.bitPattern
        )
      }
    }
    return result
  }
}
