import BinadeNumerics
import BinadeTensor
import Foundation

/// Collects tensors and writes them as one safetensors file.
///
/// The file is the one, byte for byte, that the format's own writer makes of the same tensors: metadata, then tensors
/// by type, the last of ``SafetensorsType`` first, then by name, so that every element is aligned; spaces pad the header
/// to a multiple of 8 bytes. (Several strings of metadata stand by name here, in no order there.)
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
  private func layout() -> (header: Data, tensors: [Entry]) {
    let places = Dictionary(uniqueKeysWithValues: zip(SafetensorsType.allCases, 0...))
    let ordered = entries.values.sorted {
      $0.type != $1.type
        ? places[$0.type, default: 0] > places[$1.type, default: 0]
        : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    var members: [String] = []
    if !metadata.isEmpty {
      let strings = metadata.sorted { $0.key < $1.key }.map {
        "\(Self.quoted($0.key)):\(Self.quoted($0.value))"
      }
      members.append("\"__metadata__\":{\(strings.joined(separator: ","))}")
    }
    var end = 0
    for entry in ordered {
      let start = end
      end += entry.bytes.count
      let extents = entry.shape.extents.map(String.init).joined(separator: ",")
      members.append(
        "\(Self.quoted(entry.name)):{\"dtype\":\"\(entry.type.rawValue)\",\"shape\":[\(extents)],"
          + "\"data_offsets\":[\(start),\(end)]}"
      )
    }
    var text = Data("{\(members.joined(separator: ","))}".utf8)
    text.append(contentsOf: Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
    return (text, ordered)
  }

  /// A string of JSON: only what must be escaped is.
  private static func quoted(_ text: String) -> String {
    let short: [Unicode.Scalar: String] = [
      "\"": "\\\"", "\\": "\\\\", "\u{8}": "\\b", "\t": "\\t", "\n": "\\n", "\u{C}": "\\f", "\r": "\\r",
    ]
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if let escape = short[scalar] {
        quoted += escape
      } else if scalar.value < 0x20 {
        quoted += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
      } else {
        quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  /// Writes the file under a temporary name beside `url`, then renames it.
  public func write(to url: URL) throws(NetworkError) {
    let (header, tensors) = layout()
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
    // The new name is safe on the disk once its folder is.
    let folder = open(url.deletingLastPathComponent().path, O_RDONLY)
    guard folder >= 0 else { return }
    _ = fsync(folder)
    close(folder)
  }
}
