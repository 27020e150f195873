import BinadeNumerics

/// A fixed-point number wide enough to hold every sum of products without rounding: a Kulisch accumulator, or quire.
///
/// Words of 64 bits in two's complement, the lowest first, cover everything from the product of the two least values
/// to sums of 2^62 products of the two greatest.
///
/// ```swift
/// var sum = ExactAccumulator()
/// sum.addProduct(0x1p600, 0x1p-600)
/// sum.addProduct(0x1p1000, 0x1p20)
/// sum.addProduct(0x1p1000, -0x1p20)
/// sum.roundedToFloat()                                // 1.0
/// ```
///
/// - Special values: NaN, infinity times zero and infinities of both signs make the sum NaN; one infinity makes it that
///   infinity. A sum of zero is +0, whatever the signs of its terms: the accumulator has one zero, as a quire has.
/// - Error: none until it is rounded; then half an ulp, or what the codec's rule says.
/// - Source: Kulisch, Computer Arithmetic and Validity, 2nd edition 2013, chapter 8; Standard for Posit Arithmetic
///   (2022), section 3.3 (quire).
package struct ExactAccumulator: Sendable, Hashable {
  /// Two's complement, the lowest word first.
  private var words: [UInt64]
  /// The weight of the lowest bit is 2^leastExponent.
  private let leastExponent: Int
  private var special = SpecialSum()

  /// An accumulator of zero for products of any two Doubles.
  package init() {
    self.init(leastExponent: -2148, greatestExponent: 2048)
  }

  /// An accumulator of zero for products of values of two formats.
  ///
  /// Throws `FormatError` for formats with magnitudes that Doubles do not reach.
  package init(_ left: any NumericFormat, _ right: any NumericFormat) throws(FormatError) {
    self.init(try ExactValues(left), try ExactValues(right))
  }

  init(_ left: ExactValues, _ right: ExactValues) {
    self.init(
      leastExponent: left.leastExponent + right.leastExponent,
      greatestExponent: left.greatestExponent + right.greatestExponent
    )
  }

  private init(leastExponent: Int, greatestExponent: Int) {
    self.leastExponent = leastExponent
    // 62 bits for carries, one for the sign, and two words that an addition may reach above its own first bit.
    let bitCount = greatestExponent - leastExponent + 63
    words = Array(repeating: 0, count: (bitCount + 63) / 64 + 2)
  }

  /// Bits of the accumulator.
  package var bitCount: Int { 64 * words.count }

  /// Sets the sum to zero.
  package mutating func clear() {
    for index in words.indices { words[index] = 0 }
    special = SpecialSum()
  }

  /// Adds a value.
  ///
  /// - Precondition: the value is a multiple of the accumulator's lowest bit.
  package mutating func add(_ value: Double) {
    addProduct(ExactPart(value), ExactPart(1))
  }

  /// Adds the product of two values, unrounded.
  ///
  /// - Precondition: the product is one that the accumulator was made for.
  package mutating func addProduct(_ a: Double, _ b: Double) {
    addProduct(ExactPart(a), ExactPart(b))
  }

  mutating func addProduct(_ a: ExactPart, _ b: ExactPart) {
    if a.isSpecial || b.isSpecial {
      special.addProduct(a, b)
    } else if a.significand != 0, b.significand != 0 {
      add(Int128(a.significand) * Int128(b.significand), exponent: a.exponent + b.exponent)
    }
  }

  /// Adds integer x 2^exponent: three words at its place, and the carry as far as it goes.
  private mutating func add(_ integer: Int128, exponent: Int) {
    let place = exponent - leastExponent
    precondition(
      place >= 0 && place / 64 + 3 <= words.count,
      "2^\(exponent) times an integer is outside the accumulator, which begins at 2^\(leastExponent)"
    )
    let shift = place % 64
    let lower = UInt128(truncatingIfNeeded: integer << Int128(shift))
    let upper = UInt64(truncatingIfNeeded: integer >> Int128(128 - max(shift, 1)))
    let fill: UInt64 = integer < 0 ? .max : 0
    var index = place / 64
    var carry: UInt64 = 0
    words.withUnsafeMutableBufferPointer { words in
      func addWord(_ word: UInt64) {
        let (sum, overflow) = words[index].addingReportingOverflow(word)
        let (total, second) = sum.addingReportingOverflow(carry)
        words[index] = total
        carry = overflow || second ? 1 : 0
        index += 1
      }
      addWord(UInt64(truncatingIfNeeded: lower))
      addWord(UInt64(truncatingIfNeeded: lower >> 64))
      addWord(shift == 0 ? fill : upper)
      // From here on the addend is all zeros or all ones; with a carry of its own kind it changes nothing.
      while index < words.count, carry != fill & 1 { addWord(fill) }
    }
  }

  /// NaN or an infinity, when terms made the sum one.
  var specialValue: Double? { special.value }

  /// The sum as sign and magnitude.
  var sum: ExactSum {
    let isNegative = words[words.count - 1] >> 63 == 1
    guard isNegative else { return ExactSum(isNegative: false, words: words, exponent: leastExponent) }
    var carry = true
    let magnitude = words.map { word -> UInt64 in
      let (negated, overflow) = (~word).addingReportingOverflow(carry ? 1 : 0)
      carry = overflow
      return negated
    }
    return ExactSum(isNegative: true, words: magnitude, exponent: leastExponent)
  }

  /// Returns the float32 nearest to the sum, ties to even; infinity beyond the range.
  package func roundedToFloat() -> Float {
    specialValue.map { Float($0) } ?? sum.roundedToFloat
  }

  /// Returns the code of the sum, rounded once by the codec's policy.
  ///
  /// NaN and infinities become what the policy says of them as inputs.
  package func rounded(with encoder: ExactEncoder) -> UInt32 {
    if let specialValue { return encoder.encode(high: specialValue, low: 0) }
    let (high, low) = sum.asTwoDoubles
    return encoder.encode(high: high, low: low)
  }
}
