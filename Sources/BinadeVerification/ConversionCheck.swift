import BinadeNumerics

/// Compares a conversion with the oracle at every place where it could go wrong.
package final class ConversionCheck {
  private let format: any NumericFormat
  private let oracle: MPFROracle
  private var report: VerificationReport

  /// Prepares the oracle for a format and a policy.
  ///
  /// Throws `FormatError` for a format of more than 16 bits whose values the oracle cannot work out.
  package init(_ format: any NumericFormat, policy: ConversionPolicy) throws {
    self.format = format
    oracle = try MPFROracle(format, policy: policy)
    report = VerificationReport(format: format.name, policy: policy)
  }

  /// Checks `subject`: decoding of every code, and encoding of every value and every boundary with their
  /// neighbours in float32 and float64, of the edges of overflow, zeros, infinities and NaNs.
  ///
  /// - Complexity: O(n log n) comparisons of MPFR numbers in the number n of codes.
  package func run(_ subject: some ConversionSubject) -> VerificationReport {
    report = VerificationReport(format: report.format, policy: report.policy)
    let rungs = oracle.ladder.rungsToTest
    checkDecoding(of: subject, rungs)
    for rung in rungs { checkAround(rung.value, subject) }
    for (lower, upper) in zip(rungs, rungs.dropFirst()) {
      checkAround(oracle.ladder.twiceBoundary(lower, upper).scaled(byTwoTo: -1), subject)
    }
    for (extreme, beyond) in [
      (oracle.ladder.least, oracle.ladder.beforeLeast),
      (oracle.ladder.greatest, oracle.ladder.afterGreatest),
    ] {
      checkAround(beyond, subject)
      checkAround(
        MPFRNumber.sum(extreme.value, beyond, precision: oracle.ladder.precision)
          .scaled(byTwoTo: -1),
        subject
      )
    }
    checkSpecialInputs(subject)
    return report
  }

  /// Inputs that have nothing to do with the values of the format.
  private func checkSpecialInputs(_ subject: some ConversionSubject) {
    let nans: [UInt32] = [0x7FC0_0000, 0xFFC0_0000, 0x7F80_0001, 0x7FFF_FFFF, 0xFFFF_FFFF]
    for bits in nans { checkEncoding(Float(bitPattern: bits), subject) }
    let magnitudes: [Float] = [
      0, .leastNonzeroMagnitude, .leastNormalMagnitude, .leastNormalMagnitude.nextDown, 0x1p-64, 1,
      0x1p64, .greatestFiniteMagnitude, .infinity,
    ]
    for magnitude in magnitudes {
      for value in [magnitude, -magnitude] {
        checkEncoding(value, subject)
        checkEncoding(Double(value), subject)
      }
    }
    for magnitude in [
      Double.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude,
    ] {
      checkEncoding(magnitude, subject)
      checkEncoding(-magnitude, subject)
    }
  }

  /// The Doubles and Floats on both sides of a number, and those it rounds to.
  private func checkAround(_ value: MPFRNumber, _ subject: some ConversionSubject) {
    let double = value.nearestDouble
    for input in [double.nextDown, double, double.nextUp] { checkEncoding(input, subject) }
    let float = value.floatBelow
    for input in [float.nextDown, float, float.nextUp, float.nextUp.nextUp] {
      checkEncoding(input, subject)
    }
  }

  private func checkEncoding(_ value: Float, _ subject: some ConversionSubject) {
    let expected = oracle.expectedCode(for: Double(value))
    let found = subject.encode(value)
    report.record(expected == found) {
      Counterexample(
        operation: .encodeFloat,
        input: Self.shown(Double(value)),
        expected: Self.shown(expected),
        found: Self.shown(found)
      )
    }
  }

  private func checkEncoding(_ value: Double, _ subject: some ConversionSubject) {
    let expected = oracle.expectedCode(for: value)
    let found = subject.encode(value)
    report.record(expected == found) {
      Counterexample(
        operation: .encodeDouble,
        input: Self.shown(value),
        expected: Self.shown(expected),
        found: Self.shown(found)
      )
    }
  }

  /// Every code of up to 16 bits; those of the tested values of wider formats.
  private func checkDecoding(of subject: some ConversionSubject, _ rungs: [OracleRung]) {
    let codes =
      format.bitWidth <= 16
      ? Array(UInt32(0)..<1 << UInt32(format.bitWidth)) : rungs.map(\.code)
    for code in codes {
      let (float, double) = Self.expectedValues(oracle.ladder.meaning(of: code))
      let foundFloat = subject.decode(code)
      report.record(Self.isSame(Double(float), Double(foundFloat))) {
        Counterexample(
          operation: .decode,
          input: Self.shown(code),
          expected: Self.shown(Double(float)),
          found: Self.shown(Double(foundFloat))
        )
      }
      let foundDouble = format.decode(code)
      report.record(Self.isSame(double, foundDouble)) {
        Counterexample(
          operation: .decode,
          input: Self.shown(code),
          expected: Self.shown(double),
          found: Self.shown(foundDouble)
        )
      }
    }
  }

  private static func expectedValues(_ meaning: OracleMeaning) -> (Float, Double) {
    switch meaning {
    case .nan: (.nan, .nan)
    case .infinity(let isNegative): isNegative ? (-.infinity, -.infinity) : (.infinity, .infinity)
    case .finite(_, isNegativeZero: true): (-0.0, -0.0)
    case .finite(let value, isNegativeZero: false): (value.nearestFloat, value.nearestDouble)
    }
  }

  private static func isSame(_ a: Double, _ b: Double) -> Bool {
    a.isNaN ? b.isNaN : a == b && a.sign == b.sign
  }

  private static func shown(_ code: UInt32) -> String { "0x" + String(code, radix: 16) }

  /// Swift prints the shortest decimal that reads back as the same Double.
  private static func shown(_ value: Double) -> String { "\(value)" }
}
