import BinadeNumerics

/// Sums of products in an accumulator of some format, as the formula reads: the twin of the fast kernels.
///
/// - Error: none; every sum is exact before it is rounded.
package enum ReferenceAccumulation {
  /// A product: its value, exact or rounded, and the exponent it is aligned by.
  struct Term {
    let value: Double
    let exponent: Int
  }

  /// Returns the sum of `a[p]·b[p]`; of an accumulator of more than 53 bits, the Double nearest to it.
  ///
  /// - Shape: as many elements in `a` as in `b`.
  package static func dot(_ a: [Float], _ b: [Float], _ model: AccumulatorModel) -> Double {
    precondition(a.count == b.count, "vectors of \(a.count) and \(b.count) elements have no dot product")
    return dot(count: a.count, { a[$0] }, { b[$0] }, model).high
  }

  /// c[i][j] = the sum over p of a[i][p]·b[p][j]; results that are no Floats are rounded to the nearest one.
  ///
  /// - Shape: `a` is m x k, `b` is k x n, the result m x n, all row-major.
  package static func multiply(
    _ a: [Float],
    _ b: [Float],
    rows m: Int,
    depth k: Int,
    columns n: Int,
    _ model: AccumulatorModel
  ) -> [Float] {
    precondition(
      a.count == m * k && b.count == k * n,
      "\(a.count) and \(b.count) elements must fit \(m)x\(k) by \(k)x\(n)"
    )
    var c: [Float] = []
    c.reserveCapacity(m * n)
    for i in 0..<m {
      for j in 0..<n { c.append(dot(count: k, { a[i * k + $0] }, { b[$0 * n + j] }, model).nearestFloat) }
    }
    return c
  }

  static func dot(count: Int, _ a: (Int) -> Float, _ b: (Int) -> Float, _ model: AccumulatorModel)
    -> AccumulatorValue
  {
    let terms = (0..<count).map { p -> Term in
      let (left, right) = (Double(a(p)), Double(b(p)))
      let exact = left * right  // 48 bits at most
      let exponent =
        exact.isFinite && exact != 0 ? model.alignment?.exponent(left, right) ?? 0 : 0
      return Term(value: model.product?.rounded(exact) ?? exact, exponent: exponent)
    }
    switch model.order {
    case .sequential:
      return sequence(terms[...], model)
    case .chunked(let length, let outer):
      var total = outer.value(0)
      for start in stride(from: 0, to: count, by: length) {
        let chunk = sequence(terms[start..<min(start + length, count)], model)
        total = add(total.parts + chunk.parts, outer)
      }
      return total
    case .pairwise:
      var level = stride(from: 0, to: count, by: model.interval).map { start in
        sequence(terms[start..<min(start + model.interval, count)], model)
      }
      while level.count > 1 {
        level = stride(from: 0, to: level.count, by: 2).map { index in
          index + 1 < level.count
            ? add(level[index].parts + level[index + 1].parts, model.sum) : level[index]
        }
      }
      return level.first ?? model.sum.value(0)
    }
  }

  /// One accumulator over all terms, rounded after every group.
  private static func sequence(_ terms: ArraySlice<Term>, _ model: AccumulatorModel) -> AccumulatorValue {
    var accumulator = model.sum.value(0)
    for start in stride(from: terms.startIndex, to: terms.endIndex, by: model.interval) {
      let group = terms[start..<min(start + model.interval, terms.endIndex)]
      if let alignment = model.alignment {
        accumulator = addAligned(accumulator, group, alignment, model.sum)
      } else {
        accumulator = add(accumulator.parts + group.map(\.value), model.sum)
      }
    }
    return accumulator
  }

  /// The sum of numbers, rounded once.
  static func add(_ terms: [Double], _ format: AccumulatorFormat) -> AccumulatorValue {
    guard terms.allSatisfy(\.isFinite) else { return format.value(terms.reduce(0, +)) }
    return format.value(ExactExpansion(terms), zero: zero(terms, format.policy.rounding))
  }

  /// IEEE 754-2019, 6.3: zeros of one sign keep it; others, and numbers that cancel, give +0, or -0 under `down`.
  private static func zero(_ terms: [Double], _ rounding: RoundingRule) -> Double {
    if terms.allSatisfy({ $0 == 0 && $0.sign == .minus }) { return -0.0 }
    if rounding != .down || terms.allSatisfy({ $0 == 0 && $0.sign == .plus }) { return 0 }
    return -0.0
  }

  /// The sum of numbers cut at one place, rounded once.
  private static func addAligned(
    _ accumulator: AccumulatorValue,
    _ group: ArraySlice<Term>,
    _ alignment: AccumulatorAlignment,
    _ format: AccumulatorFormat
  ) -> AccumulatorValue {
    let values = accumulator.parts + group.map(\.value)
    guard values.allSatisfy(\.isFinite) else { return format.value(values.reduce(0, +)) }
    var exponents = group.filter { $0.value != 0 }.map(\.exponent)
    if let exponent = accumulator.exponent { exponents.append(exponent) }
    guard let greatest = exponents.max() else { return format.value(0) }
    let unit = Double(sign: .plus, exponent: greatest - alignment.fractionBitCount, significand: 1)
    let kept =
      accumulator.cut(toMultiplesOf: unit) + group.map { ($0.value / unit).rounded(.towardZero) * unit }
    return format.value(ExactExpansion(kept), zero: 0)
  }
}
