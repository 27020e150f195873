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
    let child = try ChildProcess(command)
    let lastWords = Mutex(Data())
    let helpers = DispatchGroup()
    DispatchQueue.global().async(group: helpers) { Self.listen(to: child, lastWords) }
    DispatchQueue.global().async(group: helpers) { Self.feed(input, to: child) }
    // The helpers end by themselves once nobody is left at the other end of their pipes.
    defer { helpers.wait() }
    do {
      let received = try receive(from: child, answerSize: answerSize, consume: consume)
      let end = try waitForEnd(of: child)
      guard end == .status(0) else {
        child.stop()
        helpers.wait()
        throw crash(end, lastWords.withLock { $0 })
      }
      guard received == answerSize else {
        throw AuditError.wroteTooLittle(command: command, found: received, expected: answerSize)
      }
    } catch {
      child.stop()
      throw error
    }
  }

  /// Keeps the last kilobyte of what the command says, so that it never waits for a reader.
  private static func listen(to child: ChildProcess, _ lastWords: borrowing Mutex<Data>) {
    while let part = try? child.messages.read(upToCount: 4096), !part.isEmpty {
      lastWords.withLock { $0 = Data(($0 + part).suffix(1024)) }
    }
  }

  private static func feed(_ input: some Sequence<Data>, to child: ChildProcess) {
    for piece in input {
      guard (try? child.input.write(contentsOf: piece)) != nil else { break }
    }
    try? child.input.close()
  }

  private func receive(from child: ChildProcess, answerSize: Int, consume: (Data) throws -> Void) throws
    -> Int
  {
    var received = 0
    while let part = try next(from: child.output) {
      received += part.count
      guard received <= answerSize else {
        throw AuditError.wroteTooMuch(command: command, expected: answerSize)
      }
      try consume(part)
    }
    return received
  }

  /// The next bytes; nil at the end.
  ///
  /// Throws when none come in time.
  private func next(from handle: FileHandle) throws -> Data? {
    var waiting = pollfd(fd: handle.fileDescriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, Int32(timeout) * 1000) > 0 else {
      throw AuditError.hung(command: command, seconds: timeout)
    }
    guard let data = try handle.read(upToCount: 1 << 20), !data.isEmpty else { return nil }
    return data
  }

  private func waitForEnd(of child: ChildProcess) throws -> ChildProcess.End {
    let deadline = ContinuousClock.now + .seconds(timeout)
    while true {
      if let end = child.end() { return end }
      guard ContinuousClock.now < deadline else {
        throw AuditError.hung(command: command, seconds: timeout)
      }
      usleep(2000)
    }
  }

  private func crash(_ end: ChildProcess.End, _ messages: Data) -> AuditError {
    let status =
      switch end {
      case .status(let status): "status \(status)"
      case .signal(let signal): "signal \(signal)"
      }
    return .crashed(
      command: command,
      status: status,
      messages: String(decoding: messages, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    )
  }
}
