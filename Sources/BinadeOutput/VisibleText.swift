import BinadeNumerics

extension String {
  /// The text with everything that moves or disguises a terminal's text written as an escape, such as `\u001b`.
  ///
  /// These are control characters, line and paragraph separators and those that change the direction of text: names,
  /// sources and what other programs say may hold them. `kept`: those that stay, such as line breaks of a table.
  /// In a JSON string the escapes mean what was there.
  package func visible(keeping kept: String = "") -> String {
    if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return self }
    let kept = Set(kept.unicodeScalars)
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      guard scalar.isInvisible, !kept.contains(scalar) else {
        text.append(scalar)
        continue
      }
      text.append(contentsOf: PrintableText.escaped(scalar).unicodeScalars)
    }
    return String(text)
  }
}

extension Unicode.Scalar {
  /// Whether a terminal obeys this character instead of showing it.
  fileprivate var isInvisible: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    case .format: properties.isBidiControl
    default: false
    }
  }
}
