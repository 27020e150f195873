import BinadeNumerics

/// Compares conversions of Float32 inputs with the steps that MPFR decided, up to all 2^32 of them.
package struct ExhaustiveSweep: Sendable {
  /// Inputs converted at a time; they fit the second-level cache with their codes.
  package static let chunkSize = 1 << 16

  let steps: OracleSteps
  /// The bits of the value of each code, as MPFR rounds it to Float32; NaN for codes without a value.
  let valueBits: [UInt32]

  /// Prepares a comparison with `steps`; `values` has the value of each code where round trips are to be compared.
  package init(_ steps: OracleSteps, values: [Float] = []) {
    self.steps = steps
    valueBits = values.map(\.bitPattern)
  }

  /// Compares the codes of one chunk stretch by stretch: within a step all must be the same.
  @inline(__always)
  func compareCodes<Code: FixedWidthInteger & UnsignedInteger>(
    _ codes: UnsafePointer<Code>,
    firstBits: UInt32,
    into result: inout SweepResult
  ) {
    forEachStretch(from: firstBits) { range, code in
      let expected = Code(truncatingIfNeeded: code)
      var differences: Code = 0
      for position in range { differences |= codes[position] ^ expected }
      result.checkedCount += UInt64(range.count)
      guard differences != 0 else { return }
      for position in range where codes[position] != expected {
        Self.note(firstBits | UInt32(position), code, UInt32(codes[position]), in: &result)
      }
    }
  }

  /// The same for codes of which some may be none of the format.
  package func compare(_ codes: UnsafePointer<UInt32>, firstBits: UInt32, into result: inout SweepResult) {
    compareCodes(codes, firstBits: firstBits, into: &result)
  }

  /// Compares the values that the inputs of one chunk were rounded to, bit by bit; any NaN is NaN.
  func compareValues(_ values: UnsafePointer<Float>, firstBits: UInt32, into result: inout SweepResult) {
    forEachStretch(from: firstBits) { range, code in
      let expected = valueBits[Int(code)]
      let isNaN = Float(bitPattern: expected).isNaN
      var differences: UInt32 = 0
      if isNaN {
        for position in range { differences |= values[position] == values[position] ? 1 : 0 }
      } else {
        for position in range { differences |= values[position].bitPattern ^ expected }
      }
      result.checkedCount += UInt64(range.count)
      guard differences != 0 else { return }
      for position in range {
        let found = values[position]
        if isNaN ? !found.isNaN : found.bitPattern != expected {
          Self.note(firstBits | UInt32(position), expected, found.bitPattern, in: &result)
        }
      }
    }
  }

  private static func note(
    _ bits: UInt32,
    _ expected: UInt32,
    _ found: UInt32,
    in result: inout SweepResult
  ) {
    result.mismatchCount += 1
    if result.firstMismatches.count < 5 {
      result.firstMismatches.append(.init(bits: bits, expected: expected, found: found))
    }
  }

  /// Calls `body` with stretches of a chunk and the code that MPFR gives all of each.
  @inline(__always)
  private func forEachStretch(from firstBits: UInt32, _ body: (Range<Int>, UInt32) -> Void) {
    let isNegative = firstBits >> 31 == 1
    var offset = 0
    while offset < Self.chunkSize {
      let place = OracleSteps.place(of: Float(bitPattern: firstBits | UInt32(offset)))
      let index = steps.index(of: place)
      // Negative inputs descend: the stretch ends where the step starts.
      let remaining: UInt64
      if isNegative {
        remaining = UInt64(place - steps.steps[index].start) + 1
      } else {
        let next = index + 1 < steps.steps.count ? UInt64(steps.steps[index + 1].start) : 1 << 32
        remaining = next - UInt64(place)
      }
      let count = min(Int(remaining), Self.chunkSize - offset)
      body(offset..<offset + count, steps.steps[index].code)
      offset += count
    }
  }

  /// Compares the first and last input of every step only: seconds become milliseconds, a proof becomes a check.
  package func runAtEdges(_ converter: some BulkConverter) -> SweepResult {
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
