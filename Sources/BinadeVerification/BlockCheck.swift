import BinadeNumerics

/// Compares a conversion to a block format with MPFR.
///
/// Inputs: blocks whose greatest magnitude lies at, just below and just above the places where a scale changes
/// (powers of two down to the subnormals, the greatest element times them, roundings that carry, the values and
/// boundaries of scales that are numbers), filled with the values and boundaries of the element times the scale
/// and their neighbours; zeros, NaN, infinities, short blocks. Decoding: every code of element and scale.
package final class BlockCheck {
  private let oracle: BlockOracle
  private var report: VerificationReport

  /// Prepares the oracle for a format and the rounding of its elements.
  package init(_ format: BlockFormat, rounding: RoundingRule = .nearestEven) throws {
    oracle = try BlockOracle(format, rounding: rounding)
    report = VerificationReport(
      format: Self.label(format),
      policy: ConversionPolicy(rounding: rounding, overflow: .saturate)
    )
  }

  /// What a report calls the format: its name, and the rule for its exponent where it has one.
  package static func label(_ format: BlockFormat) -> String {
    format.scale.rule.map { "\(format.name) (\($0.rawValue))" } ?? format.name
  }

  /// Checks `subject` on every input.
  package func run(_ subject: some BlockSubject) -> VerificationReport {
    report = VerificationReport(format: report.format, policy: report.policy)
    var inputs = BlockCheckInputs(oracle)
    for row in inputs.rows() { check(row, subject) }
    checkDecoding(of: subject)
    return report
  }

  private func check(_ row: [Float], _ subject: some BlockSubject) {
    let expected = oracle.expectedRow(row)
    let found = subject.encode(row, outerScale: nil)
    let length = oracle.format.blockLength
    record(Self.isSame(expected.outerScale, found.outerScale)) {
      ("outer scale of \(row.count) elements", "\(expected.outerScale)", "\(found.outerScale)")
    }
    for (index, code) in expected.scaleCodes.enumerated() {
      let foundCode = index < found.scaleCodes.count ? found.scaleCodes[index] : nil
      record(foundCode == code) {
        ("scale of \(Self.shown(row, index, length))", Self.shown(code), Self.shown(foundCode))
      }
    }
    for (index, code) in expected.codes.enumerated() {
      let foundCode = index < found.codes.count ? found.codes[index] : nil
      record(foundCode == code) {
        (
          "\(row[index]) in \(Self.shown(row, index / length, length))", Self.shown(code),
          Self.shown(foundCode)
        )
      }
    }
    let counts = (found.codes.count, found.scaleCodes.count)
    record(counts == (expected.codes.count, expected.scaleCodes.count)) {
      ("codes and scales of \(row.count) elements", "\(expected.codes.count)", "\(counts)")
    }
    compare(subject.roundTrip(row), with: oracle.expectedValues(expected), "round trip")
  }

  /// Every code of the element, and every code of the scale.
  private func checkDecoding(of subject: some BlockSubject) {
    let format = oracle.format
    let elementCount = 1 << format.element.bitWidth
    let scaleCount = 1 << format.scale.bitWidth
    // Codes go on from block to block; long blocks cost no more than short ones.
    let perBlock = format.blockLength
    let blocks = max(min(scaleCount, 1 << 18 / perBlock), (elementCount + perBlock - 1) / perBlock)
    for outer: Float in format.scale.outer == .none ? [1] : [1, 0x1.8p-3, 0x1p-149, 0, .nan] {
      let row = BlockRow(
        codes: (0..<blocks * perBlock).map { UInt32($0 % elementCount) },
        scaleCodes: (0..<blocks).map { UInt32($0 % scaleCount) },
        outerScale: outer
      )
      compare(subject.decode(row), with: oracle.expectedValues(row), "decoded")
    }
  }

  private func compare(_ found: [Float], with expected: [Float], _ what: String) {
    for (index, value) in expected.enumerated() {
      let foundValue = index < found.count ? found[index] : .nan
      record(Self.isSame(value, foundValue)) {
        ("\(what), element \(index)", "\(value)", "\(foundValue)")
      }
    }
  }

  private func record(_ isRight: Bool, _ texts: () -> (String, String, String)) {
    report.record(isRight) {
      let (input, expected, found) = texts()
      return Counterexample(operation: .block, input: input, expected: expected, found: found)
    }
  }

  private static func isSame(_ a: Float, _ b: Float) -> Bool {
    a.isNaN ? b.isNaN : a == b && a.sign == b.sign
  }

  private static func shown(_ code: UInt32?) -> String {
    code.map { "0x" + String($0, radix: 16) } ?? "nothing"
  }

  private static func shown(_ row: [Float], _ block: Int, _ length: Int) -> String {
    let elements = row[block * length..<min(row.count, (block + 1) * length)]
    guard elements.allSatisfy(\.isFinite) else { return "a block that is not finite" }
    return "a block of greatest magnitude \(elements.map(abs).max() ?? 0)"
  }
}
