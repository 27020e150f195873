import Binade
import Foundation
import Synchronization

/// A program with pipes to its standard streams, in a process group of its own, so that stopping it stops what it
/// started too.
final class ChildProcess: Sendable {
  /// The ends of the pipes that are used here; none makes a read or write wait.
  let input: Int32
  let output: Int32
  let messages: Int32
  private let identifier: pid_t
  /// What the environment of the program and of all that it starts holds, also where it has left the group.
  private let marker: String
  private let isInputOpen = Mutex(true)
  private let end = Mutex<End?>(nil)
  private let registration = Mutex<Int?>(nil)

  /// Held where pipes are made and where programs start: a program that started between the two calls that make a pipe would inherit
  /// it, and nobody would see its end before that program's.
  private static let starting = Mutex(())

  /// How a process ended.
  enum End: Equatable {
    case status(Int32)
    case signal(Int32)
  }

  /// Starts the program `words[0]`; throws `AuditError.cannotStart`.
  ///
  /// `name`: what it is called in messages.
  init(_ words: [String], name: String) throws {
    // A command that stops reading must not end this process.
    signal(SIGPIPE, SIG_IGN)
    let (toChild, fromChild, errors) = try Self.starting.withLock { _ in
      (try Self.pipe(name), try Self.pipe(name), try Self.pipe(name))
    }
    #if canImport(Darwin)
    var actions: posix_spawn_file_actions_t?
    var attributes: posix_spawnattr_t?
    #else
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
      for end in [toChild.read, fromChild.write, errors.write] { close(end) }
    }
    posix_spawn_file_actions_adddup2(&actions, toChild.read, 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild.write, 1)
    posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
    posix_spawnattr_setpgroup(&attributes, 0)
    // No signal is ignored or held back in it because it is here.
    var (all, none) = (sigset_t(), sigset_t())
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    posix_spawnattr_setflags(&attributes, Int16(flags))
    let marker = "BINADE_AUDIT=\(UUID().uuidString)"
    self.marker = marker
    let environment = ProcessInfo.processInfo.environment.filter { $0.key != "BINADE_AUDIT" }
      .map { "\($0.key)=\($0.value)" }
    var child = pid_t()
    let failure = Self.withCStrings(words) { arguments in
      Self.withCStrings(environment + [marker]) { variables in
        Self.starting.withLock { _ in
          posix_spawn(&child, words[0], &actions, &attributes, arguments, variables)
        }
      }
    }
    (input, output, messages, identifier) = (toChild.write, fromChild.read, errors.read, child)
    guard failure == 0 else {
      throw AuditError.cannotStart(command: name, reason: String(cString: strerror(failure)))
    }
    for end in [input, output, messages] { _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) }
    registration.withLock {
      $0 = Leftovers.ofProcess.add { [identifier, marker] in Self.kill(identifier, marker) }
    }
  }

  deinit {
    registration.withLock { $0.map { Leftovers.ofProcess.remove(program: $0) } }
    closeInput()
    close(output)
    close(messages)
  }

  private static func withCStrings<Result>(
    _ words: [String],
    _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return body(copies)
  }

  /// A pipe whose ends are not inherited.
  private static func pipe(_ name: String) throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Foundation.pipe(&ends) == 0 else {
      throw AuditError.cannotStart(command: name, reason: String(cString: strerror(errno)))
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  /// Tells the program that there is no more input.
  func closeInput() {
    isInputOpen.withLock { isOpen in
      if isOpen { close(input) }
      isOpen = false
    }
  }

  /// How the program has ended, nil while it runs; what it started may go on.
  var endIfAny: End? {
    var information = siginfo_t()
    // It stays to be waited for, so that its number is not given to another one meanwhile.
    let options = WEXITED | WNOHANG | WNOWAIT
    guard waitid(P_PID, id_t(identifier), &information, options) == 0, information.si_signo == SIGCHLD
    else { return nil }
    #if os(Linux)
    let status = information._sifields._sigchld.si_status
    #else
    let status = information.si_status
    #endif
    return information.si_code == Int32(CLD_EXITED) ? .status(status) : .signal(status)
  }

  /// Kills the program, if it still runs, and all that it started; returns how it ended.
  @discardableResult
  func stop() -> End {
    end.withLock { end in
      if let end { return end }
      Self.kill(identifier, marker)
      var status: Int32 = 0
      while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
      let signal = status & 0x7F
      let found: End = signal == 0 ? .status(status >> 8 & 0xFF) : .signal(signal)
      end = found
      return found
    }
  }

  private static func kill(_ identifier: pid_t, _ marker: String) {
    _ = Foundation.kill(-identifier, SIGKILL)
    #if os(Linux)
    // What left the group is known by its environment. Twice: the first time one may just have started another.
    for _ in 0..<2 {
      for other in marked(marker) { _ = Foundation.kill(other, SIGKILL) }
    }
    #endif
  }

  /// The processes that have `marker` in their environment.
  private static func marked(_ marker: String) -> [pid_t] {
    let wanted = Data(marker.utf8)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { number in
      let environment = try? Data(contentsOf: URL(filePath: "/proc/\(number)/environ"))
      return environment?.range(of: wanted) != nil
    }
  }
}
