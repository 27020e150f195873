/// What a comparison with MPFR found.
public struct SweepResult: Sendable, Hashable {
  /// An input that was converted wrongly.
  public struct Mismatch: Sendable, Hashable {
    /// The input's bit pattern.
    public let bits: UInt32
    /// What MPFR says: a code, or the bits of a value.
    public let expected: UInt32
    /// What was found.
    public let found: UInt32

    /// An input that became `found`.
    public init(bits: UInt32, expected: UInt32, found: UInt32) {
      self.bits = bits
      self.expected = expected
      self.found = found
    }
  }

  /// Inputs compared.
  public var checkedCount: UInt64 = 0
  /// Inputs converted wrongly.
  public var mismatchCount: UInt64 = 0
  /// The first five by bit pattern.
  public var firstMismatches: [Mismatch] = []

  /// Nothing compared yet.
  public init() {}

  /// Adds one comparison.
  public mutating func record(bits: UInt32, expected: UInt32, found: UInt32) {
    checkedCount += 1
    guard expected != found else { return }
    mismatchCount += 1
    if firstMismatches.count < 5 {
      firstMismatches.append(Mismatch(bits: bits, expected: expected, found: found))
    }
  }

  /// Adds the outcome of inputs that come later in order.
  public static func += (total: inout SweepResult, part: SweepResult) {
    total.checkedCount += part.checkedCount
    total.mismatchCount += part.mismatchCount
    total.firstMismatches = Array((total.firstMismatches + part.firstMismatches).prefix(5))
  }
}
