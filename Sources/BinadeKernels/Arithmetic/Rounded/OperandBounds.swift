import BinadeNumerics

/// What is known about the numbers on one side of a product, so that a kernel can tell what is exact.
package struct OperandBounds: Sendable, Hashable {
  /// Significant bits of the number that needs most.
  package private(set) var precision = 1
  /// e, where every number is a multiple of 2^e.
  package private(set) var leastExponent = Int.max
  /// e, where every magnitude but zero is at least 2^e.
  package private(set) var leastMagnitudeExponent = Int.max
  /// e, where every magnitude is below 2^(e + 1).
  package private(set) var greatestExponent = Int.min
  /// Whether there are neither infinities nor NaNs.
  package private(set) var areFinite = true

  /// The bounds of some numbers.
  ///
  /// - Complexity: O(n).
  package init(_ values: [Float]) {
    for value in values { include(value) }
    finish()
  }

  /// The bounds of all values of a codec, divided by `unit`; those of all Floats when it has more than 16 bits.
  package init(_ codec: FormatCodec, unit: Float = 1) {
    guard codec.info.bitWidth <= 16 else {
      self.init([.leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity])
      return
    }
    self.init((0..<UInt32(1 << codec.info.bitWidth)).map { codec.decode($0) / unit })
  }

  private mutating func include(_ value: Float) {
    guard value.isFinite else {
      areFinite = false
      return
    }
    guard value != 0 else { return }
    let width = value.significandWidth
    let exponent = Int(value.exponent)
    precision = max(precision, width + 1)
    leastExponent = min(leastExponent, exponent - width)
    leastMagnitudeExponent = min(leastMagnitudeExponent, exponent)
    greatestExponent = max(greatestExponent, exponent)
  }

  /// Nothing but zeros is as good as ones.
  private mutating func finish() {
    guard greatestExponent == Int.min else { return }
    (leastExponent, leastMagnitudeExponent, greatestExponent) = (0, 0, 0)
  }
}

/// What is known about products, and sums of some of them.
struct ProductBounds {
  /// Significant bits of a product.
  let precision: Int
  /// Products are multiples of two to this power.
  let leastExponent: Int
  /// Magnitudes but zero are at least two to this power.
  let leastMagnitudeExponent: Int
  /// Sums of products of this many are below two to this power, in magnitude.
  let limitExponent: Int
  let count: Int
  let areFinite: Bool

  init(_ left: OperandBounds, _ right: OperandBounds, count: Int) {
    precision = left.precision + right.precision
    leastExponent = left.leastExponent + right.leastExponent
    leastMagnitudeExponent = left.leastMagnitudeExponent + right.leastMagnitudeExponent
    limitExponent = left.greatestExponent + right.greatestExponent + 2 + Self.log2RoundedUp(count)
    self.count = count
    areFinite = left.areFinite && right.areFinite
  }

  /// The least e with count <= 2^e.
  static func log2RoundedUp(_ count: Int) -> Int { Int.bitWidth - (count - 1).leadingZeroBitCount }

  /// Significant bits of a sum of `count` products.
  var sumPrecision: Int { count == 1 ? precision : limitExponent - leastExponent }

  /// Whether products and their sums are Doubles, and multiples of the least Float.
  var areDoubles: Bool { sumPrecision <= 53 && leastExponent >= -149 && limitExponent <= 126 }

  /// Whether products and their sums are Floats.
  var areFloats: Bool {
    sumPrecision <= 24 && precision <= 24 && leastExponent >= -149 && limitExponent <= 126
  }
}
