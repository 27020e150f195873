import Binade
import Foundation

/// A file of codes of one format, read in pieces; every code is checked to be one.
final class CodeReader {
  /// Codes that will be read; nil where it shows only at the end.
  let count: Int?
  /// The shape of the array; nil where it shows only at the end.
  let shape: [Int]?
  private let reader: ArrayReader
  let path: String
  let format: any NumericFormat
  private var position = 0
  private let isRepeated: Bool
  private var only: [UInt32]?

  /// Opens a file.
  ///
  /// `limit`: the codes that are read at most. `isOperand`: ``count`` must be known, also of a stream, and a file of one
  /// element gives it every time.
  init(_ path: String, format: any NumericFormat, limit: Int? = nil, isOperand: Bool = false) throws {
    reader = try ArrayReader(
      path,
      types: [ElementType.code(bitWidth: format.bitWidth)],
      limit: limit,
      isReadTwice: isOperand
    )
    self.path = reader.name
    self.format = format
    isRepeated = isOperand
    count = reader.count
    shape = reader.shape
  }

  /// The next codes, at most `limit`; empty at the end.
  func next(_ limit: Int) throws -> [UInt32] {
    if let only { return only }
    guard let data = try reader.next(limit) else { return [] }
    let type = reader.type
    let codes = data.withUnsafeBytes { bytes in
      (0..<data.count / type.size).map { Self.code(bytes, $0, type) }
    }
    for (index, code) in codes.enumerated() where UInt64(code) >> UInt64(format.bitWidth) != 0 {
      throw ConversionError.codeOutOfRange(
        path: path,
        format: format.name,
        index: position + index,
        code: code,
        bitWidth: format.bitWidth
      )
    }
    position += codes.count
    if count == 1, isRepeated { only = codes }
    return codes
  }

  private static func code(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ type: ElementType)
    -> UInt32
  {
    switch type {
    case .code8: UInt32(bytes[index])
    case .code16:
      UInt32(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
    default: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
    }
  }
}

extension ArrayWriter {
  /// Appends codes in the width of `type`.
  func append(codes: [UInt32], as type: ElementType) throws {
    switch type {
    case .code8: try codes.map { UInt8(truncatingIfNeeded: $0) }.withUnsafeBytes { try append($0) }
    case .code16: try codes.map { UInt16(truncatingIfNeeded: $0) }.withUnsafeBytes { try append($0) }
    default: try codes.withUnsafeBytes { try append($0) }
    }
  }
}
