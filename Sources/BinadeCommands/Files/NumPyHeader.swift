/// The header of a `.npy` file: which elements in which order, and how many.
///
/// - Source: NumPy Enhancement Proposal 1, A Simple File Format for NumPy Arrays; versions 1.0 to 3.0.
package struct NumPyHeader: Equatable, Sendable {
  /// The type of the elements in NumPy's notation, such as `<f4`.
  package let type: String
  package let shape: [Int]
  /// Whether the first index runs fastest, not the last.
  package let isFortranOrder: Bool
  /// Elements: the product of the shape.
  package let count: Int
  /// Bytes before the data.
  package let length: Int

  /// The bytes that every file begins with.
  package static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Bytes that tell the length of the header.
  package static let prefixLength = 12
  /// The longest header that is read; NumPy itself writes a few hundred bytes.
  private static let greatestLength = 1 << 20

  /// Parses the header at the start of a file's bytes; the data may follow or not.
  package init(parsing bytes: some RandomAccessCollection<UInt8>) throws(NumPyHeaderError) {
    let length = try Self.length(prefix: Array(bytes.prefix(Self.prefixLength)))
    let header = bytes.prefix(length)
    guard header.count == length else { throw .truncated }
    let start = Self.start(version: header[header.index(header.startIndex, offsetBy: 6)])
    let literal: PythonLiteral
    do throws(PythonLiteralError) {
      literal = try PythonLiteral(parsing: header.dropFirst(start))
    } catch {
      throw .noLiteral(error)
    }
    guard case .dictionary(let entries) = literal else { throw .noDictionary(found: literal.kind) }
    let keys = ["descr", "fortran_order", "shape"]
    for (index, entry) in entries.enumerated() {
      guard keys.contains(entry.key) else { throw .unknownKey(entry.key) }
      guard !entries[..<index].contains(where: { $0.key == entry.key }) else { throw .repeatedKey(entry.key) }
    }
    func value(_ key: String) throws(NumPyHeaderError) -> PythonLiteral {
      guard let entry = entries.first(where: { $0.key == key }) else { throw .missingKey(key) }
      return entry.value
    }
    switch try value("descr") {
    case .string(let name): type = name
    case .list: throw .records
    case let other: throw .wrongKind(key: "descr", expected: "a string", found: other.kind)
    }
    guard case .boolean(let isFortranOrder) = try value("fortran_order") else {
      throw .wrongKind(
        key: "fortran_order",
        expected: "True or False",
        found: try value("fortran_order").kind
      )
    }
    guard case .tuple(let extents) = try value("shape") else {
      throw .wrongKind(key: "shape", expected: "a tuple of integers", found: try value("shape").kind)
    }
    self.isFortranOrder = isFortranOrder
    self.length = length
    shape = try Self.shape(extents)
    count = try Self.count(shape)
  }

  /// The length of the whole header, from the first 12 bytes of a file.
  package static func length(prefix: [UInt8]) throws(NumPyHeaderError) -> Int {
    guard prefix.starts(with: magic) else { throw .noMagic }
    guard prefix.count >= 10 else { throw .truncated }
    guard (1...3).contains(prefix[6]) else { throw .unknownVersion(Int(prefix[6])) }
    let start = start(version: prefix[6])
    guard prefix.count >= start else { throw .truncated }
    let length = prefix[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= greatestLength else { throw .tooLong(length) }
    return start + length
  }

  /// Where the dictionary begins: behind a length of two bytes in version 1, of four afterwards.
  private static func start(version: UInt8) -> Int { version == 1 ? 10 : 12 }

  private static func shape(_ extents: [PythonLiteral]) throws(NumPyHeaderError) -> [Int] {
    guard extents.count <= 64 else { throw .tooManyDimensions(extents.count) }
    var shape: [Int] = []
    for extent in extents {
      let expected = "a tuple of integers from 0 up"
      guard case .integer(let value) = extent else {
        throw .wrongKind(key: "shape", expected: expected, found: "\(extent.kind) in it")
      }
      guard value >= 0 else { throw .wrongKind(key: "shape", expected: expected, found: "\(value)") }
      shape.append(value)
    }
    return shape
  }

  private static func count(_ shape: [Int]) throws(NumPyHeaderError) -> Int {
    if shape.contains(0) { return 0 }
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      // So many elements of 8 bytes still have a size that is an Int.
      guard !overflow, product < 1 << 56 else { throw .tooLarge(shape) }
      count = product
    }
    return count
  }

  /// A header of version 1.0 in C order, padded to a multiple of 64 bytes and to at least `length`.
  package static func bytes(type: String, shape: [Int], length: Int = 0) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
    while (10 + text.count + 1) % 64 != 0 || 10 + text.count + 1 < length { text.append(0x20) }
    text.append(0x0A)
    return magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
  }
}

/// Why bytes are no header of a `.npy` file.
package enum NumPyHeaderError: Error, Equatable, CustomStringConvertible {
  case noMagic
  case truncated
  case unknownVersion(Int)
  case tooLong(Int)
  case noLiteral(PythonLiteralError)
  case noDictionary(found: String)
  case unknownKey(String)
  case repeatedKey(String)
  case missingKey(String)
  case records
  case wrongKind(key: String, expected: String, found: String)
  case tooManyDimensions(Int)
  case tooLarge([Int])

  package var description: String {
    switch self {
    case .noMagic: "no .npy file: the magic string is missing"
    case .truncated: "the header is truncated"
    case .unknownVersion(let version): "version \(version) of the .npy format; 1 to 3 are understood"
    case .tooLong(let length): "the header claims \(length) bytes"
    case .noLiteral(let error): "the header is no Python literal: \(error)"
    case .noDictionary(let found): "the header must be a dictionary, found \(found)"
    case .unknownKey(let key):
      "the header has the key '\(key.prefix(40))'; 'descr', 'fortran_order' and 'shape' are allowed"
    case .repeatedKey(let key): "the header has the key '\(key)' twice"
    case .missingKey(let key): "the header needs 'descr', 'fortran_order' and 'shape'; '\(key)' is missing"
    case .records: "the elements are records of several fields; save one field as an array"
    case .wrongKind(let key, let expected, let found):
      "'\(key)' in the header must be \(expected), found \(found)"
    case .tooManyDimensions(let count): "the shape has \(count) dimensions; 64 are allowed"
    case .tooLarge(let shape): "the shape \(shape) is too large"
    }
  }
}
