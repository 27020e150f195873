import BinadeNumerics
import BinadeTensor
import Foundation

/// A safetensors file: 8 bytes of header length, a JSON header, then the tensors.
///
/// The file is mapped, and everything in the header is checked before any tensor is touched.
///
/// - Source: huggingface/safetensors, README, "Format".
public struct SafetensorsFile: Sendable {
  private struct Entry: Sendable {
    let type: String
    let shape: Shape
    let bytes: Range<Int>
  }

  /// What messages call the file.
  public let name: String
  /// The free-form strings of the header.
  public let metadata: [String: String]
  private let data: Data
  private let entries: [String: Entry]

  /// Headers above this size are refused, as the format's own reader does.
  private static let greatestHeaderSize = 100_000_000

  /// Opens a file and checks its header.
  public init(contentsOf url: URL) throws(NetworkError) {
    name = url.relativePath
    data = try FileBytes.map(url)
    let file = name
    func malformed(_ reason: String) -> NetworkError { .malformed(file: file, reason: reason) }
    guard data.count >= 8 else { throw malformed("\(data.count) bytes; a safetensors file has at least 8") }
    let length = data.littleEndian(UInt64.self, at: 0)
    guard length <= Self.greatestHeaderSize, 8 + Int(length) <= data.count else {
      throw malformed(
        "the header claims \(length) bytes, the file has \(data.count); truncated, or no safetensors file"
      )
    }
    let body = 8 + Int(length)
    guard
      let header = try? JSONSerialization.jsonObject(with: data.subdata(in: 8..<body))
        as? [String: Any]
    else { throw malformed("the header is not a JSON object") }
    var entries: [String: Entry] = [:]
    for (tensor, value) in header where tensor != "__metadata__" {
      entries[tensor] = try Self.entry(
        tensor,
        value,
        file: file,
        body: body,
        bodySize: data.count - body
      )
    }
    try Self.requireDisjoint(entries, file: file)
    self.entries = entries
    metadata = (header["__metadata__"] as? [String: String]) ?? [:]
  }

  /// The names of all tensors, sorted.
  public var tensorNames: [String] { entries.keys.sorted() }

  /// Whether there is a tensor of this name.
  public func contains(_ tensor: String) -> Bool { entries[tensor] != nil }

  /// The shape of a tensor; nil when there is none of this name.
  public func shape(of tensor: String) -> Shape? { entries[tensor]?.shape }

  /// Returns a tensor as Float32; F16, BF16 and F64 are converted.
  public func tensor(_ tensor: String) throws(NetworkError) -> Tensor {
    guard let entry = entries[tensor] else {
      throw .missingTensor(
        file: name,
        name: tensor,
        nearest: NameSuggestion.nearest(to: tensor, among: tensorNames)
      )
    }
    let count = entry.shape.count
    let start = entry.bytes.lowerBound
    let values: [Float]
    switch entry.type {
    case "F32":
      values = (0..<count).map {
        Float(bitPattern: data.littleEndian(UInt32.self, at: start + 4 * $0))
      }
    case "F64":
      values = (0..<count).map {
        Float(Double(bitPattern: data.littleEndian(UInt64.self, at: start + 8 * $0)))
      }
    case "BF16":
      values = (0..<count).map {
        Float(bitPattern: UInt32(data.littleEndian(UInt16.self, at: start + 2 * $0)) << 16)
      }
    case "F16":
      values = (0..<count).map {
        HalfBits.float(data.littleEndian(UInt16.self, at: start + 2 * $0))
      }
    default:
      throw .unusableType(file: name, tensor: tensor, type: entry.type)
    }
    return Tensor(shape: entry.shape, values: values)
  }

  private static let byteCounts = [
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2,
    "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
  ]

  private static func entry(
    _ tensor: String,
    _ value: Any,
    file: String,
    body: Int,
    bodySize: Int
  ) throws(NetworkError) -> Entry {
    func malformed(_ reason: String) -> NetworkError {
      .malformed(file: file, reason: "tensor '\(tensor)': \(reason)")
    }
    guard let fields = value as? [String: Any], let type = fields["dtype"] as? String,
      let extents = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int],
      offsets.count == 2
    else { throw malformed("the header needs 'dtype', 'shape' and two 'data_offsets'") }
    guard let width = byteCounts[type] else { throw malformed("unknown type \(type)") }
    guard let shape = Shape(checking: extents) else {
      throw malformed("\(extents) is not a shape")
    }
    guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= bodySize else {
      throw malformed(
        "bytes \(offsets[0]) to \(offsets[1]) lie outside the \(bodySize) bytes of data; truncated?"
      )
    }
    let (size, overflow) = shape.count.multipliedReportingOverflow(by: width)
    guard !overflow, size == offsets[1] - offsets[0] else {
      throw malformed(
        "\(offsets[1] - offsets[0]) bytes for \(shape) elements of type \(type), which take \(overflow ? "more than fit" : "\(size)")"
      )
    }
    return Entry(type: type, shape: shape, bytes: body + offsets[0]..<body + offsets[1])
  }

  private static func requireDisjoint(_ entries: [String: Entry], file: String)
    throws(NetworkError)
  {
    let ordered = entries.filter { !$0.value.bytes.isEmpty }
      .sorted { ($0.value.bytes.lowerBound, $0.key) < ($1.value.bytes.lowerBound, $1.key) }
    for (one, two) in zip(ordered, ordered.dropFirst())
    where one.value.bytes.upperBound > two.value.bytes.lowerBound {
      throw .malformed(file: file, reason: "tensors '\(one.key)' and '\(two.key)' overlap")
    }
  }
}
