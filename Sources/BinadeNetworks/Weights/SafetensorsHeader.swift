/// The JSON header of a safetensors file, as it stands there; nothing is checked against the data yet.
///
/// - Source: huggingface/safetensors, README, "Format".
struct SafetensorsHeader {
  /// What the header says of one tensor.
  struct Entry {
    var type: String
    var extents: [Int]
    var offsets: [Int]
  }

  private(set) var metadata: [String: String] = [:]
  private(set) var entries: [String: Entry] = [:]

  /// More tensors than that are no network that exists: the greatest ones have about 100,000.
  static let greatestTensorCount = 200_000
  /// Bytes of a tensor's name.
  static let greatestNameLength = 1024
  /// Dimensions of a tensor.
  static let greatestRank = 32
  /// Strings in the metadata.
  private static let greatestMetadataCount = 10_000

  /// Reads a header.
  ///
  /// - Complexity: O(n) for n bytes; memory for the entries only.
  init(_ bytes: [UInt8]) throws(JSONScanner.Fault) {
    var scanner = JSONScanner(bytes)
    guard scanner.peek() == UInt8(ascii: "{") else { throw scanner.fault(Self.notAnObject) }
    var header = (metadata: [String: String](), entries: [String: Entry]())
    try scanner.object(keyLimit: Self.greatestNameLength) { (scanner, name) throws(JSONScanner.Fault) in
      if name == "__metadata__" {
        header.metadata = try Self.metadata(&scanner)
      } else {
        guard header.entries.count < Self.greatestTensorCount else {
          throw scanner.fault("more than \(Self.greatestTensorCount) tensors")
        }
        let entry = try Self.entry(&scanner)
        guard header.entries.updateValue(entry, forKey: name) == nil else {
          throw scanner.fault("two tensors of one name")
        }
      }
    }
    guard scanner.peek() == nil else { throw scanner.fault("something after the end") }
    (metadata, entries) = header
  }

  /// What the message says when a header is no header at all.
  static let notAnObject = "not a JSON object"

  private static func metadata(_ scanner: inout JSONScanner) throws(JSONScanner.Fault) -> [String: String] {
    var found: [String: String] = [:]
    try scanner.object(keyLimit: greatestNameLength) { (scanner, key) throws(JSONScanner.Fault) in
      guard scanner.peek() == UInt8(ascii: "\"") else {
        // Strings only, says the format; other values cannot be what Binade looks for.
        return try scanner.skipValue()
      }
      guard found.count < greatestMetadataCount else {
        throw scanner.fault("more than \(greatestMetadataCount) strings of metadata")
      }
      found[key] = try scanner.string(limit: .max)
    }
    return found
  }

  private static func entry(_ scanner: inout JSONScanner) throws(JSONScanner.Fault) -> Entry {
    let needed = "a tensor needs 'dtype', 'shape' and two 'data_offsets'"
    guard scanner.peek() == UInt8(ascii: "{") else { throw scanner.fault(needed) }
    var (type, shape, offsets): (String?, [Int]?, [Int]?) = (nil, nil, nil)
    try scanner.object(keyLimit: greatestNameLength) { (scanner, key) throws(JSONScanner.Fault) in
      switch key {
      case "dtype": type = try scanner.string(limit: 64)
      case "shape": shape = try integers(&scanner, limit: greatestRank)
      case "data_offsets": offsets = try integers(&scanner, limit: 2)
      default: try scanner.skipValue()
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else { throw scanner.fault(needed) }
    return Entry(type: type, extents: shape, offsets: offsets)
  }

  private static func integers(_ scanner: inout JSONScanner, limit: Int) throws(JSONScanner.Fault) -> [Int] {
    var found: [Int] = []
    try scanner.array { (scanner) throws(JSONScanner.Fault) in
      guard found.count < limit else { throw scanner.fault("more than \(limit) numbers in a list") }
      found.append(try scanner.integer())
    }
    return found
  }
}
