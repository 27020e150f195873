import BinadeNumerics

extension AccumulatorModel {
  /// Says what is too narrow about the accumulator for products of operands within bounds; empty when nothing is.
  ///
  /// `depth`: products per sum.
  ///
  /// A format can be wide enough and still lose: these are the cases where it cannot but lose.
  package func warnings(left: OperandBounds, right: OperandBounds, depth: Int) -> [String] {
    let one = ProductBounds(left, right, count: 1)
    let all = ProductBounds(left, right, count: max(depth, 1))
    let greatest = max(abs(sum.range.least), abs(sum.range.greatest))
    let least = sum.leastNonzeroMagnitude
    // Both factors at least this great exist, so that a product of this size does.
    let greatestProduct = Double(
      sign: .plus,
      exponent: left.greatestExponent + right.greatestExponent,
      significand: 1
    )
    let leastProduct = Double(sign: .plus, exponent: one.leastMagnitudeExponent, significand: 1)
    let name = sum.name
    if greatestProduct > greatest {
      return [
        "accumulator '\(name)' is too narrow to hold one product: products reach 2^\(greatestProduct.exponent), its "
          + "greatest magnitude is \(greatest)"
      ]
    }
    if 4 * Double(sign: .plus, exponent: one.limitExponent - 2, significand: 1) < least / 2 {
      return [
        "accumulator '\(name)' is too coarse to hold any product: products stay below 2^\(one.limitExponent), its "
          + "least magnitude is \(least)"
      ]
    }
    var found: [String] = []
    let greatestSum = Double(sign: .plus, exponent: all.limitExponent, significand: 1)
    if greatestSum > greatest {
      let bits = all.limitExponent - one.leastExponent + 1
      found.append(
        "accumulator '\(name)' may overflow: sums of \(depth) products are bounded by 2^\(all.limitExponent), its "
          + "greatest magnitude is \(greatest); \(bits) bits of fixed point with the sign hold every sum exactly"
      )
    }
    if leastProduct < least / 2 {
      found.append(
        "accumulator '\(name)' drops small products: they go down to 2^\(one.leastMagnitudeExponent), its least magnitude "
          + "is \(least)"
      )
    }
    return found
  }
}
