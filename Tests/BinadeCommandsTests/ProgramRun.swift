import Foundation
import Testing

/// Runs shell commands with the built program as `$B`: what only a process of its own can show.
struct ProgramRun {
  let status: Int32
  /// The signal that ended the shell, else nil.
  let signal: Int32?
  let output: Data
  let errors: String
  let seconds: Double

  var text: String { String(decoding: output, as: UTF8.self) }

  /// Runs `script` in `folder`, for at most `limit` seconds: then it is killed, and the status is 137.
  init(_ script: String, in folder: URL, limit: Int = 60) throws {
    let program = try #require(InstructionSetLimitTests.program)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["timeout", "-s", "KILL", "\(limit)", "/bin/sh", "-c", script]
    process.currentDirectoryURL = folder
    var environment = ProcessInfo.processInfo.environment
    environment["B"] = program.path
    process.environment = environment
    // Files, not pipes: what the script leaves running may hold them open.
    let (out, err) = (folder.appending(path: ".out"), folder.appending(path: ".err"))
    for file in [out, err] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: err)
    let start = ContinuousClock.now
    try process.run()
    process.waitUntilExit()
    seconds = (ContinuousClock.now - start) / .seconds(1)
    status = process.terminationStatus
    signal = process.terminationReason == .uncaughtSignal ? process.terminationStatus : nil
    output = try Data(contentsOf: out)
    errors = try String(contentsOf: err, encoding: .utf8)
    for file in [out, err] { try FileManager.default.removeItem(at: file) }
  }
}
