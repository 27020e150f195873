import BinadeNumerics

/// An input for which a conversion is wrong.
public struct Counterexample: Sendable, Hashable, CustomStringConvertible {
  /// Which conversion.
  public enum Operation: Sendable, Hashable {
    case encodeFloat, encodeDouble, decode, block
    case arithmetic(ArithmeticOperation)
    case accumulation
  }

  /// Which conversion.
  public let operation: Operation
  /// The input: a number, or a code.
  public let input: String
  /// What MPFR says.
  public let expected: String
  /// What was found.
  public let found: String

  /// The input, what it should become and what it became.
  public var description: String {
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
public struct VerificationReport: Sendable, Hashable {
  /// The format's name.
  public let format: String
  /// Rounding and overflow.
  public let policy: ConversionPolicy
  /// Comparisons made.
  public private(set) var checkCount = 0
  /// Comparisons that failed.
  public private(set) var mismatchCount = 0
  /// The first five failures.
  public private(set) var counterexamples: [Counterexample] = []

  /// A report of no checks yet.
  public init(format: String, policy: ConversionPolicy) {
    self.format = format
    self.policy = policy
  }

  /// Adds the outcome of further checks of the same format and policy.
  public static func += (total: inout VerificationReport, part: VerificationReport) {
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
