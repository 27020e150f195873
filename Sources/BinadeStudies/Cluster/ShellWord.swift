/// Words as a shell reads them.
package enum ShellWord {
  /// The text as one word: as it is, or in single quotes.
  package static func quoted(_ text: String) -> String {
    let isPlain: (Character) -> Bool = {
      $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=,+:".contains($0))
    }
    guard text.isEmpty || !text.allSatisfy(isPlain) else { return text }
    return "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
