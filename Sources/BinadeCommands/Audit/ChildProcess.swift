import Foundation

/// A shell command with pipes to its standard streams, in a process group of its own, so that stopping it stops what it
/// started too.
final class ChildProcess: @unchecked Sendable {
  // Safe to share: the descriptors are fixed at creation, and each is used by one thread.
  let input: FileHandle
  let output: FileHandle
  let messages: FileHandle
  private let identifier: pid_t

  /// How a process ended.
  enum End: Equatable {
    case status(Int32)
    case signal(Int32)
  }

  /// Starts `/bin/sh -c command`; throws `AuditError.cannotStart`.
  init(_ command: String) throws {
    // A command that stops reading must not end this process.
    signal(SIGPIPE, SIG_IGN)
    let (toChild, fromChild, errors) = (
      try Self.pipe(command), try Self.pipe(command), try Self.pipe(command)
    )
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
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var child = pid_t()
    let words = ["/bin/sh", "-c", command]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let failure = posix_spawn(&child, "/bin/sh", &actions, &attributes, &arguments, environ)
    input = FileHandle(fileDescriptor: toChild.write, closeOnDealloc: true)
    output = FileHandle(fileDescriptor: fromChild.read, closeOnDealloc: true)
    messages = FileHandle(fileDescriptor: errors.read, closeOnDealloc: true)
    identifier = child
    guard failure == 0 else {
      throw AuditError.cannotStart(command: command, reason: String(cString: strerror(failure)))
    }
  }

  /// A pipe whose ends are not inherited.
  private static func pipe(_ command: String) throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Foundation.pipe(&ends) == 0 else {
      throw AuditError.cannotStart(command: command, reason: String(cString: strerror(errno)))
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  /// How the process ended; nil while it runs.
  func end() -> End? {
    var status: Int32 = 0
    guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
    let signal = status & 0x7F
    return signal == 0 ? .status(status >> 8 & 0xFF) : .signal(signal)
  }

  /// Kills the process and all that it started.
  func stop() {
    kill(-identifier, SIGKILL)
    var status: Int32 = 0
    waitpid(identifier, &status, 0)
  }
}
