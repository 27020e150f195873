/// A value in Python's literal syntax, as far as the headers of `.npy` files use it.
package indirect enum PythonLiteral: Equatable, Sendable {
  /// A key of a dictionary and its value.
  package struct Entry: Equatable, Sendable {
    package let key: String
    package let value: PythonLiteral
  }

  case string(String)
  case integer(Int)
  case boolean(Bool)
  case none
  case tuple([PythonLiteral])
  case list([PythonLiteral])
  case dictionary([Entry])

  /// What a value is called in a message.
  package var kind: String {
    switch self {
    case .string: "a string"
    case .integer: "an integer"
    case .boolean: "a truth value"
    case .none: "None"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dictionary"
    }
  }

  /// Parses text that holds one value, with white space around it.
  package init(parsing text: some Sequence<UInt8>) throws(PythonLiteralError) {
    var parser = PythonLiteralParser(Array(text))
    self = try parser.document()
  }
}

/// Where text is no literal.
package struct PythonLiteralError: Error, Equatable, CustomStringConvertible {
  /// The place in the text, from 0.
  package let offset: Int
  /// What may stand there.
  package let expected: String
  /// What does.
  package let found: String

  package var description: String { "at byte \(offset) expected \(expected), found \(found)" }
}

/// Reads literals by recursive descent; the depth is bounded, the time linear.
private struct PythonLiteralParser {
  private static let greatestDepth = 16
  private let text: [UInt8]
  private var position = 0

  init(_ text: [UInt8]) { self.text = text }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private func failure(_ expected: String) -> PythonLiteralError {
    let found = next.map { (0x20..<0x7F).contains($0) ? "'\(Character(Unicode.Scalar($0)))'" : "byte \($0)" }
    return PythonLiteralError(offset: position, expected: expected, found: found ?? "the end")
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
  }

  /// Skips white space and, if it comes next, this character.
  private mutating func accepts(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func document() throws(PythonLiteralError) -> PythonLiteral {
    let value = try value(depth: 0)
    skipSpace()
    guard next == nil else { throw failure("the end of the header") }
    return value
  }

  private mutating func value(depth: Int) throws(PythonLiteralError) -> PythonLiteral {
    guard depth < Self.greatestDepth else { throw failure("no more than \(Self.greatestDepth) levels") }
    skipSpace()
    guard let next else { throw failure("a value") }
    switch next {
    case UInt8(ascii: "{"): return try dictionary(depth: depth)
    case UInt8(ascii: "("): return try parenthesized(depth: depth)
    case UInt8(ascii: "["):
      position += 1
      return .list(try elements(until: "]", depth: depth).values)
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .integer(try integer())
    case _ where Self.isLetter(next): return try word()
    default: throw failure("a value")
    }
  }

  private mutating func dictionary(depth: Int) throws(PythonLiteralError) -> PythonLiteral {
    position += 1
    var entries: [PythonLiteral.Entry] = []
    while !accepts("}") {
      let key = try string()
      guard accepts(":") else { throw failure("':'") }
      entries.append(.init(key: key, value: try value(depth: depth + 1)))
      // A comma after the last entry is fine; anything but a comma must be the end.
      if !accepts(","), next != UInt8(ascii: "}") { throw failure("',' or '}'") }
    }
    return .dictionary(entries)
  }

  /// A tuple, or a value in parentheses.
  private mutating func parenthesized(depth: Int) throws(PythonLiteralError) -> PythonLiteral {
    position += 1
    let (values, endsWithComma) = try elements(until: ")", depth: depth)
    return values.count == 1 && !endsWithComma ? values[0] : .tuple(values)
  }

  private mutating func elements(
    until end: Unicode.Scalar,
    depth: Int
  ) throws(PythonLiteralError) -> (values: [PythonLiteral], endsWithComma: Bool) {
    var values: [PythonLiteral] = []
    var endsWithComma = false
    while !accepts(end) {
      values.append(try value(depth: depth + 1))
      endsWithComma = accepts(",")
      if !endsWithComma, next != UInt8(ascii: end) { throw failure("',' or '\(end)'") }
    }
    return (values, endsWithComma)
  }

  private mutating func string() throws(PythonLiteralError) -> String {
    skipSpace()
    guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw failure("a string in quotes")
    }
    position += 1
    var bytes: [UInt8] = []
    while let byte = next, byte != quote {
      guard byte != 0x0A, byte != 0x0D else { throw failure("the end of the string") }
      if byte == UInt8(ascii: "\\") {
        position += 1
        guard let escaped = next,
          [UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(escaped)
        else { throw failure("a backslash or quote after the backslash") }
      }
      bytes.append(text[position])
      position += 1
    }
    guard next == quote else { throw failure("the end of the string") }
    position += 1
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func integer() throws(PythonLiteralError) -> Int {
    let start = position
    let isNegative = next == UInt8(ascii: "-")
    if isNegative { position += 1 }
    let first = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    let digits = text[first..<position]
    guard !digits.isEmpty else { throw failure("a digit") }
    guard digits.count == 1 || digits.first != UInt8(ascii: "0"),
      let value = Int(String(decoding: text[start..<position], as: UTF8.self))
    else {
      position = start
      throw failure("an integer of at most 63 bits without leading zeros")
    }
    // Python 2 writes long integers as 3L.
    if next == UInt8(ascii: "L") { position += 1 }
    if let byte = next, Self.isLetter(byte) || byte == UInt8(ascii: ".") {
      throw failure("the end of the integer")
    }
    return value
  }

  private mutating func word() throws(PythonLiteralError) -> PythonLiteral {
    let start = position
    while let byte = next, Self.isLetter(byte) { position += 1 }
    switch String(decoding: text[start..<position], as: UTF8.self) {
    case "True": return .boolean(true)
    case "False": return .boolean(false)
    case "None": return .none
    // Python 2 writes text as u'...'.
    case "u" where next == UInt8(ascii: "'") || next == UInt8(ascii: "\""): return .string(try string())
    default:
      position = start
      throw failure("a string, an integer, True, False, None, a tuple, a list or a dictionary")
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
  }
}
