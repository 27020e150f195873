import Foundation

/// A regular file from outside, open for reading.
///
/// Parts are read when they are asked for: nothing is mapped, so a file that is cut meanwhile is an error and no trap.
final class OpenFile: Sendable {
  /// What messages call the file.
  let name: String
  /// Bytes, when it was opened.
  let size: Int
  private let descriptor: Int32

  /// Opens a file; symbolic links are followed, what is no regular file is refused without waiting for it.
  init(_ url: URL) throws(NetworkError) {
    let name = url.relativePath
    let descriptor = url.withUnsafeFileSystemRepresentation { path in
      path.map { open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) } ?? -1
    }
    guard descriptor >= 0 else {
      let reason = errno == ENOENT ? "no such file" : String(cString: strerror(errno))
      throw .unreadable(file: name, reason: reason)
    }
    var status = stat()
    let isKnown = fstat(descriptor, &status) == 0
    let kind = status.st_mode & S_IFMT
    guard isKnown, kind == S_IFREG else {
      close(descriptor)
      throw .unreadable(
        file: name,
        reason: isKnown && kind == S_IFDIR ? "it is a folder" : "it is not a regular file"
      )
    }
    self.name = name
    self.descriptor = descriptor
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Reads the bytes of `range`.
  ///
  /// Throws ``NetworkError/malformed(file:reason:)`` when the file ends before.
  ///
  /// - Precondition: the range lies within the size that the file had.
  func read(_ range: Range<Int>) throws(NetworkError) -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= size, "bytes \(range) of \(size)")
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      count = fill(UnsafeMutableRawBufferPointer(buffer), from: range.lowerBound)
    }
    try requireWhole(bytes.count, of: range)
    return bytes
  }

  /// Reads the whole file, of at most `limit` bytes.
  func contents(limit: Int) throws(NetworkError) -> Data {
    guard size <= limit else {
      throw .malformed(file: name, reason: "\(size) bytes; at most \(limit) are read")
    }
    var data = Data(count: size)
    let count = data.withUnsafeMutableBytes { fill($0, from: 0) }
    try requireWhole(count, of: 0..<size)
    return data
  }

  private func requireWhole(_ count: Int, of range: Range<Int>) throws(NetworkError) {
    guard count == range.count else {
      throw .malformed(
        file: name,
        reason: "it ends at byte \(range.lowerBound + count); it had \(size) when it was opened"
      )
    }
  }

  /// Fills `buffer` with the bytes from `start` on and returns how many there were.
  private func fill(_ buffer: UnsafeMutableRawBufferPointer, from start: Int) -> Int {
    var count = 0
    while count < buffer.count {
      let part = pread(
        descriptor,
        buffer.baseAddress.map { $0 + count },
        buffer.count - count,
        off_t(start + count)
      )
      if part < 0 && errno == EINTR { continue }
      guard part > 0 else { break }
      count += part
    }
    return count
  }
}
