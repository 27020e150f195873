import Binade
import Foundation

/// Where bytes go: a regular file that has a temporary name until it is whole, or a device, a FIFO or, named `-`,
/// standard output, which take them as they come.
///
/// Symbolic links are followed, and a file that is replaced keeps its mode and, where allowed, its owner.
package final class OutputFile {
  /// The name in messages.
  let name: String
  private let descriptor: Int32
  /// The temporary name and the final one; nil where bytes are written through.
  private let names: (temporary: String, final: String)?
  private var isOpen = true

  /// Whether bytes go out as they come and cannot be taken back.
  var isStream: Bool { names == nil }

  /// Opens `path` for writing.
  ///
  /// `inputs`: the files that the bytes come from, none of which may be replaced.
  package init(_ path: String, apartFrom inputs: [String] = [], patience: Patience = .standard) throws {
    let inherited = StandardStream.descriptor(named: path, dash: 1)
    name = inherited == 1 ? "standard output" : path
    let identity = FileIdentity(path: path, standardStream: 1)
    if let input = inputs.first(where: {
      identity != nil && FileIdentity(path: $0, standardStream: 0) == identity
    }) {
      throw OutputError.isInput(path: name, input: input)
    }
    if let inherited {
      names = nil
      descriptor = dup(inherited)
      guard descriptor >= 0 else { throw OutputError.failed(path: name, reason: SystemError.last) }
      return
    }
    var status = stat()
    let exists = stat(path, &status) == 0
    guard exists || errno == ENOENT else { throw OutputError.failed(path: path, reason: SystemError.last) }
    if exists, status.isFolder { throw OutputError.isFolder(path: path) }
    if exists, status.isBlockDevice { throw OutputError.failed(path: path, reason: "it is a disk") }
    if exists, !status.isRegular {
      names = nil
      descriptor = try Self.openStream(path, status, patience)
      return
    }
    if exists, access(path, W_OK) != 0 { throw OutputError.failed(path: path, reason: SystemError.last) }
    let final = try Self.target(of: path)
    let temporary = Self.temporaryName(final)
    Leftovers.ofProcess.add(path: temporary)
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      defer { Leftovers.ofProcess.remove(path: temporary) }
      throw errno == ENOENT || errno == ENOTDIR
        ? OutputError.notWritable(path: path) : OutputError.failed(path: path, reason: SystemError.last)
    }
    names = (temporary, final)
    if exists {
      // The owner first: giving a file away takes bits of its mode.
      _ = fchown(descriptor, status.st_uid, status.st_gid)
      _ = fchmod(descriptor, status.st_mode & 0o7777)
    }
  }

  deinit {
    if isOpen { close(descriptor) }
    if let names {
      unlink(names.temporary)
      Leftovers.ofProcess.remove(path: names.temporary)
    }
  }

  /// Opens a device or FIFO; a FIFO that nobody reads is waited for.
  private static func openStream(_ path: String, _ status: stat, _ patience: Patience) throws -> Int32 {
    var descriptor: Int32 = -1
    let isOpen = patience.wait(for: "\(path): waiting for a program that reads from it") {
      descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
      return descriptor >= 0 || !status.isFIFO || (errno != ENXIO && errno != EINTR)
    }
    guard isOpen else {
      throw OutputError.failed(
        path: path,
        reason: "no program opened it for reading within \(patience.end.components.seconds) s"
      )
    }
    guard descriptor >= 0 else { throw OutputError.failed(path: path, reason: SystemError.last) }
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
    return descriptor
  }

  /// Where symbolic links lead, also to what is not there yet.
  private static func target(of path: String) throws -> String {
    var target = path
    for _ in 0..<40 {
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(target, &buffer, buffer.count)
      guard count > 0 else { return target }
      let link = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? ""
      target = link.hasPrefix("/") ? link : folder + link
    }
    throw OutputError.failed(path: path, reason: SystemError.text(ELOOP))
  }

  /// A name beside the final one, short enough where that is as long as names may be.
  private static func temporaryName(_ final: String) -> String {
    let folder = final.lastIndex(of: "/").map { String(final[...$0]) } ?? ""
    var base = String(final.dropFirst(folder.count))
    // A name that is too long must be refused, not cut.
    if (200...255).contains(base.utf8.count) {
      while base.utf8.count > 200 { base.removeLast() }
    }
    return folder + base + ".partial-\(UUID().uuidString.prefix(8))"
  }

  /// Appends bytes.
  func write(_ bytes: UnsafeRawBufferPointer) throws {
    try Self.write(bytes, to: descriptor, path: name)
  }

  /// Appends bytes.
  func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  /// Writes all bytes to a descriptor.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
    guard let reason = StandardStream.write(bytes, to: descriptor) else { return }
    throw OutputError.failed(path: path, reason: reason)
  }

  /// Replaces the first bytes, of a file that is no stream.
  func replaceStart(_ bytes: [UInt8]) throws {
    precondition(!isStream, "what went into \(name) cannot be taken back")
    guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
      throw OutputError.failed(path: name, reason: SystemError.last)
    }
  }

  /// Closes the file and gives it its name.
  func finish() throws {
    isOpen = false
    guard close(descriptor) == 0 else { throw OutputError.failed(path: name, reason: SystemError.last) }
    guard let names else { return }
    guard rename(names.temporary, names.final) == 0 else {
      throw OutputError.failed(path: name, reason: SystemError.last)
    }
  }

  /// Writes a whole text.
  static func write(_ text: String, to path: String) throws {
    let file = try OutputFile(path)
    try file.write(Array(text.utf8))
    try file.finish()
  }
}
