import Binade
import BinadeVerification
import Foundation

/// One audit: inputs through somebody else's converter, answers through MPFR.
struct AuditRun {
  /// What the converter reads.
  enum InputType: String, CaseIterable, Encodable { case float32, float64 }
  /// What it answers with.
  enum AnswerType: String, CaseIterable, Encodable { case codes, values }

  /// What was found.
  struct Report: Encodable {
    struct Example: Encodable {
      let input: String
      let expected: String
      let found: String
      /// Whether no finding of the diagnosis explains it.
      let isUnexplained: Bool
    }

    let format: String
    let rounding: String
    let overflow: String
    let converter: String
    let inputs: String
    let inputType: InputType
    let checkedCount: UInt64
    var mismatchCount: UInt64
    var counterexamples: [Example]
    var diagnosis: Diagnosis?
    /// NaNs that became another NaN code than the canonical one; no fault.
    var otherNaNCount: UInt64
    /// Whether NaN inputs were not judged: the format has no code for them.
    let leavesOutNaN: Bool
  }

  let audit: Audit
  let answers: AnswerType
  let name: String
  /// Where all mismatches are written to.
  let list: MismatchList?

  /// Examples in a report.
  private static let exampleCount = 5

  /// Bytes of one answer.
  var answerElementSize: Int { answers == .values ? 4 : audit.format.bitWidth <= 8 ? 1 : 2 }

  /// Answers as codes; what is no code of the format becomes a number above 2^31.
  private func codes(_ data: Data) -> [UInt32] {
    switch (answers, answerElementSize) {
    case (.values, _):
      ArrayReader.floats(data, as: Float.self).map {
        audit.code(ofValue: $0) ?? (0x8000_0000 | $0.bitPattern >> 1)
      }
    case (.codes, 1): data.map { UInt32($0) }
    default:
      data.withUnsafeBytes { bytes in
        (0..<data.count / 2).map {
          UInt32(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)))
        }
      }
    }
  }

  /// The inputs where faults show.
  func atEdges(_ converter: some AuditedConverter, inputType: InputType) throws -> Report {
    try report(atEdges: converter, inputType: inputType, isListed: true)
  }

  private func report(
    atEdges converter: some AuditedConverter,
    inputType: InputType,
    isListed: Bool
  ) throws -> Report {
    let inputs: [Double]
    let pieces: [Data]
    switch inputType {
    case .float32:
      let floats = AuditInputs.floats(try OracleSteps(audit.format, policy: audit.policy))
      inputs = floats.map { Audit.widened($0) }
      pieces = Self.pieces(floats)
    case .float64:
      inputs = AuditInputs.doubles(audit.codec)
      pieces = Self.pieces(inputs)
    }
    var answer = Data()
    try converter.convert(pieces, answerSize: inputs.count * answerElementSize) { answer.append($0) }
    let found = codes(answer)
    let cases = audit.cases(inputs, found: found)
    let wrong = cases.filter { $0.found != $0.expected }
    if isListed {
      for mismatch in wrong { try list?.append(mismatch, type: inputType, found: shown(mismatch.found)) }
    }
    let diagnosis = wrong.isEmpty ? nil : Diagnosis(cases, of: audit)
    // What nothing explains first: it is what remains to be understood.
    let unexplained = diagnosis?.unexplained.prefix(Self.exampleCount) ?? []
    let known = Set(unexplained)
    let explained = wrong.lazy.filter { !known.contains($0) }.prefix(Self.exampleCount - unexplained.count)
    return Report(
      format: audit.format.name,
      rounding: audit.policy.rounding.rawValue,
      overflow: audit.policy.overflowName,
      converter: name,
      inputs: "around every step, value and power of two, and a sample",
      inputType: inputType,
      checkedCount: UInt64(cases.count),
      mismatchCount: UInt64(wrong.count),
      counterexamples: unexplained.map { example($0, inputType, isUnexplained: true) }
        + explained.map { example($0, inputType) },
      diagnosis: diagnosis,
      otherNaNCount: UInt64(found.count { audit.canonical($0) != $0 }),
      leavesOutNaN: audit.leavesOutNaN
    )
  }

  /// All 2^32 float32 inputs, streamed; the diagnosis is made from the inputs where faults show.
  func exhaustive(_ converter: some AuditedConverter, advance: (Int) -> Void) throws -> Report {
    var report = try report(atEdges: converter, inputType: .float32, isListed: false)
    let steps = try OracleSteps(audit.format, policy: audit.policy)
    let sweep = ExhaustiveSweep(steps)
    let size = ExhaustiveSweep.chunkSize
    var result = SweepResult()
    var otherNaNCount: UInt64 = 0
    var pending = Data()
    var chunk = 0
    try converter.convert(AllFloats(), answerSize: answerElementSize << 32) { part in
      pending.append(part)
      while pending.count >= size * answerElementSize {
        let piece = Data(pending.prefix(size * answerElementSize))
        pending = Data(pending.dropFirst(size * answerElementSize))
        let found = codes(piece)
        var canonical = found.map { code -> UInt32 in
          let canonical = audit.canonical(code)
          if canonical != code { otherNaNCount += 1 }
          return canonical
        }
        if audit.leavesOutNaN {
          for index in canonical.indices where Float(bitPattern: UInt32(chunk) << 16 | UInt32(index)).isNaN {
            canonical[index] = steps.code(at: .max)
          }
        }
        let before = result.mismatchCount
        canonical.withUnsafeBufferPointer { codes in
          if let base = codes.baseAddress {
            sweep.compare(base, firstBits: UInt32(chunk) << 16, into: &result)
          }
        }
        if let list, result.mismatchCount > before {
          try append(canonical, firstBits: UInt32(chunk) << 16, steps, to: list)
        }
        chunk += 1
        advance(1)
      }
    }
    report = Report(
      format: report.format,
      rounding: report.rounding,
      overflow: report.overflow,
      converter: name,
      inputs: "all 4294967296 float32 bit patterns",
      inputType: .float32,
      checkedCount: result.checkedCount,
      mismatchCount: result.mismatchCount,
      counterexamples: examples(
        unexplained: report.counterexamples.filter(\.isUnexplained),
        result.firstMismatches
      ),
      diagnosis: report.diagnosis,
      otherNaNCount: otherNaNCount,
      leavesOutNaN: audit.leavesOutNaN
    )
    return report
  }

  /// What the edges leave unexplained, then the first mismatches of the sweep that are not among it.
  private func examples(
    unexplained: [Report.Example],
    _ mismatches: [SweepResult.Mismatch]
  ) -> [Report.Example] {
    var examples = unexplained
    for mismatch in mismatches {
      let input = Audit.widened(Float(bitPattern: mismatch.bits))
      let wrong = Audit.Case(input: input, expected: mismatch.expected, found: mismatch.found)
      let next = example(wrong, .float32)
      let isShown = examples.contains { $0.input == next.input && $0.found == next.found }
      if !isShown { examples.append(next) }
    }
    return Array(examples.prefix(Self.exampleCount))
  }

  /// Lists what is wrong among the codes of a chunk.
  private func append(
    _ codes: [UInt32],
    firstBits: UInt32,
    _ steps: OracleSteps,
    to list: MismatchList
  ) throws {
    for (offset, code) in codes.enumerated() {
      let input = Float(bitPattern: firstBits | UInt32(offset))
      let expected = UInt32(steps.code(at: OracleSteps.place(of: input)))
      guard code != expected else { continue }
      let wrong = Audit.Case(input: Audit.widened(input), expected: expected, found: code)
      try list.append(wrong, type: .float32, found: shown(code))
    }
  }

  private func example(
    _ found: Audit.Case,
    _ type: InputType,
    isUnexplained: Bool = false
  ) -> Report.Example {
    let input = type == .float32 ? "\(Float(found.input))" : "\(found.input)"
    return Report.Example(
      input: input,
      expected: shown(found.expected),
      found: shown(found.found),
      isUnexplained: isUnexplained
    )
  }

  private func shown(_ code: UInt32) -> String {
    guard code < 1 << UInt32(audit.format.bitWidth) else {
      return answers == .values
        ? "\(Float(bitPattern: code << 1)), no value of \(audit.format.name)"
        : "0x\(String(code, radix: 16)), no code"
    }
    return "0x\(String(code, radix: 16)) (\(audit.codec.decode(code)))"
  }

  private static func pieces<T>(_ values: [T]) -> [Data] {
    values.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 1 << 20).map { start in
        Data(bytes[start..<min(start + 1 << 20, bytes.count)])
      }
    }
  }
}

/// All bit patterns of float32 in order, in pieces.
struct AllFloats: Sequence, Sendable {
  struct Iterator: IteratorProtocol {
    private var chunk = 0

    mutating func next() -> Data? {
      guard chunk < 1 << 16 else { return nil }
      let first = UInt32(chunk) << 16
      chunk += 1
      let bits = (0..<UInt32(1 << 16)).map { (first | $0).littleEndian }
      return bits.withUnsafeBytes { Data($0) }
    }
  }

  func makeIterator() -> Iterator { Iterator() }
}
