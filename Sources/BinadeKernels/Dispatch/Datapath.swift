/// The arithmetic that carries out a product of quantized operands.
public enum Datapath: String, Sendable, Hashable, CaseIterable, Codable {
  /// Products of bytes so small that sums of several fit 16 bits; int32 sums: exact.
  case integer4
  /// Products of bytes, int32 sums: exact.
  case integer8
  /// Products of 16-bit integers, int32 sums: exact.
  case integer16
  /// float32 products fused into float32 sums; from pairs of bfloat16 where that gives the same bits.
  case float32
  /// Products of bfloat16 values fused into float32 sums, subnormal operands, sums and results taken for 0: what VDPBF16PS
  /// computes, on every instruction set; for formats whose products may be subnormal.
  case bfloat16
  /// An accumulator that is itself a format: sums, and products if asked for, rounded after every step or every n.
  case rounded
  /// Sums without rounding, rounded once per output.
  case exact
  /// Signed powers of one base: exponents add. Asked for, see ``cheapest(weights:activations:depth:)``.
  case logarithmic
  /// A scalar loop that reads like the formula, for what no kernel computes.
  case reference

  /// Chooses the cheapest datapath that holds both operands, by their values alone.
  ///
  /// Of logarithmic formats it is float32, though products round there, and the reason names ``logarithmic``, which has to
  /// be asked for as ``exact`` has. Logarithmic products are within half an ulp, products of values decoded to float32
  /// within one and a half; but sums in float32 round after every product on either datapath, which hides the
  /// difference, and adding exponents takes two to four times as long: every product loads a value of B of its own.
  ///
  /// `weights`: nil for unquantized weights.
  /// `activations`: nil for unquantized activations.
  /// `depth`: products per sum.
  public static func cheapest(
    weights: OperandValues?,
    activations: OperandValues?,
    depth: Int
  ) -> (datapath: Datapath, reason: String) {
    guard let weights, let activations else {
      return (.float32, "an operand is not quantized")
    }
    guard weights.integers != nil, activations.integers != nil else {
      let exact = weights.precision + activations.precision <= 24
      let products = exact ? "products are exact in float32" : "products round in float32"
      let hint =
        !exact && weights.fractionBitCount != nil && activations.fractionBitCount != nil
        ? "; exponents could add: the logarithmic datapath, slower, if asked for" : ""
      if let left = activations.bfloat16s, let right = weights.bfloat16s, !left.sumsAreFloat32(with: right) {
        return (
          .bfloat16,
          "values are bfloat16 ones with products below float32's normal numbers, which count as 0; \(products)"
        )
      }
      return (
        .float32, "values are no multiples of one quantum within 16 bits; \(products)\(hint)"
      )
    }
    if let width = byteWidth(weights: weights, activations: activations, depth: depth) {
      return width
    }
    guard
      isInt32(product: weights.greatestInteger, activations.greatestInteger, depth: depth)
    else {
      return (.float32, "a sum of \(depth) products may leave int32")
    }
    return (.integer16, "integers of at most 16 bits, sums of \(depth) products stay within int32")
  }

  /// The datapath of bytes, if the operands are bytes: activations unsigned after a shift, weights signed.
  private static func byteWidth(
    weights: OperandValues,
    activations: OperandValues,
    depth: Int
  ) -> (Datapath, String)? {
    guard weights.signedBytes != nil, let bytes = activations.unsignedBytes,
      // Both the sum of the shifted products and what the shift adds stay within int32.
      isInt32(product: weights.greatestInteger, 2 * bytes.greatest, depth: depth)
    else { return nil }
    // Two products per group in one 16-bit lane, eight groups before they are widened.
    let greatestProduct = weights.greatestInteger * bytes.greatest
    return 2 * 8 * greatestProduct <= Int(Int16.max)
      ? (.integer4, "integers of at most 8 bits, sums of 16 products stay within int16")
      : (.integer8, "integers of at most 8 bits, sums of \(depth) products stay within int32")
  }

  private static func isInt32(product a: Int, _ b: Int, depth: Int) -> Bool {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    let (bound, boundOverflow) = product.multipliedReportingOverflow(by: depth)
    return !overflow && !boundOverflow && bound <= Int(Int32.max)
  }
}
