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
  /// The number of codes.
  let count: Int
  private let reader: ArrayReader
  private let path: String
  private let bitWidth: Int
  private var position = 0

  /// Opens a file; without a count it has as many codes as are whole.
  init(_ path: String, info: FormatInfo, count: Int?) throws {
    guard PackedCodes.bitWidths.contains(info.bitWidth) else {
      throw PackedCodeError.tooWide(format: info.name, bitWidth: info.bitWidth)
    }
    guard !path.hasSuffix(".npy") else { throw PackedCodeError.arrayFile(path: path) }
    reader = try ArrayReader(path, types: [.code8])
    self.path = path
    bitWidth = info.bitWidth
    let size = reader.count
    // Bytes and rest apart: eight times a size need not be an Int.
    self.count = count ?? size / bitWidth * 8 + size % bitWidth * 8 / bitWidth
    guard PackedCodes.byteCount(of: self.count, bitWidth: bitWidth) == size else {
      throw PackedCodeError.wrongSize(path: path, size: size, count: self.count, bitWidth: bitWidth)
    }
  }

  /// The next codes, one byte each; nil at the end.
  func next() throws -> [UInt8]? {
    let pieceCount = min(conversionChunk, count - position)
    guard pieceCount > 0, let size = PackedCodes.byteCount(of: pieceCount, bitWidth: bitWidth),
      let data = try reader.next(size)
    else { return nil }
    guard let codes = PackedCodes(bytes: [UInt8](data), count: pieceCount, bitWidth: bitWidth) else {
      throw PackedCodeError.bitsAfterEnd(path: path, count: count, bitWidth: bitWidth)
    }
    position += pieceCount
    return codes.unpacked()
  }
}
