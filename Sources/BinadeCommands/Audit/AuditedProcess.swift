import Foundation
import Synchronization

/// A converter that is a command: numbers on its standard input, answers on its standard output.
struct AuditedProcess: AuditedConverter {
  let command: String
  /// Seconds without an answer after which the command is stopped.
  let timeout: Int

  func convert(
    _ input: some Sequence<Data> & Sendable,
    answerSize: Int,
    consume: (Data) throws -> Void
  ) throws {
    // A command that stops reading must not end this process.
    signal(SIGPIPE, SIG_IGN)
    let process = Process()
    let (toCommand, fromCommand, messages) = (Pipe(), Pipe(), Pipe())
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    process.standardInput = toCommand
    process.standardOutput = fromCommand
    process.standardError = messages
    do {
      try process.run()
    } catch {
      throw AuditError.cannotStart(command: command, reason: "\(error)")
    }
    let lastWords = Mutex(Data())
    let helpers = DispatchGroup()
    DispatchQueue.global().async(group: helpers) {
      // What the command says is kept, the last kilobyte of it, so that it never waits for a reader.
      while let part = try? messages.fileHandleForReading.read(upToCount: 4096), !part.isEmpty {
        lastWords.withLock { $0 = Data(($0 + part).suffix(1024)) }
      }
    }
    DispatchQueue.global().async(group: helpers) {
      for piece in input {
        guard (try? toCommand.fileHandleForWriting.write(contentsOf: piece)) != nil else { break }
      }
      try? toCommand.fileHandleForWriting.close()
    }
    defer {
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      helpers.wait()
    }
    var received = 0
    while let part = try next(from: fromCommand.fileHandleForReading) {
      received += part.count
      guard received <= answerSize else {
        throw AuditError.wroteTooMuch(command: command, expected: answerSize)
      }
      try consume(part)
    }
    let deadline = ContinuousClock.now + .seconds(timeout)
    while process.isRunning {
      guard ContinuousClock.now < deadline else {
        throw AuditError.hung(command: command, seconds: timeout)
      }
      usleep(2000)
    }
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      helpers.wait()
      let kind = process.terminationReason == .exit ? "status" : "signal"
      throw AuditError.crashed(
        command: command,
        status: "\(kind) \(process.terminationStatus)",
        messages: lastWords.withLock { String(decoding: $0, as: UTF8.self) }
          .trimmingCharacters(in: .whitespacesAndNewlines)
      )
    }
    guard received == answerSize else {
      throw AuditError.wroteTooLittle(command: command, found: received, expected: answerSize)
    }
  }

  /// The next bytes; nil at the end. Throws when none come in time.
  private func next(from handle: FileHandle) throws -> Data? {
    var waiting = pollfd(fd: handle.fileDescriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, Int32(timeout) * 1000) > 0 else {
      throw AuditError.hung(command: command, seconds: timeout)
    }
    guard let data = try handle.read(upToCount: 1 << 20), !data.isEmpty else { return nil }
    return data
  }
}
