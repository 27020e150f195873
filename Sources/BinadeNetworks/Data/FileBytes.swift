import Foundation

/// Reading data sets from outside.
enum FileBytes {
  /// Files above this size are refused: CIFAR-10 has 0.2 GB.
  private static let greatestSize = 4 << 30

  /// Reads a regular file; a folder or a missing file is an error that says so.
  ///
  /// Nothing is mapped: labels lie on every page anyway, and a mapped file that is cut meanwhile would trap.
  static func read(_ url: URL) throws(NetworkError) -> Data {
    try OpenFile(url).contents(limit: greatestSize)
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
