import BinadeVerification

/// All that a converter got wrong, as a file of tab-separated lines.
final class MismatchList {
  private let file: OutputFile
  private var lines = "# input\tbits of the input\texpected code\tfound\n"

  /// Begins the file.
  init(_ path: String) throws {
    file = try OutputFile(path)
  }

  /// Appends a line.
  func append(_ wrong: Audit.Case, type: AuditRun.InputType, found: String) throws {
    let (input, bits) =
      switch type {
      case .float32:
        ("\(Float(wrong.input))", String(Audit.singleBits(wrong.input), radix: 16))
      case .float64: ("\(wrong.input)", String(wrong.input.bitPattern, radix: 16))
      }
    lines += "\(input)\t0x\(bits)\t0x\(String(wrong.expected, radix: 16))\t\(found)\n"
    if lines.utf8.count > 1 << 16 { try flush() }
  }

  private func flush() throws {
    try file.write(Array(lines.utf8))
    lines = ""
  }

  /// Gives the file its name.
  func finish() throws {
    try flush()
    try file.finish()
  }
}
