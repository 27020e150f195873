import Foundation

/// Text as gnuplot reads it.
package enum GnuplotText {
  /// Text from outside as a single-quoted string: no commands in backquotes, no escapes, no line breaks.
  package static func quoted(_ text: String) -> String {
    let visible = String(text.map { $0.isNewline || $0.asciiValue.map { $0 < 32 } == true ? " " : $0 })
    return "'" + visible.replacing("'", with: "''") + "'"
  }

  /// A number for enhanced text: a power of two as one, others with six digits.
  package static func number(_ value: Double) -> String {
    let magnitude = abs(value)
    guard magnitude > 0, magnitude.significand == 1, !(0.25...1024).contains(magnitude) else {
      return String(format: "%.6g", value)
    }
    return (value < 0 ? "-" : "") + "2^{\(Int(magnitude.exponent))}"
  }

  /// Rows of numbers as tab-separated lines.
  package static func rows(_ rows: [[Double]]) -> String {
    rows.map { $0.map { "\($0)" }.joined(separator: "\t") }.joined(separator: "\n")
  }

  /// The loop that runs `body` once per kind of picture.
  package static func pictures(_ name: String, width: Int, height: Int, _ body: String) -> String {
    let quotedName = quoted(name)
    return """
      do for [kind in "svg png"] {
        if (kind eq "svg") {
          set terminal svg size \(width),\(height) font "Helvetica,14" background rgb "white"
        } else {
          set terminal pngcairo size \(width),\(height) font "Helvetica,12" background rgb "white"
        }
        set output \(quotedName).".".kind
      \(body.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
        unset output
      }
      """ + "\n"
  }
}
