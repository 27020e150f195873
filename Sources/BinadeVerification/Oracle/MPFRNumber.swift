import CMPFR

/// A real number held by MPFR; never changed after it is made, so that it may be shared within a thread.
final class MPFRNumber {
  let pointer: UnsafeMutablePointer<__mpfr_struct>

  /// The version of the MPFR library that runs.
  static var libraryVersion: String { String(cString: mpfr_get_version()) }

  private init(precision: Int) {
    pointer = .allocate(capacity: 1)
    mpfr_init2(pointer, mpfr_prec_t(precision))
  }

  deinit {
    mpfr_clear(pointer)
    pointer.deallocate()
  }

  /// A Double, exact.
  convenience init(_ value: Double) {
    self.init(precision: 53)
    mpfr_set_d(pointer, value, MPFR_RNDN)
  }

  /// integer x 2^exponent, exact.
  convenience init(_ integer: Int64, timesTwoTo exponent: Int) {
    self.init(precision: 64)
    mpfr_set_si_2exp(pointer, Int(integer), mpfr_exp_t(exponent), MPFR_RNDN)
  }

  /// 2^(numerator / 2^log2Denominator), to `precision` bits; exact when it is a power of two.
  convenience init(powerOfTwo numerator: Int, overPowerOfTwo log2Denominator: Int, precision: Int) {
    self.init(precision: precision)
    let exponent = MPFRNumber(Int64(numerator), timesTwoTo: -log2Denominator)
    mpfr_exp2(pointer, exponent.pointer, MPFR_RNDN)
  }

  /// e^(integer x 2^exponent), to `precision` bits.
  convenience init(exponentialOf integer: Int64, timesTwoTo exponent: Int, precision: Int) {
    self.init(precision: precision)
    let argument = MPFRNumber(integer, timesTwoTo: exponent)
    mpfr_exp(pointer, argument.pointer, MPFR_RNDN)
  }

  /// a + b, to `precision` bits.
  static func sum(_ a: MPFRNumber, _ b: MPFRNumber, precision: Int) -> MPFRNumber {
    let result = MPFRNumber(precision: precision)
    mpfr_add(result.pointer, a.pointer, b.pointer, MPFR_RNDN)
    return result
  }

  /// a - b, to `precision` bits.
  static func difference(_ a: MPFRNumber, _ b: MPFRNumber, precision: Int) -> MPFRNumber {
    let result = MPFRNumber(precision: precision)
    mpfr_sub(result.pointer, a.pointer, b.pointer, MPFR_RNDN)
    return result
  }

  /// a * b, to `precision` bits.
  static func product(_ a: MPFRNumber, _ b: MPFRNumber, precision: Int) -> MPFRNumber {
    let result = MPFRNumber(precision: precision)
    mpfr_mul(result.pointer, a.pointer, b.pointer, MPFR_RNDN)
    return result
  }

  /// a / b, to `precision` bits.
  static func quotient(_ a: MPFRNumber, _ b: MPFRNumber, precision: Int) -> MPFRNumber {
    let result = MPFRNumber(precision: precision)
    mpfr_div(result.pointer, a.pointer, b.pointer, MPFR_RNDN)
    return result
  }

  /// The square root, to `precision` bits.
  func squareRoot(precision: Int) -> MPFRNumber {
    let result = MPFRNumber(precision: precision)
    mpfr_sqrt(result.pointer, pointer, MPFR_RNDN)
    return result
  }

  /// The number rounded to nearest even at `precision` bits.
  func rounded(toPrecision precision: Int) -> MPFRNumber {
    let result = MPFRNumber(precision: precision)
    mpfr_set(result.pointer, pointer, MPFR_RNDN)
    return result
  }

  /// The number times 2^exponent, exact.
  func scaled(byTwoTo exponent: Int) -> MPFRNumber {
    let result = MPFRNumber(precision: Int(mpfr_get_prec(pointer)))
    mpfr_mul_2si(result.pointer, pointer, exponent, MPFR_RNDN)
    return result
  }

  /// The number with the other sign.
  var negated: MPFRNumber {
    let result = MPFRNumber(precision: Int(mpfr_get_prec(pointer)))
    mpfr_neg(result.pointer, pointer, MPFR_RNDN)
    return result
  }

  /// The greatest integer not above the number.
  ///
  /// - Precondition: it fits 63 bits.
  var floor: Int64 {
    let result = MPFRNumber(precision: 64)
    mpfr_rint_floor(result.pointer, pointer, MPFR_RNDN)
    return Int64(mpfr_get_si(result.pointer, MPFR_RNDN))
  }

  /// What is left of the number after whole multiples of 2^exponent, with the number's sign; exact.
  func remainder(dividingByTwoTo exponent: Int) -> MPFRNumber {
    let result = MPFRNumber(precision: 2200)
    let divisor = MPFRNumber(1, timesTwoTo: exponent)
    mpfr_fmod(result.pointer, pointer, divisor.pointer, MPFR_RNDN)
    return result
  }

  /// The number without its fraction.
  var truncated: MPFRNumber {
    let result = MPFRNumber(precision: Int(mpfr_get_prec(pointer)))
    mpfr_rint_trunc(result.pointer, pointer, MPFR_RNDN)
    return result
  }

  var isInteger: Bool { mpfr_integer_p(pointer) != 0 }

  /// e with 2^e <= |number| < 2^(e + 1).
  ///
  /// - Precondition: the number is not zero.
  var binade: Int { Int(mpfr_get_exp(pointer)) - 1 }

  var isZero: Bool { mpfr_zero_p(pointer) != 0 }

  /// -1, 0 or 1.
  var sign: Int { isZero ? 0 : mpfr_signbit(pointer) != 0 ? -1 : 1 }

  /// Whether the number, or the zero, has a minus sign.
  var isNegative: Bool { mpfr_signbit(pointer) != 0 }

  /// Negative, zero or positive like `self - other`.
  func compared(to other: MPFRNumber) -> Int { Int(mpfr_cmp3(pointer, other.pointer, 1)) }

  /// Negative, zero or positive like `|self| - |other|`.
  func comparedInMagnitude(to other: MPFRNumber) -> Int {
    Int(mpfr_cmpabs(pointer, other.pointer))
  }

  /// The nearest Double.
  var nearestDouble: Double { mpfr_get_d(pointer, MPFR_RNDN) }

  /// The nearest Float.
  var nearestFloat: Float { mpfr_get_flt(pointer, MPFR_RNDN) }

  /// The greatest Float that is not above the number.
  var floatBelow: Float { mpfr_get_flt(pointer, MPFR_RNDD) }
}
