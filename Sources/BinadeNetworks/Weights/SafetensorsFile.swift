import BinadeNumerics
import BinadeTensor
import Foundation

/// A safetensors file: 8 bytes of header length, a JSON header, then the tensors.
///
/// Everything in the header is checked before any tensor is touched; tensors are read when they are asked for. A type
/// that is not known bars its own tensor only.
///
/// - Source: huggingface/safetensors, README, "Format".
public struct SafetensorsFile: Sendable {
  private struct Entry: Sendable {
    let typeName: String
    let shape: Shape
    let bytes: Range<Int>

    var type: SafetensorsType? { SafetensorsType(rawValue: typeName) }
  }

  /// What messages call the file.
  public let name: String
  /// The free-form strings of the header.
  public let metadata: [String: String]
  private let file: OpenFile
  private let entries: [String: Entry]

  /// Headers above this size are refused, as the format's own reader does.
  private static let greatestHeaderSize = 100_000_000

  /// Opens a file and checks its header.
  public init(contentsOf url: URL) throws(NetworkError) {
    let file = try OpenFile(url)
    self.file = file
    name = file.name
    func malformed(_ reason: String) -> NetworkError { .malformed(file: file.name, reason: reason) }
    if let kind = ForeignModelKind(of: try file.read(0..<min(file.size, 64)), size: file.size) {
      throw .foreignModel(file: file.name, kind: kind)
    }
    guard file.size >= 8 else { throw malformed("\(file.size) bytes; a safetensors file has at least 8") }
    let length = try file.read(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= Self.greatestHeaderSize, 8 + Int(length) <= file.size else {
      throw malformed(
        "the header claims \(length) bytes, the file has \(file.size); truncated, or no safetensors file"
      )
    }
    let body = 8 + Int(length)
    let header: SafetensorsHeader
    do {
      header = try SafetensorsHeader(try file.read(8..<body))
    } catch let error as NetworkError {
      throw error
    } catch let fault as JSONScanner.Fault {
      throw malformed(
        fault.reason == SafetensorsHeader.notAnObject
          ? "the header is not a JSON object" : "the header, at byte \(8 + fault.position): \(fault.reason)"
      )
    } catch {
      throw malformed("the header cannot be read")
    }
    var entries: [String: Entry] = [:]
    entries.reserveCapacity(header.entries.count)
    for (tensor, entry) in header.entries {
      entries[tensor] = try Self.checked(
        entry,
        tensor,
        file: file.name,
        body: body,
        bodySize: file.size - body
      )
    }
    try Self.requireDisjoint(entries, file: file.name)
    self.entries = entries
    metadata = header.metadata
  }

  /// The names of all tensors, sorted.
  public var tensorNames: [String] { entries.keys.sorted() }

  /// Whether there is a tensor of this name.
  public func contains(_ tensor: String) -> Bool { entries[tensor] != nil }

  /// The shape of a tensor; nil when there is none of this name.
  public func shape(of tensor: String) -> Shape? { entries[tensor]?.shape }

  /// The type of a tensor as the file spells it; nil when there is none of this name.
  public func typeName(of tensor: String) -> String? { entries[tensor]?.typeName }

  /// Returns the bytes of a tensor as they stand in the file; of types that are not known, too.
  public func bytes(of tensor: String) throws(NetworkError) -> [UInt8] {
    try file.read(try entry(of: tensor).bytes)
  }

  /// Returns a tensor as Float32.
  ///
  /// Every type but C64 is understood; F64 and integers are rounded to the nearest Float32, the others are exact.
  ///
  /// - Source: ``SafetensorsType``.
  public func tensor(_ tensor: String) throws(NetworkError) -> Tensor {
    let entry = try entry(of: tensor)
    let unusable = NetworkError.unusableType(file: name, tensor: tensor, type: entry.typeName)
    guard let type = entry.type else { throw unusable }
    let bytes = try file.read(entry.bytes)
    let values: [Float]?
    do {
      values = try SafetensorsElements(type: type).values(of: bytes, count: entry.shape.count)
    } catch {
      throw .malformed(file: name, reason: "tensor '\(PrintableText.excerpt(tensor))': \(error)")
    }
    guard let values else { throw unusable }
    return Tensor(shape: entry.shape, values: values)
  }

  private func entry(of tensor: String) throws(NetworkError) -> Entry {
    guard let entry = entries[tensor] else {
      throw .missingTensor(
        file: name,
        name: tensor,
        nearest: NameSuggestion.nearest(to: tensor, among: tensorNames)
      )
    }
    return entry
  }

  private static func checked(
    _ entry: SafetensorsHeader.Entry,
    _ tensor: String,
    file: String,
    body: Int,
    bodySize: Int
  ) throws(NetworkError) -> Entry {
    func malformed(_ reason: String) -> NetworkError {
      .malformed(file: file, reason: "tensor '\(PrintableText.excerpt(tensor))': \(reason)")
    }
    let (start, end) = (entry.offsets[0], entry.offsets[1])
    guard let shape = Shape(checking: entry.extents) else {
      throw malformed("\(PrintableText.excerpt(entry.extents)) is not a shape")
    }
    guard start >= 0, start <= end, end <= bodySize else {
      throw malformed("bytes \(start) to \(end) lie outside the \(bodySize) bytes of data; truncated?")
    }
    let checked = Entry(typeName: entry.type, shape: shape, bytes: body + start..<body + end)
    // How many bytes elements of another type take is not known: it cannot be checked, nor read.
    guard let type = checked.type else { return checked }
    let size = type.byteCount(of: shape.count)
    guard size == end - start else {
      throw malformed(
        "\(end - start) bytes for \(shape) elements of type \(type.rawValue), which take "
          + (size.map { "\($0)" } ?? "no whole number of bytes, or more than fit")
      )
    }
    return checked
  }

  private static func requireDisjoint(_ entries: [String: Entry], file: String)
    throws(NetworkError)
  {
    let ordered = entries.filter { !$0.value.bytes.isEmpty }
      .sorted { ($0.value.bytes.lowerBound, $0.key) < ($1.value.bytes.lowerBound, $1.key) }
    for (one, two) in zip(ordered, ordered.dropFirst())
    where one.value.bytes.upperBound > two.value.bytes.lowerBound {
      let names = [one.key, two.key].map { "'\(PrintableText.excerpt($0))'" }.joined(separator: " and ")
      throw .malformed(file: file, reason: "tensors \(names) overlap")
    }
  }
}
