import Binade
import Foundation

/// Somebody else's converter: bytes of numbers in, bytes of codes or values out.
protocol AuditedConverter {
  /// Feeds `input` in pieces and hands on the answer in pieces, in order.
  ///
  /// `answerSize`: the bytes that must come back. Throws ``AuditError`` when fewer or more come.
  func convert(
    _ input: some Sequence<Data> & Sendable,
    answerSize: Int,
    consume: (Data) throws -> Void
  ) throws
}

/// Why a converter cannot be audited.
enum AuditError: Error, Equatable, CustomStringConvertible {
  case cannotStart(command: String, reason: String)
  case crashed(command: String, status: String, messages: String)
  case hung(command: String, seconds: Int)
  case wroteTooLittle(command: String, found: Int, expected: Int)
  case wroteTooMuch(command: String, expected: Int)
  case noLibrary(path: String, reason: String)
  case noSymbol(path: String, symbol: String)

  /// Lines that are not Binade's: set in, and without what moves a terminal.
  private static func quoted(_ messages: String) -> String {
    messages.split(whereSeparator: \.isNewline).map { "  " + String($0).visible(keeping: "\t") }
      .joined(separator: "\n")
  }

  var description: String {
    switch self {
    case .cannotStart(let command, let reason):
      "'\(command)' cannot be started: \(reason)"
    case .crashed(let command, let status, let messages):
      "'\(command)' ended with \(status) before it was done"
        + (messages.isEmpty ? "" : "; its last words:\n\(Self.quoted(messages))")
    case .hung(let command, let seconds):
      "'\(command)' wrote nothing for \(seconds) s and was stopped; --timeout allows more"
    case .wroteTooLittle(let command, let found, let expected):
      "'\(command)' wrote \(found) bytes; \(expected) were expected, one answer per input "
        + "(1 byte per code of up to 8 bits, 2 up to 16, 4 per value with --returns values)"
    case .wroteTooMuch(let command, let expected):
      "'\(command)' wrote more than \(expected) bytes, one answer per input "
        + "(1 byte per code of up to 8 bits, 2 up to 16, 4 per value with --returns values)"
    case .noLibrary(let path, let reason):
      "\(path): cannot be loaded: \(reason)"
    case .noSymbol(let path, let symbol):
      "\(path): has no symbol '\(symbol)'"
    }
  }
}
