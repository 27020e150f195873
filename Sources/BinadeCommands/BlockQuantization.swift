import Binade
import Foundation

/// Rounds a file to the values of a block format: blocks lie along the last axis, a raw file is one row.
struct BlockQuantization {
  let codec: BlockCodec
  let input: String
  let output: String

  /// Reads the file once, or twice when rows or the tensor have a scale of their own.
  func run() throws {
    let outer = try outerScales()
    let rows = try RowReader(input, blockLength: codec.format.blockLength)
    let writer = try ArrayWriter(output, apartFrom: [input], type: .float32, shape: rows.shape)
    let bar = ProgressBar(total: rows.count, label: "quantizing")
    defer { bar.finish() }
    while let piece = try rows.next() {
      var values = piece.values
      values.withUnsafeMutableBufferPointer { buffer in
        for (index, part) in piece.rows.enumerated() {
          let row = UnsafeMutableBufferPointer(rebasing: buffer[part])
          guard let base = row.baseAddress else { continue }
          codec.roundTrip(
            UnsafeBufferPointer(row),
            into: base,
            outerScale: outer.scale(ofRow: piece.firstRow + index)
          )
        }
      }
      try values.withUnsafeBytes { try writer.append($0) }
      bar.advance(values.count)
    }
    try writer.finish()
  }

  /// The scales above those of the blocks.
  private enum OuterScales {
    case same(Float)
    case perRow([Float])

    func scale(ofRow row: Int) -> Float {
      switch self {
      case .same(let scale): scale
      case .perRow(let scales): scales[row]
      }
    }
  }

  private func outerScales() throws -> OuterScales {
    let level = codec.format.scale.outer
    guard level != .none else { return .same(1) }
    let rows = try RowReader(input, blockLength: codec.format.blockLength)
    let bar = ProgressBar(total: rows.count, label: "finding scales")
    defer { bar.finish() }
    var greatest: [Float] = []
    while let piece = try rows.next() {
      piece.values.withUnsafeBufferPointer { buffer in
        for (index, part) in piece.rows.enumerated() {
          let magnitude = codec.greatestMagnitude(of: UnsafeBufferPointer(rebasing: buffer[part]))
          let row = level == .tensor ? 0 : piece.firstRow + index
          if row < greatest.count {
            greatest[row] = Self.greater(greatest[row], magnitude)
          } else {
            greatest.append(magnitude)
          }
        }
      }
      bar.advance(piece.values.count)
    }
    let scales = greatest.map { codec.outerScale(greatestMagnitude: $0) }
    return level == .tensor ? .same(scales.first ?? 1) : .perRow(scales)
  }

  /// The greater one; NaN stays.
  private static func greater(_ a: Float, _ b: Float) -> Float {
    a.isNaN || b.isNaN ? .nan : max(a, b)
  }
}

/// A file in pieces that no block straddles: several rows, or a part of one.
final class RowReader {
  /// Some elements of the file.
  struct Piece {
    /// The row that the piece begins in.
    let firstRow: Int
    let values: [Float]
    /// The part of `values` that belongs to each row.
    let rows: [Range<Int>]
  }

  let shape: [Int]
  let count: Int
  private let reader: ArrayReader
  private let rowLength: Int
  private let pieceLength: Int
  private var position = 0

  init(_ path: String, blockLength: Int) throws {
    reader = try ArrayReader(path, types: [.float32])
    shape = reader.shape
    count = reader.count
    rowLength = max(1, shape.last ?? 1)
    let unit = rowLength <= conversionChunk ? rowLength : blockLength
    pieceLength = max(1, conversionChunk / unit) * unit
  }

  /// The next piece; nil at the end.
  func next() throws -> Piece? {
    let rest = rowLength - position % rowLength
    guard let data = try reader.next(rowLength <= pieceLength ? pieceLength : min(rest, pieceLength))
    else { return nil }
    let values = ArrayReader.floats(data, as: Float.self)
    let firstRow = position / rowLength
    let rows = stride(from: 0, to: values.count, by: rowLength).map {
      $0..<min($0 + rowLength, values.count)
    }
    position += values.count
    return Piece(firstRow: firstRow, values: values, rows: rows)
  }
}
