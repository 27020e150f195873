/// Text from outside, made fit for a message: short, on one line, without codes that a terminal obeys.
package enum PrintableText {
  /// Characters of a text that messages show.
  static let greatestCount = 120

  /// Returns the beginning of `text`, with what cannot be printed as `\u001b`; says how much is left out.
  package static func excerpt(_ text: String, limit: Int = greatestCount) -> String {
    var shown = ""
    var count = 0
    for scalar in text.unicodeScalars {
      guard count < limit else { return shown + "… (\(text.utf8.count) bytes)" }
      shown += isPrintable(scalar) ? String(scalar) : escaped(scalar)
      count += 1
    }
    return shown
  }

  /// Returns the numbers as a list, the first ones of a long one.
  package static func excerpt(_ numbers: [Int]) -> String {
    let shown = numbers.prefix(8).map(String.init).joined(separator: ", ")
    return numbers.count > 8 ? "[\(shown), … (\(numbers.count) numbers)]" : "[\(shown)]"
  }

  /// Returns what keeps `text` from being one printed line; nil when nothing does.
  ///
  /// Marks combine with the character before them: at most two in a row, none at the beginning.
  package static func fault(in text: String) -> String? {
    var markCount = 2
    for scalar in text.unicodeScalars {
      guard isPrintable(scalar) else { return "the character \(escaped(scalar))" }
      markCount = isMark(scalar) ? markCount + 1 : 0
      if markCount > 2 { return "the combining mark \(escaped(scalar))" }
    }
    return nil
  }

  /// Whether a scalar stands for something that is seen: no control, no direction override, no line break, nothing
  /// private or unassigned.
  package static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
      return false
    default: return true
    }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return false }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return true
    default: return false
    }
  }

  /// A scalar as JSON escapes it: `\u001b`, two of these above U+FFFF.
  package static func escaped(_ scalar: Unicode.Scalar) -> String {
    scalar.utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }
}
