import Foundation

/// What the operating system says about a call that failed.
enum SystemError {
  /// The words for `errno` as it stands.
  static var last: String { text(errno) }

  /// The words for an error number, as they stand in the middle of a sentence.
  static func text(_ code: Int32) -> String {
    switch code {
    case ENOENT: return "no such file"
    case EBADF: return "it is closed"
    case EISDIR: return "it is a folder"
    case ENXIO: return "nobody is at its other end"
    case ENOSPC: return "the disk is full"
    case EDQUOT: return "the disk quota is used up"
    case EFBIG: return "the file would be larger than allowed"
    default:
      let words = String(cString: strerror(code))
      return words.prefix(1).lowercased() + words.dropFirst()
    }
  }
}

/// Which file a path or descriptor leads to, through links too: the device's number for it says so.
struct FileIdentity: Equatable {
  private let device: UInt64
  private let number: UInt64

  /// Nil for what is no regular file: a device or FIFO may well be input and output at once.
  init?(_ status: stat) {
    guard status.isRegular else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
  }

  /// `-` stands for the standard stream with this descriptor.
  init?(path: String, standardStream: Int32) {
    var status = stat()
    let failed = path == "-" ? fstat(standardStream, &status) : stat(path, &status)
    guard failed == 0 else { return nil }
    self.init(status)
  }
}

extension stat {
  private var kind: mode_t { st_mode & S_IFMT }
  var isRegular: Bool { kind == S_IFREG }
  var isFolder: Bool { kind == S_IFDIR }
  var isFIFO: Bool { kind == S_IFIFO }
  var isCharacterDevice: Bool { kind == S_IFCHR }
  var isBlockDevice: Bool { kind == S_IFBLK }
}

/// How long a FIFO without anybody at its other end is waited for.
package struct Patience: Sendable {
  /// After so long a line on the error stream says what is waited for.
  let note: Duration
  /// After so long it is given up.
  let end: Duration

  package init(note: Duration, end: Duration) {
    self.note = note
    self.end = end
  }

  /// Two seconds until the line, a minute in all.
  package static let standard = Patience(note: .seconds(2), end: .seconds(60))

  /// Calls `attempt` until it succeeds; false when patience is at its end.
  ///
  /// `waitingFor`: what the line says.
  func wait(for waitingFor: String, _ attempt: () throws -> Bool) rethrows -> Bool {
    let start = ContinuousClock.now
    var isNoted = false
    while try !attempt() {
      let elapsed = ContinuousClock.now - start
      if elapsed >= end { return false }
      if elapsed >= note, !isNoted {
        isNoted = true
        CommandContext.current.console.writeError("note: \(waitingFor); Ctrl-C ends this")
      }
      usleep(20_000)
    }
    return true
  }
}
