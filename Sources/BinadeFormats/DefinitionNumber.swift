/// Numbers as definition files spell them: decimal or hexadecimal.
///
/// YAML 1.1 reads more as numbers, 1:30 to base 60 and 010 to base 8; YAML 1.2 does not. What the two disagree on is
/// refused.
enum DefinitionNumber {
  /// Digits of a number that are read; more are no number that somebody wrote.
  private static let greatestLength = 400

  /// An integer: `-12`, `0x7f`.
  static func integer(_ text: String) -> Int? {
    let (isNegative, digits) = withoutSign(text)
    guard text.utf8.count <= greatestLength else { return nil }
    let magnitude: UInt64?
    if let hexadecimal = withoutHexadecimalPrefix(digits) {
      guard !hexadecimal.isEmpty, hexadecimal.utf8.allSatisfy(isHexadecimalDigit) else { return nil }
      magnitude = UInt64(hexadecimal, radix: 16)
    } else {
      guard isDecimalInteger(digits) else { return nil }
      magnitude = UInt64(digits)
    }
    guard let magnitude else { return nil }
    return isNegative ? negated(magnitude) : Int(exactly: magnitude)
  }

  /// A real number: `-1.5`, `1e-3`, `0x1.8p+1`, `.inf`, `.nan`.
  ///
  /// Nil for what is no number, and for a finite number that a Double can hold only as infinity or zero.
  static func real(_ text: String) -> Double? {
    guard text.utf8.count <= greatestLength else { return nil }
    switch text {
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .infinity
    case "-.inf", "-.Inf", "-.INF": return -.infinity
    case ".nan", ".NaN", ".NAN": return .nan
    default: break
    }
    let (isNegative, digits) = withoutSign(text)
    let parts: (significand: Substring, value: Double)
    if let hexadecimal = withoutHexadecimalPrefix(digits) {
      guard let significand = significand(hexadecimal, exponent: ["p", "P"], isHexadecimalDigit),
        let value = Double("0x" + hexadecimal)
      else { return nil }
      parts = (significand, value)
    } else {
      guard let significand = significand(digits, exponent: ["e", "E"], isDecimalDigit),
        !isLeadingZeroInteger(digits), let value = Double(String(digits))
      else { return nil }
      parts = (significand, value)
    }
    let isZero = parts.significand.utf8.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") }
    guard parts.value.isFinite, isZero || parts.value != 0 else { return nil }
    return isNegative ? -parts.value : parts.value
  }

  private static func negated(_ magnitude: UInt64) -> Int? {
    magnitude <= UInt64(Int.max) + 1 ? Int(truncatingIfNeeded: 0 &- magnitude) : nil
  }

  private static func withoutSign(_ text: String) -> (isNegative: Bool, digits: Substring) {
    text.hasPrefix("-") || text.hasPrefix("+") ? (text.hasPrefix("-"), text.dropFirst()) : (false, text[...])
  }

  private static func withoutHexadecimalPrefix(_ digits: Substring) -> Substring? {
    digits.hasPrefix("0x") ? digits.dropFirst(2) : nil
  }

  /// The digits before the exponent; nil when they, or the exponent, are not as they must be.
  private static func significand(
    _ digits: Substring,
    exponent letters: [Character],
    _ isDigit: (UInt8) -> Bool
  ) -> Substring? {
    let parts = digits.split(
      maxSplits: 1,
      omittingEmptySubsequences: false,
      whereSeparator: { letters.contains($0) }
    )
    guard let significand = parts.first else { return nil }
    if parts.count == 2 {
      let power = parts[1].hasPrefix("-") || parts[1].hasPrefix("+") ? parts[1].dropFirst() : parts[1]
      guard !power.isEmpty, power.utf8.allSatisfy(isDecimalDigit) else { return nil }
    }
    let halves = significand.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.allSatisfy({ $0.utf8.allSatisfy(isDigit) }), halves.contains(where: { !$0.isEmpty }) else {
      return nil
    }
    return significand
  }

  private static func isDecimalInteger(_ digits: Substring) -> Bool {
    !digits.isEmpty && digits.utf8.allSatisfy(isDecimalDigit) && !isLeadingZeroInteger(digits)
  }

  /// 010 is eight in YAML 1.1 and ten in YAML 1.2.
  private static func isLeadingZeroInteger(_ digits: Substring) -> Bool {
    digits.utf8.count > 1 && digits.hasPrefix("0") && digits.utf8.allSatisfy(isDecimalDigit)
  }

  private static func isDecimalDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isHexadecimalDigit(_ byte: UInt8) -> Bool {
    isDecimalDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
  }
}
