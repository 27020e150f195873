import Foundation

/// The process's output and error streams, written without ever trapping.
enum StandardStream {
  static let output: Int32 = 1
  static let errors: Int32 = 2

  /// Writes all of `text`; returns what went wrong, nil when nothing did.
  @discardableResult
  static func write(_ text: String, to descriptor: Int32) -> String? {
    var text = text
    return text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
  }

  /// Writes all bytes; returns what went wrong, nil when nothing did.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> String? {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Foundation.write(descriptor, rest.baseAddress, rest.count)
      if written >= 0 {
        rest = rest.dropFirst(written)
      } else if errno == EAGAIN {
        // Somebody else made it a stream that does not wait.
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&waiting, 1, -1)
      } else if errno != EINTR {
        return SystemError.last
      }
    }
    return nil
  }

  /// The descriptor that a path stands for: one that the process was started with; nil for what must be opened.
  ///
  /// `dash`: what `-` stands for.
  static func descriptor(named path: String, dash: Int32) -> Int32? {
    switch path {
    case "-": return dash
    case "/dev/stdin": return 0
    case "/dev/stdout": return 1
    case "/dev/stderr": return 2
    default:
      // As process substitution of a shell names them; opened anew, a pipe without a writer could not be told from one
      // that has none yet.
      let folder = ["/dev/fd/", "/proc/self/fd/"].first { path.hasPrefix($0) }
      return folder.flatMap { Int32(path.dropFirst($0.count)) }.flatMap { $0 >= 0 ? $0 : nil }
    }
  }

  /// Makes sure that descriptors 0 to 2 are taken.
  ///
  /// Otherwise the first files to be opened would get their numbers, and messages or results would end in them. What
  /// stands in for a closed stream refuses to be used, as a closed one does.
  static func occupyClosed() {
    for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // The lowest free number is this one.
      _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
    }
  }
}

extension Slice where Base == UnsafeRawBufferPointer {
  fileprivate var baseAddress: UnsafeRawPointer? { UnsafeRawBufferPointer(rebasing: self).baseAddress }
}
