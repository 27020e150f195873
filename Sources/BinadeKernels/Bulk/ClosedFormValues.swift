import BinadeNumerics

/// The values of a format as a binary float with subnormals: magnitude index k has exponent and significand fields.
///
/// Integers and fixed point are such floats too: with significand bits enough, all their values lie in the subnormals
/// and the least binade, one step apart.
struct ClosedFormValues: Sendable {
  /// Stored significand bits, M.
  let significandBitCount: Int
  /// Exponent of the least normal value; the step below is 2^(leastExponent - M).
  let leastExponent: Int
  /// The indices of the greatest and least value.
  let greatestIndex: (positive: UInt32, negative: UInt32)
  /// The codes of zero and of what negative indices count from.
  let base: (positive: UInt32, negative: UInt32)
  /// Whether negative codes descend (two's complement).
  let descends: Bool

  /// The exact value of a magnitude index.
  func magnitude(_ index: Int) -> Double {
    let field = index >> significandBitCount
    let significand = field == 0 ? index : index & (1 << significandBitCount - 1) | 1 << significandBitCount
    let exponent = leastExponent + max(field, 1) - 1 - significandBitCount
    return Double(sign: .plus, exponent: exponent, significand: Double(significand))
  }

  /// Reads the parameters off the ladder; nil where its values, codes or boundaries are no such float's.
  init?(_ codec: FormatCodec) {
    let ladder = codec.reference.ladder
    guard ladder.underflow == .nearest, ladder.lowerEnd == .open, !codec.policy.wraps else { return nil }
    if let enumerated = ladder as? EnumeratedLadder {
      self.init(enumerated, bitWidth: codec.info.bitWidth)
    } else if let float = ladder as? BinaryFloatLadder {
      self.init(float.format)
    } else {
      return nil
    }
    guard (0...22).contains(significandBitCount), (-126...127).contains(leastExponent),
      leastExponent + 23 - significandBitCount <= 126,
      max(ladder.greatest.value, -ladder.least.value) <= Double(Float.greatestFiniteMagnitude)
    else { return nil }
  }

  private init(_ format: BinaryFloatFormat) {
    significandBitCount = format.significandBitCount
    leastExponent = 1 - format.exponentBias
    let greatest = format.greatestMagnitudeCode
    greatestIndex = (greatest, format.isSigned ? greatest : 0)
    base = (0, format.signBit)
    descends = false
  }

  private init?(_ ladder: EnumeratedLadder, bitWidth: Int) {
    let rungs = ladder.rungs
    guard let zero = rungs.firstIndex(where: { $0.value == 0 }), zero + 1 < rungs.count else { return nil }
    let positives = rungs[(zero + 1)...].map { $0 }
    let negatives = rungs[..<zero].reversed().map { $0 }
    let quantum = positives[0].value
    guard quantum.significand == 1 else { return nil }
    let uniformCount =
      positives.indices.first { positives[$0].value != Double($0 + 1) * quantum } ?? positives.count
    if uniformCount < positives.count {
      // Subnormals and the least binade end at 2^(M + 1) steps.
      guard uniformCount > 1, uniformCount & (uniformCount - 1) == 0 else { return nil }
      significandBitCount = uniformCount.trailingZeroBitCount - 1
    } else {
      let count = max(positives.count, negatives.count)
      significandBitCount = Int.bitWidth - count.leadingZeroBitCount - 1
    }
    leastExponent = Int(quantum.exponent) + significandBitCount
    greatestIndex = (UInt32(positives.count), UInt32(negatives.count))
    let mask = UInt32.max >> UInt32(32 - bitWidth)
    let zeroCode = rungs[zero].code
    let signBit = UInt32(1) << UInt32(bitWidth - 1)
    descends = negatives.first.map { $0.code == (zeroCode &- 1) & mask } ?? false
    base = (zeroCode, descends || negatives.isEmpty ? zeroCode : signBit)
    guard descends || zeroCode == 0 || negatives.isEmpty else { return nil }
    guard matches(positives, after: ladder.afterGreatest.value, mask, sign: 1),
      matches(negatives, after: -ladder.beforeLeast.value, mask, sign: -1),
      Self.hasMidpoints(ladder)
    else { return nil }
  }

  /// Whether the rungs of one side, outwards, have the values and codes of their indices.
  private func matches(_ rungs: [Rung], after: Double, _ mask: UInt32, sign: Double) -> Bool {
    for (offset, rung) in rungs.enumerated() {
      let index = UInt32(offset + 1)
      let code =
        sign > 0 ? base.positive &+ index : descends ? base.negative &- index : base.negative &+ index
      guard rung.value == sign * magnitude(offset + 1), rung.residual == 0, rung.code == code & mask
      else { return false }
    }
    return after == magnitude(rungs.count + 1)
  }

  private static func hasMidpoints(_ ladder: EnumeratedLadder) -> Bool {
    func isMidpoint(_ lower: Rung, _ upper: Rung) -> Bool {
      ladder.boundary(between: lower, and: upper) == .midpoint(lower.value, upper.value)
    }
    return isMidpoint(ladder.beforeLeast, ladder.least) && isMidpoint(ladder.greatest, ladder.afterGreatest)
      && zip(ladder.rungs, ladder.rungs.dropFirst()).allSatisfy { isMidpoint($0, $1) }
  }
}
