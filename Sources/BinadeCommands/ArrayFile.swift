import Binade
import Foundation

/// Types of elements in array files.
enum ElementType: String {
  case float32 = "<f4"
  case float64 = "<f8"
  case code8 = "|u1"
  case code16 = "<u2"
  case code32 = "<u4"

  /// Bytes of one element.
  var size: Int {
    switch self {
    case .code8: 1
    case .code16: 2
    case .float32, .code32: 4
    case .float64: 8
    }
  }

  /// The type of the codes of a format.
  static func code(bitWidth: Int) -> ElementType {
    bitWidth <= 8 ? .code8 : bitWidth <= 16 ? .code16 : .code32
  }
}

/// Why an array file cannot be read or written.
enum ArrayFileError: Error, Equatable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case partialElement(path: String, size: Int, elementSize: Int)
  case malformed(path: String, reason: String)
  case wrongType(path: String, found: String, expected: [String])

  var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .partialElement(let path, let size, let elementSize):
      "\(path): \(size) bytes of data are no multiple of \(elementSize), the size of an element; truncated?"
    case .malformed(let path, let reason):
      "\(path): \(reason)"
    case .wrongType(let path, let found, let expected):
      "\(path): elements are '\(found)'; expected \(expected.joined(separator: " or "))"
    }
  }
}

/// A raw little-endian file or a `.npy` file, read in pieces.
final class ArrayReader {
  let type: ElementType
  /// The shape of the array; a raw file has one dimension.
  let shape: [Int]
  /// Elements in the file.
  let count: Int
  private let handle: FileHandle
  private let path: String

  /// Opens a file.
  ///
  /// `types`: what the elements may be; a raw file has the first, or float64 when it ends in `.f64`.
  init(_ path: String, types: [ElementType]) throws {
    self.path = path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ArrayFileError.unreadable(path: path, reason: "no such file")
    }
    guard !isFolder.boolValue else {
      throw ArrayFileError.unreadable(path: path, reason: "it is a folder")
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw ArrayFileError.unreadable(path: path, reason: "permission denied")
    }
    self.handle = handle
    let fileSize = Int(try handle.seekToEnd())
    try handle.seek(toOffset: 0)
    let dataSize: Int
    if path.hasSuffix(".npy") {
      let header = try NumPyHeader(reading: handle, path: path)
      guard let type = ElementType(rawValue: header.type), types.contains(type) else {
        throw ArrayFileError.wrongType(
          path: path,
          found: header.type,
          expected: types.map { "'\($0.rawValue)'" }
        )
      }
      self.type = type
      shape = header.shape
      count = header.count
      dataSize = fileSize - header.length
      guard dataSize == count * type.size else {
        throw ArrayFileError.malformed(
          path: path,
          reason: "\(dataSize) bytes of data for shape \(shape), which takes \(count * type.size); truncated?"
        )
      }
    } else {
      type = path.hasSuffix(".f64") && types.contains(.float64) ? .float64 : types[0]
      dataSize = fileSize
      guard dataSize % type.size == 0 else {
        throw ArrayFileError.partialElement(path: path, size: dataSize, elementSize: type.size)
      }
      count = dataSize / type.size
      shape = [count]
    }
  }

  /// The floats of a piece, copied: the bytes of a Data need not be aligned.
  static func floats<T: BinaryFloatingPoint>(_ data: Data, as type: T.Type = T.self) -> [T] {
    let count = data.count / MemoryLayout<T>.size
    return Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = data.copyBytes(to: buffer) / MemoryLayout<T>.size
    }
  }

  /// The next elements, at most `limit` of them; nil at the end.
  func next(_ limit: Int) throws -> Data? {
    var data = Data()
    while data.count < limit * type.size {
      guard let part = try handle.read(upToCount: limit * type.size - data.count), !part.isEmpty
      else { break }
      data.append(part)
    }
    guard data.count % type.size == 0 else {
      throw ArrayFileError.partialElement(path: path, size: data.count, elementSize: type.size)
    }
    return data.isEmpty ? nil : data
  }
}

/// A raw or `.npy` file written in pieces under a temporary name and renamed at the end.
final class ArrayWriter {
  private let path: String
  private let temporary: String
  private let handle: FileHandle
  private let packedBitWidth: Int?
  private var isFinished = false

  /// Begins the file; `shape` goes into the header of a `.npy` file.
  ///
  /// `inputs`: the files that the elements come from, none of which may be replaced.
  /// `packedBitWidth`: codes of one byte are written without gaps, as ``PackedCodes`` lays them out; all pieces but the
  /// last have a multiple of 8 codes.
  init(
    _ path: String,
    apartFrom inputs: [String],
    type: ElementType,
    shape: [Int],
    packedBitWidth: Int? = nil
  ) throws {
    if let input = inputs.first(where: { Self.isSameFile($0, path) }) {
      throw OutputError.isInput(path: path, input: input)
    }
    self.path = path
    self.packedBitWidth = packedBitWidth
    temporary = path + ".partial-\(UUID().uuidString.prefix(8))"
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw OutputError.isFolder(path: path)
    }
    guard FileManager.default.createFile(atPath: temporary, contents: nil),
      let handle = FileHandle(forWritingAtPath: temporary)
    else { throw OutputError.notWritable(path: path) }
    self.handle = handle
    if path.hasSuffix(".npy") {
      try handle.write(contentsOf: NumPyHeader.bytes(type: type.rawValue, shape: shape))
    }
  }

  /// Whether both paths lead to one file, through links too: the device's number for it says so.
  private static func isSameFile(_ first: String, _ second: String) -> Bool {
    var (one, two) = (stat(), stat())
    return stat(first, &one) == 0 && stat(second, &two) == 0
      && one.st_dev == two.st_dev && one.st_ino == two.st_ino
  }

  deinit {
    if !isFinished { try? FileManager.default.removeItem(atPath: temporary) }
  }

  /// Appends elements.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    guard let packedBitWidth else { return try handle.write(contentsOf: Data(bytes)) }
    let packed = PackedCodes(bytes.bindMemory(to: UInt8.self), bitWidth: packedBitWidth)
    try handle.write(contentsOf: Data(packed.bytes))
  }

  /// Gives the file its name.
  func finish() throws {
    try handle.close()
    guard rename(temporary, path) == 0 else { throw OutputError.notWritable(path: path) }
    isFinished = true
  }
}
