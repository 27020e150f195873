import Binade
import Foundation

/// Why a file of packed codes cannot be read.
enum PackedCodeError: Error, Equatable, CustomStringConvertible {
  case tooWide(format: String, bitWidth: Int)
  case arrayFile(path: String)
  case wrongSize(path: String, size: Int, count: Int, bitWidth: Int)
  case bitsAfterEnd(path: String, count: Int, bitWidth: Int)

  var description: String {
    switch self {
    case .tooWide(let format, let bitWidth):
      "--packed is for codes of up to 8 bits; those of '\(format)' have \(bitWidth): decode without it"
    case .arrayFile(let path):
      "\(path): packed codes are a raw bit stream, and .npy holds none; decode without --packed"
    case .wrongSize(let path, let size, let count, let bitWidth):
      "\(path): \(size) bytes, and \(count) codes of \(bitWidth) bits take "
        + (PackedCodes.byteCount(of: count, bitWidth: bitWidth).map { "\($0)" } ?? "more than a file can have")
        + "; give the --count that was encoded"
    case .bitsAfterEnd(let path, let count, let bitWidth):
      "\(path): bits are set after the last of \(count) codes of \(bitWidth) bits; a wrong --count or format?"
    }
  }
}

/// A file of packed codes, read in pieces.
final class PackedCodeReader {
  /// The number of codes; nil where it shows only at the end.
  let count: Int?
  private let reader: ArrayReader
  private let path: String
  private let bitWidth: Int
  private let limit: Int?
  private var position = 0

  /// Opens a file; without a count it has as many codes as are whole.
  ///
  /// `limit`: the codes that are read at most.
  init(_ path: String, info: FormatInfo, count: Int?, limit: Int? = nil) throws {
    guard PackedCodes.bitWidths.contains(info.bitWidth) else {
      throw PackedCodeError.tooWide(format: info.name, bitWidth: info.bitWidth)
    }
    guard !path.hasSuffix(".npy") else { throw PackedCodeError.arrayFile(path: path) }
    bitWidth = info.bitWidth
    self.limit = limit
    let byteLimit = limit.flatMap { PackedCodes.byteCount(of: $0, bitWidth: info.bitWidth) }
    reader = try ArrayReader(path, types: [.code8], limit: byteLimit)
    self.path = reader.name
    guard let size = reader.count else {
      self.count = [count, limit].compactMap { $0 }.min()
      return
    }
    // Bytes and rest apart: eight times a size need not be an Int.
    let whole = count ?? size / bitWidth * 8 + size % bitWidth * 8 / bitWidth
    let isCut = byteLimit == size
    guard isCut || PackedCodes.byteCount(of: whole, bitWidth: bitWidth) == size else {
      throw PackedCodeError.wrongSize(path: path, size: size, count: whole, bitWidth: bitWidth)
    }
    self.count = min(whole, limit ?? .max)
  }

  /// The next codes, one byte each; nil at the end.
  func next() throws -> [UInt8]? {
    let wanted = min(conversionChunk, (count ?? .max) - position)
    guard wanted > 0, let size = PackedCodes.byteCount(of: wanted, bitWidth: bitWidth),
      let data = try reader.next(size)
    else { return nil }
    // A stream may end anywhere: then all codes that are whole count.
    let pieceCount = data.count == size ? wanted : data.count * 8 / bitWidth
    if let count, pieceCount < wanted {
      throw ArrayFileError.cut(path: path, found: position + pieceCount, expected: count)
    }
    var bytes = [UInt8](data)
    // Where --limit ends within a byte, the rest of it belongs to codes that are not read.
    let usedBits = pieceCount % 8 * bitWidth % 8
    if position + pieceCount == limit, usedBits > 0, let last = bytes.indices.last {
      bytes[last] &= UInt8(1 << usedBits - 1)
    }
    guard let codes = PackedCodes(bytes: bytes, count: pieceCount, bitWidth: bitWidth) else {
      throw PackedCodeError.bitsAfterEnd(path: path, count: position + pieceCount, bitWidth: bitWidth)
    }
    position += pieceCount
    return codes.unpacked()
  }
}
