import BinadeKernels
import BinadeNumerics

/// One thread's part of a ``WideConversionProof``.
final class WideSweep {
  private(set) var outcomes: [ConversionProof.Outcome]
  /// The codes that MPFR gives the first and the last input of each chunk.
  private(set) var ends: [UInt32] = []

  private let oracle: MPFROracle
  private let signShift: UInt32
  private let magnitudes: WideMagnitudes
  private let rounding: RoundingRule
  private let greatestMagnitude: UInt32
  private let converters: [any BulkConverter]
  private let input: UnsafeMutableBufferPointer<Float>
  private let codes: UnsafeMutablePointer<UInt32>
  private let values: UnsafeMutablePointer<Float>

  init(_ format: any NumericFormat, policy: ConversionPolicy, converters: [any BulkConverter]) throws {
    guard let magnitudes = WideMagnitudes(format) else {
      throw CertificateError.notCertifiable(format: format.name, bitWidth: format.bitWidth)
    }
    self.magnitudes = magnitudes
    self.converters = converters
    oracle = try MPFROracle(format, policy: policy)
    rounding = policy.rounding
    signShift = UInt32(format.bitWidth - 1)
    greatestMagnitude = oracle.ladder.greatest.code
    outcomes = converters.map { ConversionProof.Outcome(path: $0.path) }
    input = .allocate(capacity: ExhaustiveSweep.chunkSize)
    codes = .allocate(capacity: ExhaustiveSweep.chunkSize)
    values = .allocate(capacity: ExhaustiveSweep.chunkSize)
  }

  deinit {
    input.deallocate()
    codes.deallocate()
    values.deallocate()
  }

  private func expected(_ offset: Int) -> UInt32 { oracle.expectedCode(for: Double(input[offset])) }

  /// Compares the inputs whose upper half is `chunk`.
  func run(chunk: Int) {
    let firstBits = UInt32(chunk) << 16
    let last = ExhaustiveSweep.chunkSize - 1
    for offset in 0...last { input[offset] = Float(bitPattern: firstBits | UInt32(offset)) }
    let edges = (first: expected(0), last: expected(last))
    ends += [edges.first, edges.last]
    let inner = (magnitudes.magnitude(of: edges.first), magnitudes.magnitude(of: edges.last))
    // Values on both sides of both ends: nothing but neighbours decides in between.
    let isInside = inner.0 > 1 && inner.0 < inner.1 && inner.1 < greatestMagnitude && input[0].isFinite
    for (index, converter) in converters.enumerated() {
      converter.convert(UnsafeBufferPointer(input), into: codes)
      converter.roundTrip(UnsafeBufferPointer(input), into: values)
      if isInside {
        outcomes[index].encode.record(bits: firstBits, expected: edges.first, found: codes[0])
        compareInside(&outcomes[index], edges.last)
      } else {
        halve(0, last, edges.first, edges.last, &outcomes[index])
      }
    }
  }

  /// Compares all inputs but the first, already counted, with the stretches of the codes they were given.
  private func compareInside(_ outcome: inout ConversionProof.Outcome, _ lastExpected: UInt32) {
    let isNegative = input[0].sign == .minus
    var code: UInt32?
    var (low, high) = (0.0, 0.0)
    var isEven = false
    var value: UInt32 = 0
    var isLastAccepted = false
    let last = ExhaustiveSweep.chunkSize - 1
    for offset in 0...last {
      let found = codes[offset]
      let magnitude = magnitudes.magnitude(of: found)
      if found != code {
        code = found
        guard magnitude > 0, magnitude < greatestMagnitude else {
          reject(offset, &outcome)
          code = nil
          isLastAccepted = false
          continue
        }
        (low, high) = stretch(of: magnitude)
        isEven = magnitude & 1 == 0
        let float = magnitudes.float(magnitude)
        value = (isNegative ? -float : float).bitPattern
      }
      let number = Double(input[offset].magnitude)
      let own = magnitudes.key(of: number)
      let (below, above) = (
        magnitudes.side(of: number, own, at: low), magnitudes.side(of: number, own, at: high)
      )
      let isRight: Bool
      switch rounding {
      case .towardZero: isRight = below >= 0 && above < 0
      default: isRight = (below > 0 || below == 0 && isEven) && (above < 0 || above == 0 && isEven)
      }
      isLastAccepted = isRight && (found >> signShift == 1) == isNegative
      if isLastAccepted {
        if offset > 0 { outcome.encode.checkedCount += 1 }
      } else {
        reject(offset, &outcome)
      }
      outcome.roundTrip.record(
        bits: input[offset].bitPattern,
        expected: value,
        found: values[offset].bitPattern
      )
    }
    // Neighbours accept what MPFR does not: the proof is at fault, and must not look like one.
    if isLastAccepted, codes[last] != lastExpected { outcome.encode.mismatchCount += 1 }
  }

  private func reject(_ offset: Int, _ outcome: inout ConversionProof.Outcome) {
    let right = expected(offset)
    if offset == 0, right != codes[0] { return }
    outcome.encode.record(bits: input[offset].bitPattern, expected: right, found: codes[offset])
    // Neighbours reject what MPFR does not: as above.
    if right == codes[offset] { outcome.encode.mismatchCount += 1 }
  }

  /// From where to where numbers become a code, as keys.
  private func stretch(of magnitude: UInt32) -> (low: Double, high: Double) {
    rounding == .towardZero
      ? (magnitudes.key(magnitude), magnitudes.key(magnitude + 1))
      : (magnitudes.boundaryKey(after: magnitude - 1), magnitudes.boundaryKey(after: magnitude))
  }

  /// Compares inputs whose first and last codes MPFR has decided: all where they are the same, else both halves.
  private func halve(
    _ first: Int,
    _ last: Int,
    _ firstCode: UInt32,
    _ lastCode: UInt32,
    _ outcome: inout ConversionProof.Outcome
  ) {
    if firstCode == lastCode || first == last {
      let value = floatBits(of: firstCode)
      for offset in first...last {
        let bits = input[offset].bitPattern
        outcome.encode.record(bits: bits, expected: firstCode, found: codes[offset])
        let found = values[offset]
        let isSame = value.map { found.bitPattern == $0 } ?? found.isNaN
        outcome.roundTrip.record(
          bits: bits,
          expected: value ?? Float.nan.bitPattern,
          found: isSame ? value ?? Float.nan.bitPattern : found.bitPattern
        )
      }
      return
    }
    let middle = (first + last) / 2
    halve(first, middle, firstCode, middle == first ? firstCode : expected(middle), &outcome)
    halve(middle + 1, last, middle + 1 == last ? lastCode : expected(middle + 1), lastCode, &outcome)
  }

  /// The bits of a code's value as Float32; nil for NaN.
  private func floatBits(of code: UInt32) -> UInt32? {
    switch oracle.ladder.meaning(of: code) {
    case .nan: nil
    case .infinity(let isNegative): (isNegative ? -Float.infinity : .infinity).bitPattern
    case .finite(_, isNegativeZero: true): Float(-0.0).bitPattern
    case .finite(let value, isNegativeZero: false): value.nearestFloat.bitPattern
    }
  }
}
