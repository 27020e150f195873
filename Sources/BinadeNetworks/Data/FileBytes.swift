import Foundation

/// Reading files from outside.
enum FileBytes {
  /// Maps a regular file; a folder or a missing file is an error that says so.
  static func map(_ url: URL) throws(NetworkError) -> Data {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw .unreadable(file: url.relativePath, reason: "no such file")
    }
    guard !isFolder.boolValue else {
      throw .unreadable(file: url.relativePath, reason: "it is a folder")
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)
    guard attributes?[.type] as? FileAttributeType == .typeRegular else {
      throw .unreadable(file: url.relativePath, reason: "it is not a regular file")
    }
    do {
      return try Data(contentsOf: url, options: .mappedIfSafe)
    } catch {
      throw .unreadable(file: url.relativePath, reason: error.localizedDescription)
    }
  }
}

extension Data {
  /// The integer at a byte offset, little-endian, aligned or not.
  ///
  /// - Precondition: the bytes exist.
  func littleEndian<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T {
    precondition(offset >= 0 && offset + MemoryLayout<T>.size <= count, "offset \(offset) is outside")
    return withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
  }

  /// The integer at a byte offset, big-endian.
  ///
  /// - Precondition: the bytes exist.
  func bigEndian<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T {
    littleEndian(type, at: offset).byteSwapped
  }
}
