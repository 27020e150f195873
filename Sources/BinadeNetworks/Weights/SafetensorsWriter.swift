import BinadeNumerics
import BinadeTensor
import Foundation

/// Collects tensors and writes them as one safetensors file.
///
/// Tensors stand in the file by the width of their elements, the widest first, then by name, as the format's own
/// writer orders them: every element is aligned. The header is padded with spaces to a multiple of 8 bytes.
///
/// ```swift
/// var writer = SafetensorsWriter(metadata: ["architecture": "resnet20-cifar"])
/// try writer.add("conv1.weight", weights, as: .f8e4m3)
/// try writer.write(to: URL(filePath: "model.safetensors"))
/// ```
///
/// - Source: huggingface/safetensors, README, "Format".
public struct SafetensorsWriter: Sendable {
  private struct Entry: Sendable {
    let name: String
    let type: SafetensorsType
    let shape: Shape
    let bytes: [UInt8]
  }

  /// Free-form strings of the header.
  public var metadata: [String: String]
  private var entries: [String: Entry] = [:]

  /// Creates a writer without tensors.
  public init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds a tensor, its values rounded once to nearest even.
  ///
  /// What lies beyond the range becomes infinity where the type has it (F16, BF16, F8_E5M2), else the greatest value.
  ///
  /// Throws ``NetworkError/unwritable(tensor:reason:)`` for a name that is taken, is empty or is no name; for values
  /// that the type has no element for (NaN in integers, F4 and F6; all but 0 and 1 in BOOL; all in C64); and for
  /// elements that take no whole number of bytes (an odd count of F4).
  public mutating func add(_ name: String, _ tensor: Tensor, as type: SafetensorsType) throws(NetworkError) {
    try requireWholeBytes(name, type, tensor.shape)
    let bytes: [UInt8]?
    do { bytes = try SafetensorsElements(type: type).bytes(of: tensor.values) } catch {
      throw .unwritable(tensor: name, reason: "\(error)")
    }
    guard let bytes else {
      throw .unwritable(tensor: name, reason: "it has values that \(type.rawValue) has no element for")
    }
    try add(name, type: type, shape: tensor.shape, bytes: bytes)
  }

  /// Adds a tensor of elements that are coded already, little-endian; those of less than a byte packed
  /// (``PackedCodes``).
  ///
  /// Throws ``NetworkError/unwritable(tensor:reason:)`` when the bytes are not as many as the shape needs, and for the
  /// names that ``add(_:_:as:)`` refuses.
  public mutating func add(_ name: String, type: SafetensorsType, shape: Shape, bytes: [UInt8])
    throws(NetworkError)
  {
    try requireWholeBytes(name, type, shape)
    guard type.byteCount(of: shape.count) == bytes.count else {
      throw .unwritable(
        tensor: name,
        reason: "\(bytes.count) bytes for \(shape) elements of type \(type.rawValue)"
      )
    }
    guard !name.isEmpty, name != "__metadata__", name.utf8.count <= SafetensorsHeader.greatestNameLength
    else {
      throw .unwritable(
        tensor: name,
        reason: "names have 1 to \(SafetensorsHeader.greatestNameLength) bytes and are not __metadata__"
      )
    }
    let entry = Entry(name: name, type: type, shape: shape, bytes: bytes)
    guard entries.updateValue(entry, forKey: name) == nil else {
      throw .unwritable(tensor: name, reason: "there is a tensor of this name already")
    }
  }

  private func requireWholeBytes(_ name: String, _ type: SafetensorsType, _ shape: Shape) throws(NetworkError)
  {
    guard type.byteCount(of: shape.count) != nil else {
      throw .unwritable(
        tensor: name,
        reason: "\(shape) elements of \(type.bitWidth) bits take no whole number of bytes"
      )
    }
  }

  /// The header and, in their order, the tensors.
  private func layout() throws(NetworkError) -> (header: Data, tensors: [Entry]) {
    let ordered = entries.values.sorted {
      $0.type.bitWidth != $1.type.bitWidth ? $0.type.bitWidth > $1.type.bitWidth : $0.name < $1.name
    }
    var header: [String: Any] = [:]
    var end = 0
    for entry in ordered {
      let start = end
      end += entry.bytes.count
      header[entry.name] = [
        "dtype": entry.type.rawValue, "shape": entry.shape.extents, "data_offsets": [start, end],
      ]
    }
    if !metadata.isEmpty { header["__metadata__"] = metadata }
    do {
      var text = try JSONSerialization.data(
        withJSONObject: header,
        options: [.sortedKeys, .withoutEscapingSlashes]
      )
      text.append(contentsOf: Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
      return (text, ordered)
    } catch {
      throw .unwritable(
        tensor: "__metadata__",
        reason: "the header cannot be made: \(error.localizedDescription)"
      )
    }
  }

  /// Writes the file under a temporary name beside `url`, then renames it.
  public func write(to url: URL) throws(NetworkError) {
    let (header, tensors) = try layout()
    let temporary = url.deletingLastPathComponent()
      .appending(path: ".\(url.lastPathComponent).partial-\(UUID().uuidString.prefix(8))")
    guard FileManager.default.createFile(atPath: temporary.path, contents: nil),
      let file = FileHandle(forWritingAtPath: temporary.path)
    else { throw .notWritable(file: url.relativePath, reason: "its folder cannot be written to") }
    do {
      try file.write(contentsOf: withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) })
      try file.write(contentsOf: header)
      for tensor in tensors { try file.write(contentsOf: tensor.bytes) }
      try file.synchronize()
      try file.close()
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw .notWritable(file: url.relativePath, reason: "the disk may be full")
    }
    guard rename(temporary.path, url.path) == 0 else {
      let reason = String(cString: strerror(errno))
      try? FileManager.default.removeItem(at: temporary)
      throw .notWritable(file: url.relativePath, reason: reason)
    }
  }
}
