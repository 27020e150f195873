import Binade
import Foundation
import Synchronization

/// A converter that is a program: numbers on its standard input, answers on its standard output.
struct AuditedProcess: AuditedConverter {
  /// The program and its arguments.
  let words: [String]
  /// What it is called in messages.
  let name: String
  /// Seconds without an answer after which the program is stopped.
  let timeout: Int

  /// A shell command.
  init(command: String, timeout: Int) {
    words = ["/bin/sh", "-c", command]
    name = command
    self.timeout = timeout
  }

  /// A program with arguments.
  init(words: [String], name: String, timeout: Int) {
    self.words = words
    self.name = name
    self.timeout = timeout
  }

  func convert(
    _ input: some Sequence<Data> & Sendable,
    answerSize: Int,
    consume: (Data) throws -> Void
  ) throws {
    let child = try ChildProcess(words, name: name)
    let isOver = Stop()
    let feeder = DispatchGroup()
    // A thread of its own: the queues' threads may all be at work on something else for minutes.
    feeder.enter()
    Thread.detachNewThread {
      Self.feed(input, to: child, until: isOver)
      feeder.leave()
    }
    defer {
      // What the program left running is stopped, too: it belongs to the audit.
      child.stop()
      isOver.stop()
      feeder.wait()
    }
    var answer = Answer(process: self, child: child, size: answerSize)
    try answer.receive(consume)
    let end = child.stop()
    guard end == .status(0) else { throw answer.crash(end) }
    guard answer.count == answerSize else {
      throw AuditError.wroteTooLittle(command: name, found: answer.count, expected: answerSize)
    }
  }

  /// Tells the thread that feeds that nobody reads any more.
  private final class Stop: Sendable {
    private let flag = Atomic<Bool>(false)
    var isStopped: Bool { flag.load(ordering: .acquiring) }
    func stop() { flag.store(true, ordering: .releasing) }
  }

  /// Writes the input as the program takes it; never waits for longer than a moment, as a reader may be there that does
  /// not read.
  private static func feed(_ input: some Sequence<Data>, to child: ChildProcess, until stop: Stop) {
    defer { child.closeInput() }
    for piece in input {
      var rest = piece[...]
      while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(child.input, $0.baseAddress, $0.count) }
        if written > 0 {
          rest = rest.dropFirst(written)
        } else if written < 0, errno == EAGAIN || errno == EINTR {
          var waiting = pollfd(fd: child.input, events: Int16(POLLOUT), revents: 0)
          _ = poll(&waiting, 1, 50)
        } else {
          return
        }
        if stop.isStopped { return }
      }
    }
  }
}

/// What comes from a program, and until when it must come.
private struct Answer {
  let process: AuditedProcess
  let child: ChildProcess
  /// The bytes that must come.
  let size: Int
  private(set) var count = 0
  private var lastWords = Data()
  private var output: Pipe
  private var messages: Pipe

  init(process: AuditedProcess, child: ChildProcess, size: Int) {
    self.process = process
    self.child = child
    self.size = size
    output = Pipe(descriptor: child.output)
    messages = Pipe(descriptor: child.messages)
  }

  /// Hands on the answer until the program has ended and nothing more will come.
  ///
  /// Others that it started may hold its streams open: they are waited for only while an answer is missing. Throws when
  /// nothing comes for so long as `timeout` says.
  mutating func receive(_ consume: (Data) throws -> Void) throws {
    var deadline = ContinuousClock.now + .seconds(process.timeout)
    while true {
      let end = child.endIfAny
      wait(end == nil ? 50 : 0)
      var isNew = false
      while let part = output.next() {
        isNew = true
        count += part.count
        guard count <= size else { throw AuditError.wroteTooMuch(command: process.name, expected: size) }
        try consume(part)
        // The time that the answers take to be judged is not the program's.
        deadline = ContinuousClock.now + .seconds(process.timeout)
      }
      // A few at a time: some programs never stop to complain.
      for _ in 0..<16 {
        guard let part = messages.next() else { break }
        lastWords = Data((lastWords + part).suffix(1024))
      }
      if let end, !isNew, !output.isOpen || count == size || end != .status(0) { return }
      guard ContinuousClock.now < deadline else {
        throw AuditError.hung(command: process.name, seconds: process.timeout)
      }
      if end != nil, !isNew { wait(50) }
    }
  }

  /// Waits until something comes, for so many milliseconds at most.
  private func wait(_ milliseconds: Int32) {
    var waiting: [pollfd] = []
    for pipe in [output, messages] where pipe.isOpen {
      waiting.append(pollfd(fd: pipe.descriptor, events: Int16(POLLIN), revents: 0))
    }
    _ = poll(&waiting, nfds_t(waiting.count), milliseconds)
  }

  /// The reading end of a pipe that does not wait.
  private struct Pipe {
    let descriptor: Int32
    private(set) var isOpen = true
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// The next bytes; nil when there are none now, and none ever where it is found closed.
    mutating func next() -> Data? {
      guard isOpen else { return nil }
      let found = read(descriptor, &buffer, buffer.count)
      if found > 0 { return Data(buffer[..<found]) }
      if found == 0 || (errno != EAGAIN && errno != EINTR) { isOpen = false }
      return nil
    }
  }

  func crash(_ end: ChildProcess.End) -> AuditError {
    let status =
      switch end {
      case .status(let status): "status \(status)"
      case .signal(let signal): "signal \(signal)"
      }
    let words = String(decoding: lastWords, as: UTF8.self)
    return .crashed(
      command: process.name,
      status: status,
      messages: words.trimmingCharacters(in: .whitespacesAndNewlines)
    )
  }
}
