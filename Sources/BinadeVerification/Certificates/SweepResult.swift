/// What a comparison with MPFR found.
package struct SweepResult: Sendable, Hashable {
  /// An input that was converted wrongly.
  package struct Mismatch: Sendable, Hashable {
    /// The input's bit pattern.
    package let bits: UInt32
    /// What MPFR says: a code, or the bits of a value.
    package let expected: UInt32
    /// What was found.
    package let found: UInt32

    /// An input that became `found`.
    package init(bits: UInt32, expected: UInt32, found: UInt32) {
      self.bits = bits
      self.expected = expected
      self.found = found
    }
  }

  /// Inputs compared.
  package var checkedCount: UInt64 = 0
  /// Inputs converted wrongly.
  package var mismatchCount: UInt64 = 0
  /// The first five by bit pattern.
  package var firstMismatches: [Mismatch] = []

  /// Nothing compared yet.
  package init() {}

  /// Adds one comparison.
  package mutating func record(bits: UInt32, expected: UInt32, found: UInt32) {
    checkedCount += 1
    guard expected != found else { return }
    mismatchCount += 1
    if firstMismatches.count < 5 {
      firstMismatches.append(Mismatch(bits: bits, expected: expected, found: found))
    }
  }

  /// Adds the outcome of inputs that come later in order.
  package static func += (total: inout SweepResult, part: SweepResult) {
    total.checkedCount += part.checkedCount
    total.mismatchCount += part.mismatchCount
    total.firstMismatches = Array((total.firstMismatches + part.firstMismatches).prefix(5))
  }
}
