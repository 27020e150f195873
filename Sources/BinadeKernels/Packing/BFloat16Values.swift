/// Values as bfloat16 operands, and whether sums of their products are those of float32.
///
/// VDPBF16PS is two fused multiply-adds into a float32 sum, each rounded to nearest even, the product of the upper halves
/// first; it takes subnormal operands and sums for 0 and makes 0 of subnormal results. With the earlier of two steps in the
/// upper half, these are the multiply-adds of the float32 kernels in the same order. So the sums are the same bits if
/// nothing is ever subnormal, and that holds where every value is a bfloat16 and not subnormal, and the product of the
/// quanta q of both operands is at least 2^-126, the least normal float32:
///
/// Every product is a multiple of q, a power of two. If a sum is, so is the exact sum before the next rounding. Rounding
/// leaves it where its unit in the last place is at most q, and makes it a multiple of a greater power of two otherwise. So
/// every sum is 0 or at least q, which is normal. Infinities, and sums that overflow, follow IEEE 754 in both.
///
/// Where that does not hold, the arithmetic of the instruction is the definition (``Datapath/bfloat16``).
///
/// - Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, VDPBF16PS.
struct BFloat16Values: Sendable {
  /// The values in their order.
  let operands: [BFloat16]
  /// Finite values are multiples of 2^quantumExponent.
  let quantumExponent: Int

  /// Whether a value is subnormal: 0 for the instruction.
  let hasSubnormals: Bool

  /// Nil when a value is no bfloat16.
  init?(_ values: [Float]) {
    var operands: [BFloat16] = []
    operands.reserveCapacity(values.count)
    for value in values {
      guard let operand = BFloat16(exactly: value) else { return nil }
      operands.append(operand)
    }
    self.operands = operands
    hasSubnormals = values.contains(where: \.isSubnormal)
    quantumExponent =
      values.lazy.filter { $0.isFinite && $0 != 0 }
      .map { Int($0.exponent) - $0.significandWidth }.min() ?? 0
  }

  /// Whether sums of products with `other` are those of float32, bit for bit.
  func sumsAreFloat32(with other: BFloat16Values) -> Bool {
    !hasSubnormals && !other.hasSubnormals
      && quantumExponent + other.quantumExponent >= Float.leastNormalMagnitude.exponent
  }
}
