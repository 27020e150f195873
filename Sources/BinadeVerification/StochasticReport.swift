import BinadeNumerics

/// Something that rounds stochastically, to be checked.
package protocol StochasticSubject {
  /// The code of a Float for a random word, of which the low bits count.
  func encode(_ value: Float, word: UInt32) -> UInt32
  /// The code of a Double for a random word, of which the low bits count.
  func encode(_ value: Double, word: UInt32) -> UInt32
}

extension StochasticCodec: StochasticSubject {}

extension StochasticEncoder: StochasticSubject {
  /// The code of a Float, which is a Double.
  package func encode(_ value: Float, word: UInt32) -> UInt32 { encode(Double(value), word: word) }
}

/// What a check of stochastic rounding to one format found.
package struct StochasticReport: Sendable, Hashable {
  /// The format's name.
  package let format: String
  /// Random bits and variant.
  package let rounding: StochasticRounding
  /// The name of the rule for what lies beyond the range.
  package let overflowName: String
  /// Numbers tried.
  package private(set) var inputCount = 0
  /// Pairs of a number and a word compared with MPFR.
  package private(set) var checkCount = 0
  /// Pairs that failed.
  package private(set) var mismatchCount = 0
  /// The first five numbers with failures.
  package private(set) var counterexamples: [Counterexample] = []
  /// Inputs that the bias is the mean of.
  package private(set) var biasInputCount = 0
  private var biasSum = 0.0

  init(format: String, rounding: StochasticRounding, overflowName: String) {
    self.format = format
    self.rounding = rounding
    self.overflowName = overflowName
  }

  /// The mean of (rounded value - value) away from zero, in units of the gap, over all words and over numbers spread
  /// evenly within gaps; nil when there are none.
  package var meanBias: Double? { biasInputCount == 0 ? nil : biasSum / Double(biasInputCount) }

  mutating func record(_ checks: Int, _ mismatches: Int, _ counterexample: () -> Counterexample) {
    inputCount += 1
    checkCount += checks
    mismatchCount += mismatches
    if mismatches > 0, counterexamples.count < 5 { counterexamples.append(counterexample()) }
  }

  mutating func record(bias: Double) {
    biasInputCount += 1
    biasSum += bias
  }
}
