import BinadeNumerics

/// An input for which a conversion is wrong.
package struct Counterexample: Sendable, Hashable, CustomStringConvertible {
  /// Which conversion.
  package enum Operation: Sendable, Hashable {
    case encodeFloat, encodeDouble, decode, block
    case arithmetic(ArithmeticOperation)
    case accumulation
  }

  /// Which conversion.
  package let operation: Operation
  /// The input: a number, or a code.
  package let input: String
  /// What MPFR says.
  package let expected: String
  /// What was found.
  package let found: String

  /// The input, what it should become and what it became.
  package var description: String {
    switch operation {
    case .encodeFloat: "encode float32 \(input): expected \(expected), found \(found)"
    case .encodeDouble: "encode float64 \(input): expected \(expected), found \(found)"
    case .block: "\(input): expected \(expected), found \(found)"
    case .arithmetic(let operation): "\(operation)(\(input)): expected \(expected), found \(found)"
    case .accumulation: "sum of \(input): expected \(expected), found \(found)"
    case .decode: "decode \(input): expected \(expected), found \(found)"
    }
  }
}

/// What a check of one format under one policy found.
package struct VerificationReport: Sendable, Hashable {
  /// The format's name.
  package let format: String
  /// Rounding and overflow.
  package let policy: ConversionPolicy
  /// Comparisons made.
  package private(set) var checkCount = 0
  /// Comparisons that failed.
  package private(set) var mismatchCount = 0
  /// The first five failures.
  package private(set) var counterexamples: [Counterexample] = []

  /// A report of no checks yet.
  package init(format: String, policy: ConversionPolicy) {
    self.format = format
    self.policy = policy
  }

  /// Adds the outcome of further checks of the same format and policy.
  package static func += (total: inout VerificationReport, part: VerificationReport) {
    total.checkCount += part.checkCount
    total.mismatchCount += part.mismatchCount
    total.counterexamples = Array((total.counterexamples + part.counterexamples).prefix(5))
  }

  mutating func record(_ isRight: Bool, _ counterexample: () -> Counterexample) {
    checkCount += 1
    guard !isRight else { return }
    mismatchCount += 1
    if counterexamples.count < 5 { counterexamples.append(counterexample()) }
  }
}
