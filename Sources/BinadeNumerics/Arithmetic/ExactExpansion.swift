/// A sum of Doubles that loses nothing, as an expansion: parts of growing magnitude whose bits do not overlap.
///
/// - Error: none while magnitudes lie between 2^-900 and 2^900, or are zero.
/// - Source: Shewchuk, Adaptive precision floating-point arithmetic and fast robust geometric predicates, Discrete and
///   Computational Geometry 18, 1997, theorem 10.
public struct ExactExpansion: Sendable {
  private var parts: [Double] = []

  /// The empty sum: zero.
  public init() {}

  /// The sum of `terms`.
  public init(_ terms: some Sequence<Double>) {
    for term in terms { add(term) }
  }

  /// Adds a finite number.
  public mutating func add(_ term: Double) {
    var carried = term
    var kept = 0
    for index in 0..<parts.count {
      let sum = ErrorFreeArithmetic.sum(carried, parts[index])
      if sum.low != 0 {
        parts[kept] = sum.low
        kept += 1
      }
      carried = sum.high
    }
    parts.removeSubrange(kept...)
    if carried != 0 { parts.append(carried) }
  }

  /// Whether the sum is zero.
  public var isZero: Bool { parts.isEmpty }

  /// Whether the sum is below zero; the greatest part decides.
  public var isNegative: Bool { (parts.last ?? 0) < 0 }

  /// The sum rounded to odd: one Double on the same side of every Double of 52 bits as the sum.
  ///
  /// - Source: Boldo and Melquiond, Emulation of FMA and correctly rounded sums: proved algorithms using rounding to
  ///   odd, IEEE Transactions on Computers 57(4), 2008.
  public var roundedToOdd: Double {
    guard var high = parts.last else { return 0 }
    for part in parts.dropLast().reversed() {
      let sum = ErrorFreeArithmetic.sum(high, part)
      high = sum.high
      // What follows is smaller than one ulp of this rest, and cannot change its sign.
      if sum.low != 0 { return ErrorFreeArithmetic.madeOdd(high, missing: sum.low) }
    }
    return high
  }

  /// A sum that differs by a multiple of `modulus`, of the same sign, and below about 2^5 moduli.
  ///
  /// - Precondition: `modulus` is a power of two.
  public func reduced(modulo modulus: Double) -> ExactExpansion {
    var rest = ExactExpansion(parts.map { $0.truncatingRemainder(dividingBy: modulus) })
    while !rest.isZero && rest.isNegative != isNegative { rest.add(isNegative ? -modulus : modulus) }
    return rest
  }
}
