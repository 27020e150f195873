/// The arithmetic that carries out a product of quantized operands.
public enum Datapath: String, Sendable, Hashable, CaseIterable, Codable {
  /// Integer products, int32 sums: exact.
  case integer16
  /// float32 products fused into float32 sums.
  case float32

  /// Chooses the cheapest datapath that holds both operands.
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
      return (
        .float32,
        exact
          ? "values are no multiples of one quantum within 16 bits; products are exact in float32"
          : "values are no multiples of one quantum within 16 bits; products round in float32"
      )
    }
    let (product, overflow) = weights.greatestInteger.multipliedReportingOverflow(
      by: activations.greatestInteger
    )
    let (bound, boundOverflow) = product.multipliedReportingOverflow(by: depth)
    guard !overflow, !boundOverflow, bound <= Int(Int32.max) else {
      return (.float32, "a sum of \(depth) products may leave int32")
    }
    return (.integer16, "integers of at most 16 bits, sums of \(depth) products stay within int32")
  }
}
