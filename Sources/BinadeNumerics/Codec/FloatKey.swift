/// The position of a Float32 bit pattern in the order of all of them.
///
/// Negative NaNs, -infinity, finite numbers with -0 before +0, infinity, NaNs. Rounding is monotone in this order, so every conversion is a step function of the key.
struct FloatKey: Sendable, Hashable, Comparable {
  let rawValue: UInt32

  init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  init(_ value: Float) {
    let bits = value.bitPattern
    rawValue = bits >> 31 == 1 ? ~bits : bits | 0x8000_0000
  }

  var bits: UInt32 { rawValue >> 31 == 1 ? rawValue & 0x7FFF_FFFF : ~rawValue }

  var value: Float { Float(bitPattern: bits) }

  var next: FloatKey { FloatKey(rawValue: rawValue + 1) }

  static func < (a: FloatKey, b: FloatKey) -> Bool { a.rawValue < b.rawValue }

  static let negativeInfinity = FloatKey(-Float.infinity)
  static let leastFinite = FloatKey(-Float.greatestFiniteMagnitude)
  static let negativeZero = FloatKey(-0.0)
  static let zero = FloatKey(0.0)
  static let infinity = FloatKey(Float.infinity)

  /// The first key whose value satisfies `predicate`.
  ///
  /// The predicate must be monotone on the finite Floats: false, then true. The two zeros count as one value. Infinity's key when no finite value satisfies it.
  ///
  /// `guess`: a value near the answer.
  static func first(near guess: Double, where predicate: (Double) -> Bool) -> FloatKey {
    let limit = Double(Float.greatestFiniteMagnitude)
    var key = FloatKey(Float(min(max(guess, -limit), limit)))
    if key == .zero { key = .negativeZero }
    while predicate(Double(key.value)), key > .leastFinite {
      key = FloatKey(rawValue: key.rawValue - 1)
    }
    while key < .infinity, !predicate(Double(key.value)) {
      key = key.next
    }
    return key
  }
}
