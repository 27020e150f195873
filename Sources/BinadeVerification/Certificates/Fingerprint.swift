import BinadeNumerics

/// A 64-bit FNV-1a hash: tells a table that changed from one that did not; no defence against forgery.
///
/// - Source: Fowler, Noll, Vo; IETF draft-eastlake-fnv.
package struct Fingerprint: Sendable, Hashable, CustomStringConvertible {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  /// The fingerprint of nothing.
  package init() {}

  /// Adds the eight bytes of a word, lowest first.
  package mutating func add(_ word: UInt64) {
    for byte in 0..<UInt64(8) { add(byte: UInt8(truncatingIfNeeded: word >> (8 * byte))) }
  }

  package mutating func add(byte: UInt8) {
    state = (state ^ UInt64(byte)) &* 0x100_0000_01B3
  }

  /// Adds a text.
  package mutating func add(_ text: String) {
    for byte in text.utf8 { add(byte: byte) }
    // An end mark, so that "ab", "c" is not "a", "bc".
    add(byte: 0xFF)
  }

  /// Sixteen hexadecimal digits.
  package var description: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The fingerprint of what every code of a format of up to 16 bits stands for.
  ///
  /// Special rules of the format and the codes that encoding may not produce are part of it; name and source are not.
  package static func table(of format: any NumericFormat) -> Fingerprint {
    var result = Fingerprint()
    let info = format.info
    result.add(UInt64(info.bitWidth))
    result.add("\(info.overflowTarget?.rawValue ?? "-") \(info.infinityTarget?.rawValue ?? "-")")
    result.add("\(info.underflow.rawValue) \(info.lowerEnd.rawValue) \(info.canonicalNaN ?? 0)")
    for code in 0..<UInt32(1) << UInt32(min(info.bitWidth, 16)) {
      let value = format.decode(code)
      result.add(value.isNaN ? 0x7FF8_0000_0000_0000 : value.bitPattern)
      result.add(format.residual(code).bitPattern)
      result.add(format.isEncodable(code) ? 1 : 0)
    }
    return result
  }
}
