import BinadeNumerics

/// Something that computes with codes, to be checked.
package protocol ArithmeticSubject {
  /// The code of the result; operands that the operation does not take are to be ignored.
  func apply(_ operation: ArithmeticOperation, _ a: UInt32, _ b: UInt32, _ c: UInt32) -> UInt32
}

extension FormatArithmetic: ArithmeticSubject {}

/// Compares arithmetic in a format with the oracle: all operand pairs of formats of up to 8 bits, stratified ones above.
package final class ArithmeticCheck {
  private let format: any NumericFormat
  private let oracle: ArithmeticOracle
  private let policy: ConversionPolicy

  /// Prepares the oracle.
  ///
  /// Throws `FormatError` for formats that it cannot work out.
  package init(_ format: any NumericFormat, policy: ConversionPolicy) throws {
    self.format = format
    self.policy = policy
    oracle = try ArithmeticOracle(format, policy: policy)
  }

  /// Checks one operation.
  ///
  /// Square roots: all codes of up to 16 bits. Binary operations: all pairs of codes of up to 8 bits. Fused products:
  /// all pairs of up to 8 bits, each with zero, with addends near the negated product, and with four others that change
  /// from pair to pair. Wider formats: the codes of ``operands``.
  package func run(_ subject: some ArithmeticSubject, _ operation: ArithmeticOperation) -> VerificationReport
  {
    var report = VerificationReport(format: format.name, policy: policy)
    let isSmall = format.bitWidth <= 8
    let all = format.bitWidth <= 16 ? Array(0..<UInt32(1) << UInt32(format.bitWidth)) : []
    let chosen = isSmall ? all : operands
    switch operation {
    case .sqrt:
      for a in all.isEmpty ? chosen : all { check(subject, operation, a, 0, 0, into: &report) }
    case .add, .sub, .mul, .div:
      for a in chosen {
        for b in chosen { check(subject, operation, a, b, 0, into: &report) }
      }
    case .fma:
      for (row, a) in chosen.enumerated() {
        for (column, b) in chosen.enumerated() {
          for c in addends(a, b, place: row * chosen.count + column, among: chosen) {
            check(subject, operation, a, b, c, into: &report)
          }
        }
      }
    }
    return report
  }

  /// Checks an operation on all pairs whose first code is in `range`: a long run for formats of 16 bits.
  package func runAllPairs(
    _ subject: some ArithmeticSubject,
    _ operation: ArithmeticOperation,
    first range: Range<UInt32>
  ) -> VerificationReport {
    var report = VerificationReport(format: format.name, policy: policy)
    for a in range {
      for b in 0..<UInt32(1) << UInt32(format.bitWidth) {
        check(subject, operation, a, b, 0, into: &report)
      }
    }
    return report
  }

  private func check(
    _ subject: some ArithmeticSubject,
    _ operation: ArithmeticOperation,
    _ a: UInt32,
    _ b: UInt32,
    _ c: UInt32,
    into report: inout VerificationReport
  ) {
    let expected = oracle.expected(operation, a, b, c)
    let found = subject.apply(operation, a, b, c)
    report.record(expected == found) {
      Counterexample(
        operation: .arithmetic(operation),
        input: [a, b, c].prefix(operation.operandCount).map { "0x" + String($0, radix: 16) }
          .joined(separator: ", "),
        expected: "0x" + String(expected, radix: 16),
        found: "0x" + String(found, radix: 16)
      )
    }
  }

  /// Addends that make a fused product interesting.
  private func addends(_ a: UInt32, _ b: UInt32, place: Int, among codes: [UInt32]) -> [UInt32] {
    let mask = UInt32.max >> UInt32(32 - format.bitWidth)
    let product = oracle.expected(.mul, a, b, 0)
    // The other sign in formats of sign and magnitude, and in two's complement.
    let signBit = mask ^ (mask >> 1)
    let opposites = [product ^ signBit, 0 &- product].flatMap { [$0 & mask, ($0 &+ 1) & mask] }
    let others = (0..<4).map { codes[(place * 7 + $0 * (codes.count / 4 + 1)) % codes.count] }
    return Array(Set([0] + opposites + others)).sorted()
  }

  /// About 300 codes of a wide format: both ends, every power of two of the code, its neighbours, and some between.
  private var operands: [UInt32] {
    let mask = UInt32.max >> UInt32(32 - format.bitWidth)
    let powers = (0..<UInt32(format.bitWidth)).flatMap { bit -> [UInt32] in
      let power = UInt32(1) << bit
      return [power, power - 1, power + 1, ~power, 0 &- power].map { $0 & mask }
    }
    // A Weyl sequence: even over the codes, and the same on every machine.
    let between = (1...160).map { (UInt32($0) &* 0x9E37_79B9) >> UInt32(32 - format.bitWidth) }
    return Array(Set(powers + between)).sorted()
  }
}
