/// What names a run: a hash of everything that determines its result, and the text that was hashed.
public struct RunKey: Sendable, Hashable {
  /// The lines that were hashed: what determines the result, a fact each.
  public let identity: String
  /// 32 hexadecimal digits.
  public let digits: String

  /// The key of some facts.
  ///
  /// FNV-1a of 128 bits: it tells different runs apart, it is no protection against forgery.
  public init(_ facts: [(name: String, value: String)]) {
    identity = facts.map { "\($0): \($1)" }.joined(separator: "\n")
    var hash = UInt128(0x6C62_272E_07BB_0142) << 64 | 0x62B8_2175_6295_C58D
    let prime = UInt128(1) << 88 | 0x13B
    for byte in identity.utf8 { hash = (hash ^ UInt128(byte)) &* prime }
    let text = String(hash, radix: 16)
    digits = String(repeating: "0", count: 32 - text.count) + text
  }
}
