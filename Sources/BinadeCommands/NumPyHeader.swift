import Foundation

/// The header of a `.npy` file.
///
/// - Source: NumPy Enhancement Proposal 1, A Simple File Format for NumPy Arrays.
struct NumPyHeader {
  let type: String
  let shape: [Int]
  /// Elements: the product of the shape.
  let count: Int
  /// Bytes before the data.
  let length: Int

  /// Reads the header at the start of a file; the data follow.
  init(reading handle: FileHandle, path: String) throws {
    func malformed(_ reason: String) -> ArrayFileError { .malformed(path: path, reason: reason) }
    let start = [UInt8](try handle.read(upToCount: 8) ?? Data())
    guard start.count == 8, Array(start[0..<6]) == [0x93] + Array("NUMPY".utf8) else {
      throw malformed("no .npy file: the magic string is missing")
    }
    let lengthSize = start[6] == 1 ? 2 : 4
    guard (1...3).contains(start[6]) else {
      throw malformed("version \(start[6]) of the .npy format; 1 to 3 are understood")
    }
    let lengthBytes = [UInt8](try handle.read(upToCount: lengthSize) ?? Data())
    guard lengthBytes.count == lengthSize else { throw malformed("the header is truncated") }
    let headerLength = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard headerLength <= 1 << 20 else { throw malformed("the header claims \(headerLength) bytes") }
    let header = try handle.read(upToCount: headerLength) ?? Data()
    guard header.count == headerLength, let text = String(data: header, encoding: .utf8) else {
      throw malformed("the header is truncated")
    }
    guard let type = Self.quoted("descr", in: text), let shape = Self.shape(in: text) else {
      throw malformed("the header needs 'descr' and 'shape'")
    }
    guard !text.contains("'fortran_order': True") else {
      throw malformed("the array is in Fortran order; save it with numpy.ascontiguousarray")
    }
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product < 1 << 56 else { throw malformed("the shape \(shape) is too large") }
      count = product
    }
    self.type = type
    self.shape = shape
    self.count = count
    length = 8 + lengthSize + headerLength
  }

  /// A header of version 1.0, padded to a multiple of 64 bytes.
  static func bytes(type: String, shape: [Int]) -> Data {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }"
    while (10 + text.utf8.count + 1) % 64 != 0 { text += " " }
    text += "\n"
    let length = text.utf8.count
    return Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)])
      + Data(text.utf8)
  }

  private static func quoted(_ key: String, in text: String) -> String? {
    guard let start = text.range(of: "'\(key)': '") else { return nil }
    return text[start.upperBound...].split(separator: "'").first.map(String.init)
  }

  private static func shape(in text: String) -> [Int]? {
    guard let start = text.range(of: "'shape': ("),
      let end = text[start.upperBound...].firstIndex(of: ")")
    else { return nil }
    let parts = text[start.upperBound..<end].split(separator: ",")
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    let extents = parts.compactMap { Int($0) }
    return extents.count == parts.count && extents.count <= 64 && extents.allSatisfy { $0 >= 0 }
      ? extents : nil
  }
}
