import Foundation

/// Bytes that come from a file, a FIFO, a device or, named `-`, standard input.
///
/// A FIFO that no program has opened for writing is waited for with ``Patience``; once one has, reading waits as long as
/// it takes.
package final class InputFile {
  /// What is read.
  enum Kind: Equatable {
    /// A file of so many bytes from where reading began.
    case regular(size: Int)
    /// A FIFO or pipe: its end comes when its writers close it.
    case stream
    /// A device, which may never end.
    case device
  }

  let kind: Kind
  /// Whether it is a file with a size.
  var isRegular: Bool { if case .regular = kind { true } else { false } }
  /// The name in messages.
  let name: String
  private var descriptor: Int32
  private var start: Int
  private var isRewindable: Bool
  /// Read already while a writer was waited for.
  private var pushedBack: [UInt8] = []

  /// Opens `path` for reading.
  package init(_ path: String, patience: Patience = .standard) throws {
    let inherited = StandardStream.descriptor(named: path, dash: 0)
    name = inherited == 0 ? "standard input" : path
    // Without waiting, which for a FIFO might last for ever.
    let opened = inherited.map { dup($0) } ?? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var status = stat()
    guard opened >= 0, fstat(opened, &status) == 0 else {
      throw ArrayFileError.unreadable(path: name, reason: SystemError.last)
    }
    descriptor = opened
    start = 0
    isRewindable = false
    if status.isRegular {
      // Standard input may begin anywhere in its file.
      start = max(0, Int(lseek(descriptor, 0, SEEK_CUR)))
      isRewindable = true
      kind = .regular(size: max(0, Int(status.st_size) - start))
    } else {
      kind = status.isCharacterDevice && !Self.isNullDevice(status) ? .device : .stream
    }
    if status.isFolder { throw ArrayFileError.unreadable(path: name, reason: "it is a folder") }
    if status.isBlockDevice { throw ArrayFileError.unreadable(path: name, reason: "it is a disk") }
    guard inherited == nil else { return }
    if status.isFIFO { try waitForWriter(patience) }
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
  }

  deinit { close(descriptor) }

  /// The one device that ends at once.
  private static func isNullDevice(_ status: stat) -> Bool {
    var null = stat()
    return stat("/dev/null", &null) == 0 && null.st_rdev == status.st_rdev
  }

  /// Returns once there are data or a program that may write some.
  private func waitForWriter(_ patience: Patience) throws {
    let isThere = try patience.wait(for: "\(name): waiting for a program that writes into it") {
      var byte: UInt8 = 0
      switch Foundation.read(descriptor, &byte, 1) {
      case 1:
        pushedBack = [byte]
        return true
      case 0:
        // No writer yet; or one that came and went without a word, which poll tells.
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 0) > 0 && waiting.revents & Int16(POLLHUP) != 0
      default:
        guard errno == EAGAIN || errno == EINTR else {
          throw ArrayFileError.unreadable(path: name, reason: SystemError.last)
        }
        return errno == EAGAIN
      }
    }
    guard isThere else {
      throw ArrayFileError.unreadable(
        path: name,
        reason: "no program opened it for writing within \(patience.end.components.seconds) s"
      )
    }
  }

  /// The next bytes: so many, or fewer where the end comes first.
  package func read(_ count: Int) throws -> Data {
    var data = Data(pushedBack.prefix(count))
    pushedBack = Array(pushedBack.dropFirst(data.count))
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, min(count, 1 << 20)), alignment: 16)
    defer { piece.deallocate() }
    while data.count < count {
      let found = Foundation.read(descriptor, piece.baseAddress, min(piece.count, count - data.count))
      if found < 0 {
        if errno == EINTR { continue }
        if errno == EAGAIN {
          // Somebody else made standard input one that does not wait.
          var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
          _ = poll(&waiting, 1, -1)
          continue
        }
        throw ArrayFileError.unreadable(path: name, reason: SystemError.last)
      }
      if found == 0 { break }
      data.append(contentsOf: piece[..<found])
    }
    return data
  }

  /// Puts bytes back that were read ahead: they come again.
  func unread(_ bytes: Data) { pushedBack = Array(bytes) + pushedBack }

  /// Makes it possible to read from the start again: what can be read only once is copied to a file that has no name.
  ///
  /// `limit`: the bytes that are wanted at most. Returns the bytes that there are.
  func makeRewindable(limit: Int?) throws -> Int {
    if case .regular(let size) = kind, isRewindable { return size }
    var template = Array((NSTemporaryDirectory() + "/binade-XXXXXX").utf8CString)
    let copy = mkstemp(&template)
    guard copy >= 0 else { throw OutputError.failed(path: NSTemporaryDirectory(), reason: SystemError.last) }
    unlink(template)
    var size = 0
    do {
      var rest = limit ?? .max
      while rest > 0 {
        let data = try read(min(rest, 1 << 20))
        if data.isEmpty { break }
        try data.withUnsafeBytes {
          try OutputFile.write($0, to: copy, path: "a copy of \(name) in \(NSTemporaryDirectory())")
        }
        rest -= data.count
        size += data.count
      }
    } catch {
      close(copy)
      throw error
    }
    close(descriptor)
    descriptor = copy
    start = 0
    isRewindable = true
    rewind()
    return size
  }

  /// Begins again at the start.
  ///
  /// - Precondition: it is a regular file or was made rewindable.
  func rewind() {
    precondition(isRewindable, "\(name) can be read only once")
    pushedBack = []
    lseek(descriptor, off_t(start), SEEK_SET)
  }

  /// All bytes of a file that must be small.
  ///
  /// Throws when there are more than `limit` of them.
  static func contents(of path: String, atMost limit: Int) throws -> Data {
    let data = try InputFile(path).read(limit + 1)
    guard data.count <= limit else {
      throw ArrayFileError.malformed(path: path, reason: "it has more than the \(limit) bytes that are read")
    }
    return data
  }
}
