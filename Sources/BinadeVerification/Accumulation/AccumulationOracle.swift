import BinadeKernels
import BinadeNumerics

/// Sums of products in an accumulator of some format, as a sequence of MPFR operations.
///
/// Shares no code with the kernels or their reference: numbers are MPFR's, roundings those of ``MPFROracle``, and the
/// orders of summation, special values and alignment are written here a second time.
final class AccumulationOracle {
  private let model: AccumulatorModel
  private let sum: SumOracle
  private let product: SumOracle?
  private let outer: SumOracle?
  private let sumRounding: RoundingRule

  /// Holds sums of products of Floats (2^-298 to 2^256) and accumulators (2^-300 to 2^300) exactly.
  private static let precision = 720

  init(_ model: AccumulatorModel) throws {
    self.model = model
    sum = try SumOracle(model.sum)
    product = try model.product.map { try SumOracle($0) }
    sumRounding = model.sum.policy.rounding
    if case .chunked(_, let format) = model.order {
      outer = try SumOracle(format)
    } else {
      outer = nil
    }
  }

  /// A term of a sum, and the power of two that it is aligned by.
  private struct Term {
    var meaning: OracleMeaning
    var binade: Int?
  }

  /// The code that the sum of `a[p] * b[p]` must become, and its value.
  func dot(_ a: [Float], _ b: [Float]) -> OracleMeaning {
    let terms = zip(a, b).map { term(Self.meaning($0), Self.meaning($1)) }
    switch model.order {
    case .sequential:
      return run(terms)
    case .chunked(let length, let format):
      guard let outer else { return .nan }
      var total = Self.convert(.finite(MPFRNumber(0), isNegativeZero: false), outer)
      var rest = terms[...]
      while !rest.isEmpty {
        let inner = run(Array(rest.prefix(length)))
        rest = rest.dropFirst(length)
        total = Self.convert(Self.exactSum([total, inner], format.policy.rounding), outer)
      }
      return total
    case .pairwise:
      guard !terms.isEmpty else { return run([]) }
      return tree(terms, height: 0, groups: (terms.count + model.interval - 1) / model.interval)
    }
  }

  /// The root of the tree over `groups` groups: a full tree of the greatest power of two on the left, the rest on the right.
  private func tree(_ terms: [Term], height: Int, groups: Int) -> OracleMeaning {
    if groups == 1 { return run(terms) }
    var left = 1
    while left * 2 < groups { left *= 2 }
    let cut = left * model.interval
    let one = tree(Array(terms.prefix(cut)), height: height + 1, groups: left)
    let two = tree(Array(terms.dropFirst(cut)), height: height + 1, groups: groups - left)
    return Self.convert(Self.exactSum([one, two], sumRounding), sum)
  }

  private func run(_ terms: [Term]) -> OracleMeaning {
    var accumulator = Self.convert(.finite(MPFRNumber(0), isNegativeZero: false), sum)
    var rest = terms[...]
    while !rest.isEmpty {
      let group = rest.prefix(model.interval)
      rest = rest.dropFirst(model.interval)
      let addends = [accumulator] + group.map(\.meaning)
      if let alignment = model.alignment, addends.allSatisfy(Self.isFinite) {
        var binades = group.compactMap(\.binade)
        if case .finite(let value, _) = accumulator, !value.isZero { binades.append(value.binade) }
        let total = Self.cutSum(addends, at: (binades.max() ?? 0) - alignment.fractionBitCount)
        accumulator = Self.convert(total, sum)
      } else {
        accumulator = Self.convert(Self.exactSum(addends, sumRounding), sum)
      }
    }
    return accumulator
  }

  private func term(_ a: OracleMeaning, _ b: OracleMeaning) -> Term {
    var result = Term(meaning: .nan, binade: nil)
    let isNegative = Self.isNegative(a) != Self.isNegative(b)
    switch (a, b) {
    case (.nan, _), (_, .nan): break
    case (.finite(let x, _), .finite(let y, _)):
      let value = MPFRNumber.product(x, y, precision: 48)
      result.meaning = .finite(value, isNegativeZero: value.isZero && isNegative)
      if !value.isZero, let alignment = model.alignment {
        switch alignment.productExponent {
        case .ofProduct: result.binade = value.binade
        case .ofFactors(let leastLeft, let leastRight):
          result.binade = max(x.binade, leastLeft) + max(y.binade, leastRight)
        }
      }
    case (.finite(let x, _), .infinity): if !x.isZero { result.meaning = .infinity(isNegative: isNegative) }
    case (.infinity, .finite(let y, _)): if !y.isZero { result.meaning = .infinity(isNegative: isNegative) }
    case (.infinity, .infinity): result.meaning = .infinity(isNegative: isNegative)
    }
    if let product {
      result.meaning = Self.convert(result.meaning, product)
      if case .finite(let value, _) = result.meaning, value.isZero { result.binade = nil }
    }
    return result
  }

  private static func meaning(_ value: Float) -> OracleMeaning {
    if value.isNaN { return .nan }
    if value.isInfinite { return .infinity(isNegative: value < 0) }
    return .finite(MPFRNumber(Double(value)), isNegativeZero: value == 0 && value.sign == .minus)
  }

  private static func isFinite(_ meaning: OracleMeaning) -> Bool {
    if case .finite = meaning { return true }
    return false
  }

  private static func isNegative(_ meaning: OracleMeaning) -> Bool {
    switch meaning {
    case .nan: false
    case .infinity(let isNegative): isNegative
    case .finite(let value, let isNegativeZero): value.isZero ? isNegativeZero : value.sign < 0
    }
  }

  /// Any number of terms, summed without rounding.
  private static func exactSum(_ terms: [OracleMeaning], _ rounding: RoundingRule) -> OracleMeaning {
    var total = MPFRNumber(0)
    var infinities: Set<Bool> = []
    var areNegativeZeros = true
    var arePositiveZeros = true
    for term in terms {
      switch term {
      case .nan: return .nan
      case .infinity(let isNegative): infinities.insert(isNegative)
      case .finite(let value, let isNegativeZero):
        total = .sum(total, value, precision: precision)
        areNegativeZeros = areNegativeZeros && value.isZero && isNegativeZero
        arePositiveZeros = arePositiveZeros && value.isZero && !isNegativeZero
      }
    }
    if infinities.count == 2 { return .nan }
    if let isNegative = infinities.first { return .infinity(isNegative: isNegative) }
    let isNegativeZero = areNegativeZeros || (rounding == .down && !arePositiveZeros)
    return .finite(total, isNegativeZero: total.isZero && isNegativeZero)
  }

  /// Finite terms without what lies below 2^place, summed.
  private static func cutSum(_ terms: [OracleMeaning], at place: Int) -> OracleMeaning {
    var total = MPFRNumber(0)
    for case .finite(let value, _) in terms {
      let kept = value.scaled(byTwoTo: -place).truncated.scaled(byTwoTo: place)
      total = .sum(total, kept, precision: precision)
    }
    return .finite(total, isNegativeZero: false)
  }

  private static func convert(_ meaning: OracleMeaning, _ oracle: SumOracle) -> OracleMeaning {
    oracle.converted(meaning)
  }
}
