import Foundation

/// Reading definition files.
enum DefinitionFile {
  /// Files above this size are refused: 65,536 values of 17 digits and more fit.
  static let greatestSize = 2 << 20
  /// Files of a folder; more are no folder of definitions.
  static let greatestCount = 10_000

  /// The text of a regular file, symbolic links followed.
  static func text(of url: URL) throws(FormatDefinitionError) -> String {
    let file = url.relativePath
    let descriptor = url.withUnsafeFileSystemRepresentation { path in
      path.map { open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) } ?? -1
    }
    guard descriptor >= 0 else {
      let reason = errno == ENOENT ? "no such file" : String(cString: strerror(errno))
      throw .unreadable(file: file, reason: reason)
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(file: file, reason: "it is not a regular file")
    }
    guard status.st_size <= greatestSize else {
      throw .unreadable(file: file, reason: "\(status.st_size) bytes; at most \(greatestSize) are read")
    }
    guard let data = try? handle.read(upToCount: greatestSize),
      let text = String(validating: data, as: UTF8.self)
    else {
      // The end of an empty file reads as nothing.
      if status.st_size == 0 { return "" }
      throw .unreadable(file: file, reason: "it is not UTF-8 text")
    }
    return text
  }

  /// The definition files of a folder, by name.
  static func files(in folder: URL) throws(FormatDefinitionError) -> [URL] {
    let files: [URL]
    do {
      files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .filter { ["yaml", "yml"].contains($0.pathExtension) }
    } catch {
      throw .unreadable(file: folder.relativePath, reason: "not a folder of definition files")
    }
    guard files.count <= greatestCount else {
      throw .unreadable(
        file: folder.relativePath,
        reason: "\(files.count) definition files; at most \(greatestCount) are read"
      )
    }
    return files.sorted { $0.lastPathComponent < $1.lastPathComponent }
  }
}
