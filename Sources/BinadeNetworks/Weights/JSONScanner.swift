/// Reads JSON from bytes, a token at a time: memory goes only to what the reader keeps.
struct JSONScanner {
  /// What is wrong, and where.
  struct Fault: Error, Hashable {
    let position: Int
    let reason: String
  }

  private let bytes: [UInt8]
  private(set) var position = 0

  /// Values inside values that are skipped.
  private static let greatestDepth = 64

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func fault(_ reason: String) -> Fault { Fault(position: position, reason: reason) }

  /// The next byte that is no white space; nil at the end.
  mutating func peek() -> UInt8? {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    return position < bytes.count ? bytes[position] : nil
  }

  /// Steps over `character` if it is the next one.
  mutating func skips(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
    guard skips(character) else { throw fault("expected '\(character)'") }
  }

  /// Calls `body` before the value of each member of an object, with its key.
  mutating func object(
    keyLimit: Int,
    _ body: (inout JSONScanner, String) throws(Fault) -> Void
  ) throws(Fault) {
    try expect("{")
    if skips("}") { return }
    repeat {
      let key = try string(limit: keyLimit)
      try expect(":")
      try body(&self, key)
    } while skips(",")
    try expect("}")
  }

  /// Calls `body` before each element of an array.
  mutating func array(_ body: (inout JSONScanner) throws(Fault) -> Void) throws(Fault) {
    try expect("[")
    if skips("]") { return }
    repeat { try body(&self) } while skips(",")
    try expect("]")
  }

  /// A whole number.
  mutating func integer() throws(Fault) -> Int {
    _ = peek()
    let start = position
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
      position += 1
    }
    let next = position < bytes.count ? bytes[position] : 0
    guard position - start <= 20, ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(next),
      let value = Int(String(decoding: bytes[start..<position], as: UTF8.self))
    else {
      position = start
      throw fault("expected a whole number below 2^63")
    }
    return value
  }

  /// A string of at most `limit` bytes.
  mutating func string(limit: Int) throws(Fault) -> String {
    try expect("\"")
    let start = position
    var text: [UInt8] = []
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      guard text.count < limit else {
        position = start
        throw fault("the string has more than \(limit) bytes")
      }
      guard bytes[position] >= 0x20 else { throw fault("a control character in a string") }
      if bytes[position] == UInt8(ascii: "\\") {
        text += try escape()
      } else {
        text.append(bytes[position])
        position += 1
      }
    }
    guard position < bytes.count else { throw fault("a string without an end") }
    position += 1
    guard let string = String(validating: text, as: UTF8.self) else {
      position = start
      throw fault("a string that is not UTF-8")
    }
    return string
  }

  /// The bytes that an escape such as `\n` or `\u00e9` stands for.
  private mutating func escape() throws(Fault) -> [UInt8] {
    position += 1
    guard position < bytes.count else { throw fault("a string without an end") }
    let letter = bytes[position]
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): break
    default: throw fault("an unknown escape in a string")
    }
    var value = try hexadecimal()
    if (0xD800..<0xDC00).contains(value), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    {
      position += 2
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low) else { throw fault("half of a surrogate pair in a string") }
      value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(value) else { throw fault("half of a surrogate pair in a string") }
    return Array(String(scalar).utf8)
  }

  private mutating func hexadecimal() throws(Fault) -> UInt32 {
    guard position + 4 <= bytes.count,
      bytes[position..<position + 4].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
      let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw fault("an unknown escape in a string") }
    position += 4
    return value
  }

  /// Steps over one value of any kind.
  mutating func skipValue(depth: Int = 0) throws(Fault) {
    guard depth < Self.greatestDepth else { throw fault("more than \(Self.greatestDepth) levels") }
    switch peek() {
    case UInt8(ascii: "{"):
      try object(keyLimit: .max) { (scanner, _) throws(Fault) in try scanner.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try array { (scanner) throws(Fault) in try scanner.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""):
      _ = try string(limit: .max)
    default:
      let start = position
      while let byte = position < bytes.count ? bytes[position] : nil,
        Unicode.Scalar(byte).properties.isAlphabetic || (0x30...0x39).contains(byte)
          || [UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: ".")].contains(byte)
      {
        position += 1
      }
      let word = String(decoding: bytes[start..<min(position, start + 64)], as: UTF8.self)
      guard position > start, ["true", "false", "null"].contains(word) || Double(word) != nil else {
        position = start
        throw fault("expected a value")
      }
    }
  }
}
