import BinadeNumerics

/// Something that computes with codes and rounds by a random word, to be checked.
package protocol StochasticArithmeticSubject {
  /// The code of the result; operands that the operation does not take are to be ignored.
  func apply(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32, _ c: UInt32, word: UInt32) -> UInt32
}

extension StochasticArithmetic: StochasticArithmeticSubject {}

/// Compares arithmetic with stochastic rounding with the oracle: the exact result by MPFR, and the words at which its
/// rounding changes.
package final class StochasticArithmeticCheck {
  private let format: any NumericFormat
  private let rounding: StochasticRounding
  private let oracle: ArithmeticOracle
  private let stochastic: StochasticOracle
  private let policy: ConversionPolicy

  /// Prepares the oracles.
  ///
  /// Throws `FormatError` for formats that they cannot work out.
  package init(_ format: any NumericFormat, rounding: StochasticRounding, overflow: OverflowRule) throws {
    self.format = format
    self.rounding = rounding
    policy = ConversionPolicy(rounding: .nearestEven, overflow: overflow)
    oracle = try ArithmeticOracle(format, policy: policy)
    stochastic = try StochasticOracle(format, rounding: rounding, overflow: overflow, dialect: nil)
  }

  /// Checks an operation on `codes`, in all pairs, and of fused products with every third one as addend; each with the
  /// least and the greatest word and the two between which the result changes.
  package func run(
    _ subject: some StochasticArithmeticSubject,
    _ operation: ArithmeticOperation,
    codes: [UInt32]
  ) -> VerificationReport {
    var report = VerificationReport(format: format.name, policy: policy)
    let seconds = operation.operandCount > 1 ? codes : [0]
    for a in codes {
      for b in seconds {
        let thirds =
          operation.operandCount > 2 ? stride(from: 0, to: codes.count, by: 3).map { codes[$0] } : [0]
        for c in thirds { check(subject, operation, a, b, c, into: &report) }
      }
    }
    return report
  }

  private func check(
    _ subject: some StochasticArithmeticSubject,
    _ operation: ArithmeticOperation,
    _ a: UInt32,
    _ b: UInt32,
    _ c: UInt32,
    into report: inout VerificationReport
  ) {
    let expectation = oracle.expectation(operation, a, b, c, stochastic)
    let count = Int64(rounding.wordCount)
    let first = count - expectation.farCount
    for word in Set([0, first - 1, first, count - 1]) where (0..<count).contains(word) {
      let expected = word >= first ? expectation.far : expectation.near
      let found = subject.apply(operation, a, b, c, word: UInt32(word))
      report.record(expected == found) {
        Counterexample(
          operation: .arithmetic(operation),
          input: [a, b, c].prefix(operation.operandCount).map { "0x" + String($0, radix: 16) }
            .joined(separator: ", ") + ", word \(word)",
          expected: "0x" + String(expected, radix: 16),
          found: "0x" + String(found, radix: 16)
        )
      }
    }
  }
}
