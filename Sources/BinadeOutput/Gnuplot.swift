import Foundation

/// Why a plot was not drawn.
public enum PlotError: Error, Sendable, Hashable, CustomStringConvertible {
  case missingGnuplot
  case failed(script: String, message: String)
  case incomplete(file: String, fault: String)
  case notWritten(file: String)

  /// One sentence: what, where, what was found, what is allowed.
  public var description: String {
    switch self {
    case .missingGnuplot:
      "gnuplot is not installed (apt-get install gnuplot-nox, or brew install gnuplot); the script is written"
    case .failed(let script, let message):
      "gnuplot could not draw \(script): \(message)"
    case .incomplete(let file, let fault):
      "\(file): gnuplot did not write the whole picture: \(fault)"
    case .notWritten(let file):
      "\(file): cannot be written; is the disk full, or writing not allowed?"
    }
  }
}

/// The program that draws.
enum Gnuplot {
  static func run(script: String, in folder: URL, program: String = "gnuplot") throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program, script]
    process.currentDirectoryURL = folder
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let message = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    if process.terminationStatus == 127 { throw PlotError.missingGnuplot }
    guard process.terminationStatus == 0 else {
      throw PlotError.failed(
        script: script,
        message: String(decoding: message, as: UTF8.self).trimmed
      )
    }
  }
}

extension String {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
